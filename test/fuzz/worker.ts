// SPDX-License-Identifier: Apache-2.0
import { parentPort, workerData } from 'node:worker_threads';
import { LONGEST_INPUT_BYTES, Mailbox } from './mailbox.ts';
import { mutateBytes } from './mutate.ts';
import { Random } from './random.ts';
import { TARGETS } from './targets.ts';

/** What the main thread tells a worker. */
export interface Job {
  readonly target: string;
  readonly seed: number;
  readonly milliseconds: number;
  readonly memory: SharedArrayBuffer;
  /** Inputs that once failed; they are tried first. */
  readonly corpus: readonly Uint8Array[];
}

/** What a worker tells at its end. */
export type Outcome =
  | { readonly kind: 'passed'; readonly runs: number }
  | { readonly kind: 'failed'; readonly runs: number; readonly message: string };

/** Share of inputs that are byte mutations where a target has a generator of its own. */
const BYTES_SHARE = 0.4;

/** Beyond the known ones so many are tried at least, however slow the machine is. */
const LEAST_NEW_INPUTS = 50;

/** Tries inputs until the time is over or one fails. */
function search(job: Job): Outcome {
  const make = TARGETS[job.target];
  if (make === undefined) throw new RangeError(`no target ${job.target}`);
  const target = make();
  const mailbox = new Mailbox(job.memory);
  const random = new Random(job.seed);
  const known = [...target.seeds, ...job.corpus.map((bytes) => Buffer.from(bytes))];
  const end = performance.now() + job.milliseconds;
  for (let runs = 0; ; runs += 1) {
    if (runs >= known.length + LEAST_NEW_INPUTS && performance.now() >= end)
      return { kind: 'passed', runs };
    const input = (known[runs] ?? next()).subarray(0, LONGEST_INPUT_BYTES);
    mailbox.post(input);
    try {
      target.run(input);
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { kind: 'failed', runs, message };
    }
  }

  function next(): Buffer {
    const { generate } = target;
    return generate !== undefined && random.next() > BYTES_SHARE
      ? generate(random)
      : mutateBytes(random.pick(known), random, known);
  }
}

parentPort?.postMessage(search(workerData as Job));

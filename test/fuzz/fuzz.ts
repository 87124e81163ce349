// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Mailbox } from './mailbox.ts';
import { TARGETS } from './targets.ts';
import type { Job, Outcome } from './worker.ts';

const WORKER = new URL('./worker.ts', import.meta.url);
const CORPUS = fileURLToPath(new URL('./corpus', import.meta.url));

/** An input that takes so long hangs: ordinary ones take well under a millisecond. */
const HANG_MILLISECONDS = 15_000;
/** Until the first input: the thread reads its modules, which takes long on a busy machine. */
const START_MILLISECONDS = 120_000;
const LOOK_MILLISECONDS = 250;

/** What came of one target. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly runs: number;
  /** What went wrong, with the file that holds the input; undefined = nothing. */
  readonly problem: string | undefined;
}

/** The names of all targets. */
export const TARGET_NAMES: readonly string[] = Object.keys(TARGETS);

/**
 * Length and seed of a search: `FUZZ_SECONDS` over all targets, `FUZZ_SEED` to repeat one.
 *
 * @param fallback what holds where they are not set; the seed of a search for something new is the
 * time, that of a test is fixed, so that it fails for what was changed and not for what was drawn
 */
export function fuzzSettings(fallback: { readonly seconds: number; readonly seed: number }): {
  seconds: number;
  seed: number;
} {
  const { FUZZ_SECONDS = '', FUZZ_SEED = '' } = process.env;
  return {
    seconds: FUZZ_SECONDS === '' ? fallback.seconds : Number(FUZZ_SECONDS),
    seed: FUZZ_SEED === '' ? fallback.seed : Number(FUZZ_SEED),
  };
}

/**
 * Searches for an input that breaks a promise of one target: first the corpus, then mutations of it
 * and of the target's seeds. The input of a failure, a hang or a crash is kept in the corpus.
 */
export async function fuzz(
  target: string,
  options: { readonly seconds: number; readonly seed: number },
): Promise<Finding> {
  const mailbox = new Mailbox();
  const job: Job = {
    target,
    seed: options.seed,
    milliseconds: options.seconds * 1000,
    memory: mailbox.memory,
    corpus: corpusOf(target),
  };
  const outcome = await outcomeOf(job, mailbox);
  const { runs } = outcome;
  if (outcome.kind === 'passed') return { target, seed: options.seed, runs, problem: undefined };
  const file = mailbox.count === 0 ? 'none was tried' : keep(target, mailbox.take());
  return { target, seed: options.seed, runs, problem: `${outcome.message}\ninput: ${file}` };
}

async function outcomeOf(job: Job, mailbox: Mailbox): Promise<Outcome> {
  const worker = new Worker(WORKER, {
    workerData: job,
    // An input that eats memory ends its thread and not the machine.
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
  });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const failed = (message: string): void =>
    resolve({ kind: 'failed', runs: mailbox.count, message });
  worker.once('message', (outcome: Outcome) => resolve(outcome));
  worker.once('error', (error) => failed(`the thread died: ${String(error)}`));
  worker.once('exit', (code) => failed(`the thread ended with code ${String(code)}`));
  let last = -1;
  let since = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (mailbox.count !== last) {
      last = mailbox.count;
      since = now;
    } else if (now - since > (last === 0 ? START_MILLISECONDS : HANG_MILLISECONDS)) {
      failed(last === 0 ? 'the thread does not begin' : 'one input takes too long');
    }
  }, LOOK_MILLISECONDS);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}

function corpusOf(target: string): Buffer[] {
  const folder = join(CORPUS, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)));
}

/** Writes an input into the corpus under the hash of its bytes. */
function keep(target: string, input: Buffer): string {
  const folder = join(CORPUS, target);
  mkdirSync(folder, { recursive: true });
  const name = createHash('sha256').update(input).digest('hex').slice(0, 16);
  const file = join(folder, `${name}.bin`);
  writeFileSync(file, input);
  return file;
}

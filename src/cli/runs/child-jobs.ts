// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A line that a job's process writes for its parent. */
export type ChildMessage<Result> =
  | { readonly kind: 'progress'; readonly done: number; readonly label: string }
  | { readonly kind: 'result'; readonly result: Result };

/** How jobs are run side by side. */
export interface ChildJobOptions<Job> {
  /** Processes at once. */
  readonly processes: number;
  /** What stands behind the Node executable: entry file and words, then the job as JSON. */
  readonly command: readonly string[];
  readonly nameOf: (job: Job) => string;
  readonly onProgress: (done: number, label: string) => void;
}

/** Runs each job in a process of its own, some at once; results in the order of the jobs. */
export async function runChildJobs<Job, Result>(
  jobs: readonly Job[],
  options: ChildJobOptions<Job>,
): Promise<Result[]> {
  const children = new Set<ChildProcess>();
  const done = new Array<number>(jobs.length).fill(0);
  const results = new Map<number, Result>();
  const endChildren = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', endChildren);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < jobs.length; index = next++) {
      const job = jobs[index] as Job;
      const progress = (share: number, label: string): void => {
        done[index] = share;
        options.onProgress(done.reduce((sum, one) => sum + one, 0) / jobs.length, label);
      };
      results.set(index, await runOne<Job, Result>(job, options, children, progress));
      progress(1, `${options.nameOf(job)}: done`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.processes, jobs.length) }, worker));
  } finally {
    endChildren();
    process.off('exit', endChildren);
  }
  return jobs.map((_, index) => results.get(index) as Result);
}

/** Writes what a job's process has to say, one line of JSON each. */
export function tell<Result>(stdout: NodeJS.WritableStream, message: ChildMessage<Result>): void {
  stdout.write(`${JSON.stringify(message)}\n`);
}

async function runOne<Job, Result>(
  job: Job,
  options: ChildJobOptions<Job>,
  children: Set<ChildProcess>,
  onProgress: (done: number, label: string) => void,
): Promise<Result> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, ...options.command, JSON.stringify(job)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.add(child);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let found: { readonly result: Result } | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as ChildMessage<Result>;
    if (message.kind === 'progress') onProgress(message.done, message.label);
    else found = message;
  }
  const code = await ended;
  children.delete(child);
  if (code !== 0 || found === undefined) {
    throw new Error(`the run ${options.nameOf(job)} ended with ${String(code)}`);
  }
  return found.result;
}

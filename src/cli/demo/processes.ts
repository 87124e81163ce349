// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Job, JobMessage, JobResult } from './job.ts';

/** How jobs are run side by side. */
export interface RunOptions {
  /** Processes at once. */
  readonly processes: number;
  /** The program's own entry file, run again for each job. */
  readonly entry: string;
  readonly onProgress: (done: number, label: string) => void;
}

/** Runs each job in a process of its own, some at once; results in the order of the jobs. */
export async function runJobs(jobs: readonly Job[], options: RunOptions): Promise<JobResult[]> {
  const children = new Set<ChildProcess>();
  const done = new Array<number>(jobs.length).fill(0);
  const results = new Array<JobResult | undefined>(jobs.length).fill(undefined);
  const endChildren = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', endChildren);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < jobs.length; index = next++) {
      const job = jobs[index] as Job;
      results[index] = await runOne(job, options.entry, children, (share, label) => {
        done[index] = share;
        options.onProgress(done.reduce((sum, one) => sum + one, 0) / jobs.length, label);
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: options.processes }, worker));
  } finally {
    endChildren();
    process.off('exit', endChildren);
  }
  return results.filter((result) => result !== undefined);
}

async function runOne(
  job: Job,
  entry: string,
  children: Set<ChildProcess>,
  onProgress: (done: number, label: string) => void,
): Promise<JobResult> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, entry, 'demo', '--job', JSON.stringify(job)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.add(child);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let result: JobResult | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as JobMessage;
    if (message.kind === 'progress') onProgress(message.done, message.label);
    else result = message.result;
  }
  const code = await ended;
  children.delete(child);
  if (code !== 0 || result === undefined) {
    throw new Error(
      `the run on cluster ${job.cluster} with seed ${String(job.seed)} ended with ${String(code)}`,
    );
  }
  onProgress(1, `${job.cluster}, seed ${String(job.seed)}: done`);
  return result;
}

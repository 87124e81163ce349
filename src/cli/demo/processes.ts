// SPDX-License-Identifier: Apache-2.0
import { runChildJobs } from '#cli/runs/child-jobs.ts';
import type { Job, JobResult } from './job.ts';

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
  return runChildJobs<Job, JobResult>(jobs, {
    processes: options.processes,
    command: [options.entry, 'demo', '--job'],
    nameOf: ({ cluster, seed }) => `${cluster}, seed ${String(seed)}`,
    onProgress: options.onProgress,
  });
}

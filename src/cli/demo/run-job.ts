// SPDX-License-Identifier: Apache-2.0
import { runAgent } from './agent-run.ts';
import { summariseAudit } from './audit-summary.ts';
import type { Job, JobResult } from './job.ts';
import { measureScenario } from './scenario.ts';

/** Share of a job's time that the three scenarios without the product take, about. */
const STATIC_SHARE = 0.15;

/** Runs one job: three scenarios without the product, then the agent. */
export async function runJob(
  job: Job,
  onProgress: (done: number, label: string) => void,
): Promise<JobResult> {
  const label = `${job.cluster}, seed ${String(job.seed)}`;
  const byHand = {
    default: await measureScenario(job, 'default'),
    split: await measureScenario(job, 'split'),
    'data-pinned': await measureScenario(job, 'data-pinned'),
  };
  onProgress(STATIC_SHARE, `${label}: agent`);
  const { achievement, learning } = await runAgent(job, (done) =>
    onProgress(STATIC_SHARE + (1 - STATIC_SHARE) * done, `${label}: agent`),
  );
  return {
    job,
    scenarios: { ...byHand, agent: achievement },
    learning,
    ...summariseAudit(job.auditPath),
  };
}

// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { ActSpec } from '../acts.ts';
import { checkSchedulerAgreement } from '../checks/scheduler-agreement.ts';
import { startControlPlane } from '../control-plane.ts';
import type { Findings } from '../results.ts';

/** Lets the real kube-scheduler and the simulator's place the same Pods on the same nodes. */
export async function performAgreement(act: ActSpec): Promise<Partial<Findings>> {
  const { tools, processes, checks } = act;
  const folder = join(act.folder, 'control-plane');
  const { api } = await startControlPlane({ tools, processes, folder });
  await checkSchedulerAgreement(checks, api);
  return {};
}

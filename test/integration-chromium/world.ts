// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Experiment, ExperimentFigure, ExperimentFigures } from '#dashboard/api/api.ts';
import {
  type AgentWorld,
  DEMO_POLICY_SPEC,
  type Rollout,
  startAgentWorld,
} from '#cli/demo/agent-run.ts';
import { APPLICATION_NAMESPACE } from '#cli/demo/scenario.ts';

/** The demo's cluster with the product and its dashboard, after some rollouts. */
export interface World extends AgentWorld {
  readonly url: string;
  readonly auditPath: string;
  /** The last rollout. */
  last: Rollout;
  close(): Promise<void>;
}

/** Starts one; a share of a third is held out, so that there are savings after a few rollouts. */
export async function startWorld(rollouts: number): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'perihelion-dashboard-'));
  const auditPath = join(folder, 'audit.jsonl');
  const load = { kind: 'open', requestsPerSecond: 200 } as const;
  const job = { cluster: 'mixed', seed: 11, rollouts, load, auditPath } as const;
  const world = await startAgentWorld(job, { port: 0, experiment: EXPERIMENT });
  const stop = async (): Promise<void> => {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await world.cluster.apply({
      apiVersion: 'perihelion.dev/v1alpha1',
      kind: 'PlacementPolicy',
      metadata: { name: 'demo', namespace: APPLICATION_NAMESPACE },
      spec: { ...DEMO_POLICY_SPEC, holdoutPercent: 33 },
    });
    const revision = world.cluster.resourceVersionOf('placementpolicies', 'perihelion.dev');
    await world.product.informers.untilResourceVersion('policies', revision);
    let last: Rollout | undefined;
    for (let index = 0; index < rollouts; index += 1) last = await world.rollout();
    const url = world.product.dashboardUrl;
    if (url === undefined || last === undefined) throw new Error('the dashboard is not served');
    await world.product.audit.flush(5000);
    return { ...world, url, auditPath, last, close: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function figure(mean: number): ExperimentFigure {
  return { mean, low: mean * 0.9, high: mean * 1.1, n: 3 };
}

function figures(factor: number): ExperimentFigures {
  return {
    throughput: figure(1000 / factor),
    p99: figure(40 * factor),
    joulesPerRequest: figure(0.3 * factor),
  };
}

/** Results to show: the real ones take minutes. */
export const EXPERIMENT: Experiment = {
  startedAt: '2026-01-01T00:00:00.000Z',
  durationSeconds: 42,
  seeds: 3,
  clusters: [
    {
      name: 'seed',
      title: 'Three equal machines',
      scenarios: [
        { name: 'default', title: 'default scheduler', ...figures(1) },
        { name: 'split', title: 'data | business split', ...figures(1.3) },
        { name: 'data-pinned', title: 'data pinned', ...figures(1.2) },
        { name: 'agent', title: 'the agent', ...figures(0.8) },
      ],
      agentToDefault: { throughput: figure(1.2), p99: figure(0.8), joulesPerRequest: figure(0.8) },
      learning: [figures(1.1), figures(1), figures(0.9), figures(0.8)],
    },
  ],
};

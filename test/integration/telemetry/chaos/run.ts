// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { TargetHealth } from '#cluster/model/observation.ts';
import type { Learner } from '#learner/loop/learner.ts';
import { policyConditions } from '#learner/loop/policy-conditions.ts';
import type { SettlementRecord } from '#learner/judging/settlement.ts';
import { DEFAULT_POLICY_SPEC } from '#cluster/policy/parse.ts';
import { policyWith, World } from '../../../unit/learner/world.ts';
import type { Backend } from './backends.ts';
import {
  CPU_RATIO,
  JOULES_PER_REQUEST,
  MEMORY_RATIO,
  NODE_WATTS,
  P99_MILLISECONDS,
  REQUESTS_PER_SECOND,
} from './fleet.ts';

/*
 * Each source in turn goes away, lies or is slow, on the node that is the better one by far: the
 * agent has every reason to go there. Over sockets, with the product's clients, learner and agent;
 * only the clock is the test's.
 */

/** The node that falls ill: the better one. */
export const ILL = 'worker-2';
/** The other one. */
export const WELL = 'worker-1';
const SCRAPE_SECONDS = 20;
const WORKLOAD = 'Deployment/frontend';

/** Everything that one run is made of; nothing of it is made anew when the illness ends. */
export class Run<B extends Backend = Backend> {
  readonly world: World;
  readonly backend: B;
  readonly learner: Learner;

  constructor(world: World, backend: B) {
    this.world = world;
    this.backend = backend;
    const { sources } = backend;
    this.learner = world.learner({ power: sources, latency: sources, load: sources });
  }

  /** So many seconds of scrapes and cycles. */
  async pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += SCRAPE_SECONDS) {
      this.world.pass(SCRAPE_SECONDS);
      await this.backend.scrape();
      await this.learner.tick();
    }
  }

  /** Rollouts of four Pods, each until it is settled; what became of them. */
  async rollOut(times: number): Promise<SettlementRecord[]> {
    const before = this.world.records.length;
    for (let time = 0; time < times; time += 1) {
      this.world.rollOut(4);
      await this.pass(120);
    }
    return this.world.records.slice(before);
  }

  health(node: string): TargetHealth | undefined {
    return this.world.store.observation('shop', 'default')?.targets[node]?.health;
  }

  /** The condition TelemetryHealthy that the policy would show. */
  condition(): { readonly status: string; readonly message: string } {
    const found = policyConditions({
      problem: undefined,
      policy: this.world.policy,
      holding: 'default',
      name: 'default',
      namespaces: [
        {
          namespace: 'shop',
          observation: this.world.store.observation('shop', 'default'),
          shards: [],
        },
      ],
      now: this.world.now,
    }).find(({ type }) => type === 'TelemetryHealthy');
    assert.ok(found);
    return found;
  }

  /** What has been learned of a target, one for each state. */
  learned(target: string): unknown[] {
    const cells = this.world.store.shard('shop', 'default', WORKLOAD)?.cells ?? {};
    return Object.values(cells).flatMap((row) => row[target] ?? []);
  }
}

/** A run that has learned that the better node is better. */
export async function start<B extends Backend>(
  t: TestContext,
  open: (t: TestContext, world: World) => Promise<B>,
): Promise<Run<B>> {
  const policy = policyWith({
    // The window begins after the first scrape of a new Pod.
    measurement: { ...policyWith().spec.measurement, warmUpSeconds: 30 },
    learning: { ...DEFAULT_POLICY_SPEC.learning, burnInDecisions: 1, epsilonThousandths: 200 },
    circuitBreaker: { ...DEFAULT_POLICY_SPEC.circuitBreaker, mode: 'Disabled' },
  });
  const world = new World(11, policy);
  const run = new Run(world, await open(t, world));
  await run.pass(90);
  const records = await run.rollOut(4);
  assert.ok(records.filter(({ landed }) => landed === ILL).some(taught), 'nothing was learned');
  assert.equal(run.health(ILL), 'healthy');
  assert.equal(run.condition().status, 'True');
  return run;
}

/** Whether the agent learned from it. */
export function taught({ status }: SettlementRecord): boolean {
  return status === 'settled';
}

/** Every number that a decision was settled with is the truth of its node, or nearly so. */
export function assertTrue(record: SettlementRecord): void {
  const { readings, landed = '' } = record;
  const near = (name: string, expected: number): void => {
    const reading = readings[name];
    if (reading?.kind !== 'measured') return;
    const text = `${record.pod} on ${landed}: ${name} is ${reading.value}, not ${expected}`;
    assert.ok(Math.abs(reading.value - expected) <= 0.01 * expected, text);
    assert.ok(reading.quality === 'measured' && reading.ageSeconds <= 60);
  };
  const requests = readings['requests'];
  const seconds = requests?.kind === 'measured' ? requests.windowSeconds : Number.NaN;
  near('requests', REQUESTS_PER_SECOND * seconds);
  near('nodeWatts', NODE_WATTS);
  near('p99Milliseconds', P99_MILLISECONDS);
  near('cpuRatio', CPU_RATIO);
  near('memoryRatio', MEMORY_RATIO);
  const joules = readings['podJoules'];
  const span = joules?.kind === 'measured' ? joules.windowSeconds : Number.NaN;
  near('podJoules', REQUESTS_PER_SECOND * (JOULES_PER_REQUEST[landed] ?? Number.NaN) * span);
}

// SPDX-License-Identifier: Apache-2.0
import { readProductLines } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { DEFAULT_ACTION } from '../ledger.ts';
import type { Placement } from '../ledger.ts';
import type { Shard } from '../models.ts';
import type { Controller } from '../objects.ts';
import { HUNGRY, THRIFTY } from '../power-curve.ts';
import { SHOP, SHOP_REPLICAS, SHOP_WORKLOADS, TARGETS, nodeName } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';
import { controller, pathOf } from '../workloads.ts';

/**
 * Rollouts at most before and after the power curves are swapped. What each teaches is drawn: measured,
 * two or three are enough before and three to five after, and at most every second one more is
 * not. So many are all too few in less than one run in a hundred thousand; a run that needs them
 * only takes longer.
 */
const MOST_ROLLOUTS = { before: 20, after: 24 } as const;
/** Fewer than these teach too little to judge. */
const LEAST_ROLLOUTS = 2;
/** Well below the policy's `staleAfterSeconds`, so that it holds until the last Pod is created. */
const FRESH_MILLISECONDS = 40_000;
const SETTLE_TIMEOUT_SECONDS = 120;

/** How long rollouts took, from the change of the template to the last settled decision. */
export interface LearningFigures {
  readonly rolloutSeconds: readonly number[];
}

/** Lets the agent learn, swaps what it learned about, lets it learn again. */
export async function checkLearning(stage: Stage): Promise<LearningFigures> {
  const rolloutSeconds: number[] = [];
  const session: Session = {
    ...{ stage, rolloutSeconds, number: 0, decisions: 0, decidedWithOldModel: 0, killed: '' },
    learnedAt: Number.POSITIVE_INFINITY,
  };
  const { one, two } = TARGETS;
  const started = await stage.checks.check('learning: decisions are settled', async () => {
    const placements = await rollOut(session);
    return `${placements.length} decisions of the first rollout in ${rolloutSeconds[0]?.toFixed(1) ?? '?'} s`;
  });
  if (!started) return { rolloutSeconds };
  await stage.checks.check(
    'restart: what a killed learner left is settled by the next',
    async () => {
      const placements = await rollOut(session, true);
      expect(stage.models.faults.length === 0, stage.models.faults.join('; '));
      return `${session.killed}; all ${placements.length} decisions settled, none twice`;
    },
  );
  await stage.checks.check('learning: the cheaper target becomes the greedy choice', () =>
    learn(session, one, two, MOST_ROLLOUTS.before),
  );
  stage.world.setCurves({ [nodeName(one)]: HUNGRY, [nodeName(two)]: THRIFTY });
  stage.progress.say(`power curves swapped: ${stage.world.describe()}`);
  await stage.checks.check('learning: after the swap the other target does', () =>
    learn(session, two, one, MOST_ROLLOUTS.after),
  );
  await stage.checks.check('learning: the model reaches every admission replica', () =>
    modelsArrived(session),
  );
  return { rolloutSeconds };
}

/** Decisions of one replica, fewer than which do not tell whether the model reached it. */
const ENOUGH_DECISIONS = 10;

interface Session {
  readonly stage: Stage;
  number: number;
  readonly rolloutSeconds: number[];
  decisions: number;
  /** When the first rollout was learned from, milliseconds since the epoch. */
  learnedAt: number;
  /** Taken with a version of the shard older than the one published before the rollout. */
  decidedWithOldModel: number;
  /** When the learner was killed. */
  killed: string;
}

/** Rolls out until the agent prefers `cheap`, or the rollouts are used up. */
async function learn(session: Session, cheap: string, dear: string, most: number): Promise<string> {
  let verdict = '';
  for (let round = 1; round <= most; round += 1) {
    await rollOut(session);
    const found = judge(session.stage, cheap, dear);
    verdict = `rollout ${session.number}: ${found.text}`;
    session.stage.progress.say(verdict);
    if (found.prefers && round >= LEAST_ROLLOUTS) return verdict;
  }
  expect(false, verdict);
}

/**
 * One rollout of both workloads together: new Pods, all serving, every decision settled.
 *
 * @param kill the learner as soon as the first shard of the cycle is written, and start it again.
 */
async function rollOut(session: Session, kill = false): Promise<readonly Placement[]> {
  const { stage } = session;
  const { api } = stage.controlPlane;
  session.number += 1;
  await waitFor('a fresh observation', { timeoutSeconds: 60 }, () => {
    const seen = stage.models.observations.get(SHOP);
    if (seen === undefined) return false;
    const healthy = [TARGETS.one, TARGETS.two].every((one) => seen.health[one] === 'healthy');
    return healthy && Date.now() - seen.observedAt < FRESH_MILLISECONDS;
  });
  const begin = performance.now();
  const versions = new Map(
    [...stage.models.shards.values()]
      .filter((shard) => shard.namespace === SHOP)
      .map((shard) => [shard.workload, shard.version]),
  );
  const before = new Set(stage.ledger.of(SHOP).map((one) => one.uid));
  for (const name of SHOP_WORKLOADS) await applyVersion(stage, name, session.number);
  await waitFor('the rollout', { timeoutSeconds: 120 }, async () => {
    const found = await api.list<Controller>(pathOf('Deployment', SHOP));
    return found.length === SHOP_WORKLOADS.length && found.every(isRolledOut);
  });
  const placements = await waitFor('the new Pods in the watch', { timeoutSeconds: 60 }, () => {
    const fresh = stage.ledger.of(SHOP).filter((one) => one.serving && !before.has(one.uid));
    if (fresh.length < SHOP_REPLICAS * SHOP_WORKLOADS.length) {
      throw new Error(`${fresh.length} Pods with a decision`);
    }
    return fresh;
  });
  session.decisions += placements.length;
  session.decidedWithOldModel += placements.filter(
    (one) => one.modelVersion < (versions.get(one.workload) ?? 0),
  ).length;
  stage.progress.say(
    `rollout ${session.number}: ${placements.length} Pods serving, ${tally(placements)}`,
  );
  if (kill) session.killed = await killAtFirstWrite(stage);
  await waitFor('settled decisions', { timeoutSeconds: SETTLE_TIMEOUT_SECONDS }, () => {
    const open = placements.filter((one) => !stage.models.hasSettled(SHOP, one.workload, one.id));
    if (open.length > 0) throw new Error(`${open.length} of ${placements.length} are not settled`);
    return true;
  });
  session.rolloutSeconds.push((performance.now() - begin) / 1000);
  session.learnedAt = Math.min(session.learnedAt, Date.now());
  return placements;
}

/** Resolves when the learner was killed and started again; says when that was. */
async function killAtFirstWrite(stage: Stage): Promise<string> {
  let written: Shard | undefined;
  stage.models.onWrite = (shard) => {
    if (shard.namespace === SHOP) written ??= shard;
  };
  const shard = await waitFor(
    'the first write of the cycle',
    { timeoutSeconds: SETTLE_TIMEOUT_SECONDS, everyMilliseconds: 2 },
    () => written,
  );
  stage.models.onWrite = undefined;
  await stage.product.killAndRestart(stage.product.learner);
  return `killed after the write of ${shard.workload} version ${shard.version}`;
}

async function applyVersion(stage: Stage, name: string, version: number): Promise<void> {
  const path = `${pathOf('Deployment', SHOP)}/${name}`;
  const { api } = stage.controlPlane;
  if (version === 1) {
    await api.create(
      pathOf('Deployment', SHOP),
      controller('Deployment', name, { replicas: SHOP_REPLICAS }),
    );
    return;
  }
  const annotations = { 'e2e/rollout': String(version) };
  await api.merge(path, { spec: { template: { metadata: { annotations } } } });
}

function isRolledOut(deployment: Controller): boolean {
  const { status, spec, metadata } = deployment;
  return (
    status?.observedGeneration === metadata.generation &&
    status?.updatedReplicas === spec.replicas &&
    status?.readyReplicas === spec.replicas &&
    status?.replicas === spec.replicas
  );
}

/** What the agent thinks in the states it is in, and its last greedy choices. */
function judge(stage: Stage, cheap: string, dear: string): { prefers: boolean; text: string } {
  const values = SHOP_WORKLOADS.map((name) => ({
    name,
    cheap: meanValue(stage, name, cheap),
    dear: meanValue(stage, name, dear),
  }));
  const alive = new Set(
    stage.ledger
      .of(SHOP)
      .filter((one) => one.serving)
      .map((one) => one.id),
  );
  const greedy = readProductLines(stage.product.auditFiles).flatMap((line) =>
    line.decision !== undefined && alive.has(line.decision.id) && line.decision.choice === 'greedy'
      ? [line.decision.action]
      : [],
  );
  const towards = greedy.filter((action) => action === cheap).length;
  const valued = values.every((one) => one.cheap > one.dear);
  const chosen = greedy.length >= 3 && towards / greedy.length >= 2 / 3;
  const text = values
    .map(
      (one) =>
        `${one.name} ${cheap} ${one.cheap.toFixed(2)} against ${dear} ${one.dear.toFixed(2)}`,
    )
    .join(', ');
  return {
    prefers: valued && chosen,
    text: `${text}; ${towards} of ${greedy.length} greedy choices took ${cheap}`,
  };
}

/**
 * Mean value of an action by weight, over the states that the last rollout was in: what was
 * learned in a state that does not come back is not unlearned. NaN where nothing is known.
 */
function meanValue(stage: Stage, name: string, action: string): number {
  const workload = `Deployment/${name}`;
  const serving = stage.ledger.of(SHOP, workload).filter((one) => one.serving);
  const states = new Set(serving.map((one) => one.state));
  const cells = (stage.models.shard(SHOP, workload)?.cells ?? []).filter(
    (cell) => cell.action === action && states.has(cell.state),
  );
  const weight = cells.reduce((sum, cell) => sum + cell.weight, 0);
  return cells.reduce((sum, cell) => sum + cell.value * cell.weight, 0) / weight;
}

function modelsArrived(session: Session): string {
  const { stage, decisions, decidedWithOldModel, learnedAt } = session;
  const seen = stage.product.of('admission').map((replica) => {
    const versions = readProductLines([replica.auditFile])
      .filter((line) => line.namespace === SHOP && Date.parse(line.time) > learnedAt)
      .map((line) => line.decision?.modelVersion ?? 0);
    return { name: replica.name, taken: versions.length, version: Math.max(0, ...versions) };
  });
  const text = seen
    .map((one) => `${one.name}: up to version ${one.version} in ${one.taken} decisions since then`)
    .join('; ');
  // The API server keeps its connections, so chance may leave a replica next to nothing to decide.
  const judged = seen.filter((one) => one.taken >= ENOUGH_DECISIONS);
  expect(judged.length > 0 && judged.every((one) => one.version > 0), text);
  const late = `${decidedWithOldModel} of ${decisions} decisions with an older model than published`;
  // The last write and the next rollout may cross on the way.
  expect(decidedWithOldModel <= decisions / 20, late);
  return `${text}; ${late}`;
}

function tally(placements: readonly Placement[]): string {
  const asked = placements.filter((one) => one.action !== DEFAULT_ACTION);
  const followed = asked.filter((one) => one.landed === one.action).length;
  const actions = Map.groupBy(placements, (one) => one.action);
  const parts = [...actions].map(([action, of]) => `${action} x${of.length}`);
  return `${parts.sort().join(', ')}, ${followed} of ${asked.length} landed as asked`;
}

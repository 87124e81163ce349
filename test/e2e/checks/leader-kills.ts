// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { createGenerator } from '#agent/terms/random.ts';
import { expect } from '../checks.ts';
import type { Placement } from '../ledger.ts';
import type { Replica } from '../product.ts';
import { CHAOS, growWorkloads } from '../state/stage.ts';
import type { StateStage } from '../state/stage.ts';
import type { Insider } from '../state/insider.ts';
import { differences, undisturbed } from '../state/replay.ts';
import { faultsOf, isDone, readModelWrites } from '../state/write-ledger.ts';
import type { ModelWrite } from '../state/write-ledger.ts';
import { waitFor } from '../wait.ts';

const KILLS = 20;
/**
 * Each second kill is beside a write, and about half of these cut a rollout in two: of ten, none does
 * once in some hundred runs. Then it goes on to so many kills, where that is less than one run in a
 * million.
 */
const MOST_KILLS = 60;
/** Between the rollouts of one namespace: longer than one takes to be settled. */
const ROLLOUT_SECONDS = 24;
/** Pods that each workload of a namespace gets with a rollout. */
const REPLICAS = 2;
/** Everything is settled so long after the last rollout, also after a change of leader. */
const SETTLED_SECONDS = 90;
/** A kill beside a write does not wait longer for one. */
const MOST_WAIT_MILLISECONDS = 12_000;

/** What the kills have shown. */
export interface KillReport {
  readonly kills: number;
  /** Episodes that one leader began to write and another one ended. */
  readonly split: number;
  readonly decisions: number;
}

/**
 * Kills the leader with SIGKILL again and again, at seeded moments: half of them at any time of its
 * term, half of them right after a write of its own, when an episode is written in part. Then it
 * looks at what is left: each bound decision settled once, and every value and every count as one
 * leader would have learned them that nothing disturbed (see `replay.ts`).
 */
export async function checkLeaderKills(stage: StateStage, insider: Insider): Promise<KillReport> {
  const growing = new Growth(stage);
  let kills = 0;
  try {
    await stage.checks.check(
      `leader: killed ${KILLS} times or more, another one goes on`,
      async () => {
        kills = await killLeaders(stage);
        return `${kills} kills in ${stage.leases.terms.length} terms`;
      },
    );
  } finally {
    await growing.stop();
  }
  await stage.checks.check('leader: every bound decision is settled, none twice', async () => {
    const ids = await untilSettled(stage);
    expect(stage.models.faults.length === 0, stage.models.faults.join('; '));
    return `${ids} decisions in ${growing.rollouts} rollouts`;
  });
  await stage.checks.check('leader: values and counts equal an undisturbed run', async () => {
    const expected = await undisturbed(insider, CHAOS);
    const wrong: string[] = [];
    let cells = 0;
    for (const [key, shard] of expected) {
      const live = insider.informers.models.shard(shard.namespace, shard.policy, shard.workload);
      for (const text of differences(live, shard)) wrong.push(`${key} ${text}`);
      cells += Object.values(shard.cells).reduce((sum, row) => sum + Object.keys(row).length, 0);
    }
    const episodes = [...expected.values()].reduce((sum, shard) => sum + shard.episodes, 0);
    expect(wrong.length === 0, wrong.join('; '));
    expect(cells > 0 && episodes > 0, 'nothing was learned: there is nothing to compare');
    return `${expected.size} shards, ${cells} cells, ${episodes} episodes, exactly the same`;
  });
  const writes = readModelWrites(stage.controlPlane.auditLog);
  await stage.checks.check('leader: each version of the model has one writer', () => {
    const faults = faultsOf(writes);
    expect(faults.length === 0, faults.join('; '));
    const done = writes.filter(isDone);
    return `${done.length} writes in ${new Set(done.map(({ epoch }) => epoch)).size} terms`;
  });
  const split = splitEpisodes(writes);
  await stage.checks.check('leader: some were killed between two writes of one rollout', () => {
    expect(split > 0, 'no rollout was begun by one leader and ended by another');
    return `${split} rollouts begun by one leader and ended by another`;
  });
  return { kills, split, decisions: boundPlacements(stage).length };
}

/** Rolls the chaos namespaces out, one after another, until it is stopped. */
class Growth {
  rollouts = 0;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(stage: StateStage) {
    this.#done = this.#run(stage);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(stage: StateStage): Promise<void> {
    const { signal } = this.#stop;
    for (let n = 0; !signal.aborted; n += 1) {
      const round = 1 + Math.floor(n / CHAOS.length);
      const namespace = CHAOS[n % CHAOS.length] ?? CHAOS[0];
      await growWorkloads(stage, namespace, round * REPLICAS);
      this.rollouts += 1;
      await sleep((ROLLOUT_SECONDS * 1000) / CHAOS.length);
    }
  }
}

/** @returns the number of kills */
async function killLeaders(stage: StateStage): Promise<number> {
  const random = createGenerator('kills');
  const isSplit = (): boolean => splitEpisodes(readModelWrites(stage.controlPlane.auditLog)) > 0;
  let kills = 0;
  while (kills < KILLS || (kills < MOST_KILLS && !isSplit())) {
    const kill = kills + 1;
    const leader = await leaderOf(stage);
    const beside = kill % 2 === 0;
    if (beside) await afterWrites(stage, 1 + Math.floor(random.next() * 5));
    await sleep(random.next() * (beside ? 15 : 2500));
    const terms = stage.leases.terms.length;
    await stage.product.killAndRestart(leader);
    stage.progress.say(`kill ${kill}: ${leader.name}${beside ? ' beside a write' : ''}`);
    await waitFor('another term', { timeoutSeconds: 60, everyMilliseconds: 20 }, () =>
      stage.leases.terms.length > terms ? true : undefined,
    );
    kills = kill;
  }
  return kills;
}

/** The process that leads. */
export async function leaderOf({ leases, product }: StateStage): Promise<Replica> {
  return waitFor('a leader', { timeoutSeconds: 60, everyMilliseconds: 20 }, () =>
    product.of('learner').find(({ name, program }) => name === leases.leader && program.running),
  );
}

/** Waits for so many writes of shards, or a while: with nothing to settle none comes. */
async function afterWrites({ models }: StateStage, writes: number): Promise<void> {
  let left = writes;
  const enough = Promise.withResolvers<undefined>();
  const before = models.onWrite;
  models.onWrite = (shard): void => {
    before?.(shard);
    left -= 1;
    if (left <= 0) enough.resolve(undefined);
  };
  await Promise.race([enough.promise, sleep(MOST_WAIT_MILLISECONDS)]);
  models.onWrite = before;
}

/** Bound Pods of the chaos namespaces that carry a decision. */
export function boundPlacements({ ledger }: StateStage): Placement[] {
  return CHAOS.flatMap((namespace) => ledger.of(namespace)).filter(
    ({ landed }) => landed !== undefined,
  );
}

/** Waits until each of them is settled; how many they are. */
export async function untilSettled(stage: StateStage): Promise<number> {
  return waitFor('settled decisions', { timeoutSeconds: SETTLED_SECONDS }, () => {
    const bound = boundPlacements(stage);
    const open = bound.filter(
      ({ namespace, workload, id }) => !stage.models.hasSettled(namespace, workload, id),
    );
    if (open.length > 0) throw new Error(`${open.length} of ${bound.length} are open`);
    return bound.length;
  });
}

/** Rollouts of which the shards were written in more than one term. */
function splitEpisodes(writes: readonly ModelWrite[]): number {
  const epochs = new Map<string, number>();
  const rollouts: (readonly string[])[] = [];
  const own = new Map<string, ReadonlySet<string>>();
  for (const write of writes) {
    if (!isDone(write) || write.version === undefined) continue;
    const before = own.get(write.object) ?? new Set();
    const added = write.settled.filter((id) => !before.has(id));
    own.set(write.object, new Set(write.settled));
    const isTier = write.object.includes('.tier.');
    for (const id of added) epochs.set(`${isTier ? 'tier' : 'own'} ${id}`, write.epoch);
    if (isTier) rollouts.push(added);
  }
  return rollouts.filter((ids) => {
    const terms = ids.flatMap((id) => [epochs.get(`tier ${id}`), epochs.get(`own ${id}`)]);
    return new Set(terms.filter((term) => term !== undefined)).size > 1;
  }).length;
}

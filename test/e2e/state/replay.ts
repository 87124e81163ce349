// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import type { DeleteResult, ShardStore, WriteResult } from '#learner/tick/ports.ts';
import type { Window } from '#telemetry/reading/source.ts';
import type { Insider } from './insider.ts';

/** `learner.ingestDelaySeconds` of the run. */
const INGEST_MILLISECONDS = 3000;

/** A run that nothing disturbs looks at the world so often. */
const STEP_MILLISECONDS = 2000;

/** It goes on for so long beyond the present: the last episode may have ended just now. */
const BEYOND_MILLISECONDS = 20_000;

/** The model of one process that never dies and whose writes never fail. */
class QuietStore implements ShardStore, ModelView {
  readonly shards = new Map<string, ModelShard>();
  readonly #observations = new Map<string, Observation>();

  shard(namespace: string, _policy: string, workload: string): ModelShard | undefined {
    return this.shards.get(`${namespace}/${workload}`);
  }

  observation(namespace: string): Observation | undefined {
    return this.#observations.get(namespace);
  }

  readShard(namespace: string, policy: string, workload: string): Promise<ModelShard | undefined> {
    return Promise.resolve(this.shard(namespace, policy, workload));
  }

  writeShard(shard: ModelShard): Promise<WriteResult> {
    this.shards.set(`${shard.namespace}/${shard.workload}`, shard);
    return Promise.resolve({ kind: 'written' });
  }

  deleteShard(shard: ModelShard): Promise<DeleteResult> {
    this.shards.delete(`${shard.namespace}/${shard.workload}`);
    return Promise.resolve({ kind: 'deleted' });
  }

  writeObservation(observation: Observation): Promise<WriteResult> {
    this.#observations.set(observation.namespace, observation);
    return Promise.resolve({ kind: 'written' });
  }
}

/**
 * What one leader would have learned that nothing ever disturbed, from the same decisions and the
 * same telemetry: the product's own learner goes through the same time again, in this process,
 * with a store in memory. Nothing is left to chance, because nothing in settling is random and
 * both inputs still stand where they were read: the decisions on the Pods (none is deleted before
 * this), what became of them in their status, and each window's samples in Prometheus, which
 * answers a question about a past window the same whenever it is asked.
 *
 * @returns shards by `namespace/workload`
 */
export async function undisturbed(
  insider: Insider,
  namespaces: readonly string[],
): Promise<ReadonlyMap<string, ModelShard>> {
  const { view } = insider.informers;
  const pods = namespaces.flatMap((name) => [...view.pods(name)]);
  const begin = Math.min(...pods.map(({ createdAt }) => createdAt));
  const store = new QuietStore();
  let now = begin;
  const learner = insider.learner({
    store,
    models: store,
    now: () => now,
    ...settlingOnly(insider, () => now),
    namespaces: () => namespaces,
    view: {
      synced: true,
      node: (name) => view.node(name),
      nodesByLabel: (key) => view.nodesByLabel(key),
      pods: (namespace) => asOf(view.pods(namespace), now),
    },
  });
  const end = Date.now() + BEYOND_MILLISECONDS;
  for (; now < end; now += STEP_MILLISECONDS) await learner.tick();
  return store.shards;
}

/**
 * The sources without answers for the window that ends at present: it is only observed, which
 * nothing that is learned depends on, and would cost most of the time.
 */
function settlingOnly(
  { telemetry }: Insider,
  now: () => number,
): Pick<LearnerOptions, 'power' | 'latency' | 'load'> {
  const past = <T>(ask: (window: Window) => Promise<T>) => {
    return (window: Window): Promise<T> =>
      window.to >= now() - INGEST_MILLISECONDS
        ? Promise.reject(new Error('not needed'))
        : ask(window);
  };
  return {
    power: { power: past((window) => telemetry.power(window)) },
    latency: { latency: past((window) => telemetry.latency(window)) },
    load: { load: past((window) => telemetry.load(window)) },
  };
}

/** The Pods as they were then. */
function asOf(pods: Iterable<SlimPod>, now: number): SlimPod[] {
  const until = (time: number | undefined): number | undefined =>
    time !== undefined && time <= now ? time : undefined;
  return [...pods]
    .filter(({ createdAt }) => createdAt <= now)
    .map((pod) => ({ ...pod, boundAt: until(pod.boundAt), readyAt: until(pod.readyAt) }));
}

/** What is learned and counted in a shard; times of writing and what follows from them left out. */
function learned(shard: ModelShard): object {
  const { cells, baselines, load, episodes, defaultSamples, followed, asked, savings } = shard;
  const settled = [...shard.settled].sort();
  return { cells, baselines, load, episodes, defaultSamples, followed, asked, savings, settled };
}

/** Fields in which two shards differ, for the message; empty = every number is the same. */
export function differences(one: ModelShard | undefined, other: ModelShard | undefined): string[] {
  if (one === undefined || other === undefined) return one === other ? [] : ['only one has it'];
  const left = learned(one);
  const right: Readonly<Record<string, unknown>> = { ...learned(other) };
  return Object.entries(left).flatMap(([name, value]) =>
    isDeepStrictEqual(structuredClone(value), structuredClone(right[name]))
      ? []
      : [`${name}: ${short(value)} against ${short(right[name])}`],
  );
}

function short(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 400);
}

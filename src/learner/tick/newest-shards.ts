// SPDX-License-Identifier: Apache-2.0
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { DeleteResult, ShardStore, WriteResult } from './ports.ts';

/**
 * Shards as the watch shows them, or as this leader has written them where the watch is behind. An
 * episode is judged beside the baselines of all workloads of its application; with this they are
 * the same whether or not the watch has caught up with the episode before.
 */
export class NewestShards implements ShardStore, Pick<ModelView, 'shard'> {
  readonly #watched: Pick<ModelView, 'shard'>;
  readonly #store: ShardStore;
  /** Written and not seen through the watch yet. */
  readonly #written = new Map<string, ModelShard>();

  constructor(watched: Pick<ModelView, 'shard'>, store: ShardStore) {
    this.#watched = watched;
    this.#store = store;
  }

  /** The newest that is known without asking; undefined = there is none. */
  shard(namespace: string, policy: string, workload: WorkloadKey): ModelShard | undefined {
    const watched = this.#watched.shard(namespace, policy, workload);
    const key = keyOf({ namespace, policy, workload });
    const written = this.#written.get(key);
    if (written === undefined) return watched;
    if (watched === undefined || watched.version < written.version) return written;
    this.#written.delete(key);
    return watched;
  }

  readShard(
    namespace: string,
    policy: string,
    workload: WorkloadKey,
  ): Promise<ModelShard | undefined> {
    return this.#store.readShard(namespace, policy, workload);
  }

  async writeShard(shard: ModelShard): Promise<WriteResult> {
    // Until the answer is here it is not known what stands: what the watch shows is true at least.
    this.#written.delete(keyOf(shard));
    const result = await this.#store.writeShard(shard);
    if (result.kind === 'written') this.#written.set(keyOf(shard), shard);
    return result;
  }

  deleteShard(shard: ModelShard): Promise<DeleteResult> {
    // What comes after it begins with version 1, which must not look older than what is gone.
    this.#written.delete(keyOf(shard));
    return this.#store.deleteShard(shard);
  }

  writeObservation(observation: Observation): Promise<WriteResult> {
    return this.#store.writeObservation(observation);
  }
}

// No name of the API holds a space, so that joined names stay apart.
function keyOf({ namespace, policy, workload }: Key): string {
  return `${namespace} ${policy} ${workload}`;
}

type Key = Pick<ModelShard, 'namespace' | 'policy' | 'workload'>;

// SPDX-License-Identifier: Apache-2.0
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { Observation } from '#cluster/model/observation.ts';
import type { DeleteResult, ShardStore, WriteResult } from '#learner/tick/ports.ts';

/** What goes wrong with one write: before it, after it, or because of another leader. */
export type Fault = 'refused' | 'answer-lost' | 'conflict' | 'fenced';

/**
 * The API server's part: objects under a lock, in memory. A write must be the successor of what
 * stands. `faultOf` may spoil any write.
 */
export class MemoryStore implements ShardStore, ModelView {
  readonly shards = new Map<string, ModelShard>();
  readonly observations = new Map<string, Observation>();
  /** Every shard write that was done, in order. */
  readonly log: ModelShard[] = [];
  faultOf: (shard: ModelShard) => Fault | undefined = () => undefined;

  readShard(namespace: string, policy: string, workload: string): Promise<ModelShard | undefined> {
    return Promise.resolve(this.shard(namespace, policy, workload));
  }

  writeShard(shard: ModelShard): Promise<WriteResult> {
    const fault = this.faultOf(shard);
    if (fault === 'refused') return Promise.reject(new Error('the API server is not there'));
    if (fault === 'conflict' || fault === 'fenced') return Promise.resolve({ kind: fault });
    const key = keyOf(shard.namespace, shard.policy, shard.workload);
    if ((this.shards.get(key)?.version ?? 0) !== shard.version - 1) {
      return Promise.resolve({ kind: 'conflict' });
    }
    this.shards.set(key, structuredClone(shard));
    this.log.push(shard);
    if (fault === 'answer-lost') return Promise.reject(new Error('the connection broke'));
    return Promise.resolve({ kind: 'written' });
  }

  deleteShard(shard: ModelShard): Promise<DeleteResult> {
    const fault = this.faultOf(shard);
    if (fault === 'refused') return Promise.reject(new Error('the API server is not there'));
    if (fault === 'conflict' || fault === 'fenced') return Promise.resolve({ kind: fault });
    const key = keyOf(shard.namespace, shard.policy, shard.workload);
    if (this.shards.get(key)?.version !== shard.version) {
      return Promise.resolve({ kind: 'conflict' });
    }
    this.shards.delete(key);
    if (fault === 'answer-lost') return Promise.reject(new Error('the connection broke'));
    return Promise.resolve({ kind: 'deleted' });
  }

  writeObservation(observation: Observation): Promise<WriteResult> {
    this.observations.set(keyOf(observation.namespace, observation.policy), observation);
    return Promise.resolve({ kind: 'written' });
  }

  shard(namespace: string, policy: string, workload: string): ModelShard | undefined {
    return this.shards.get(keyOf(namespace, policy, workload));
  }

  observation(namespace: string, policy: string): Observation | undefined {
    return this.observations.get(keyOf(namespace, policy));
  }
}

function keyOf(...parts: readonly string[]): string {
  return parts.join(' ');
}

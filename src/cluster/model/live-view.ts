// SPDX-License-Identifier: Apache-2.0
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import type { Change, Store } from '#cluster/watch/store.ts';
import { asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import { decodeModel, type StoredModel } from './codec.ts';
import type { ModelShard, ModelView } from './model.ts';
import { observationName, shardName } from './name.ts';
import { malformed } from './numbers.ts';
import type { Observation } from './observation.ts';

/**
 * A raw PlacementModel in memory. Its name says what it must hold: a copy under another name, or
 * other content under this one, was not written by a leader and must not stand in for what was.
 * @throws PerihelionError `PERI_MODEL_MALFORMED`; the reflector counts it and keeps the last good
 */
export function projectModel(raw: JsonObject): StoredModel {
  const metadata = asObject(raw['metadata']);
  const model = decodeModel(asText(metadata['namespace']), raw['spec']);
  const wanted =
    model.kind === 'shard'
      ? shardName(model.shard.policy, model.shard.workload)
      : observationName(model.observation.policy);
  const name = asText(metadata['name']);
  if (name !== wanted) throw malformed('metadata.name', `${name}, but its content is of ${wanted}`);
  return model;
}

/** {@link ModelView} over the published PlacementModels. */
export class LiveModelView implements ModelView {
  readonly #shards = new Map<string, ModelShard>();
  readonly #observations = new Map<string, Observation>();

  /** To be made before the store is filled. */
  constructor(store: Store<StoredModel>) {
    store.subscribe((change) => this.#apply(change));
  }

  shard(namespace: string, policy: string, workload: WorkloadKey): ModelShard | undefined {
    return this.#shards.get(shardKey(namespace, policy, workload));
  }

  observation(namespace: string, policy: string): Observation | undefined {
    return this.#observations.get(observationKey(namespace, policy));
  }

  /** Every shard, for a new leader and for reports. */
  shards(): Iterable<ModelShard> {
    return this.#shards.values();
  }

  #apply(change: Change<StoredModel>): void {
    if (change.before !== undefined) this.#remove(change.before);
    if (change.after !== undefined) this.#add(change.after);
  }

  #add(model: StoredModel): void {
    if (model.kind === 'shard') this.#shards.set(keyOfShard(model.shard), model.shard);
    else this.#observations.set(keyOfObservation(model.observation), model.observation);
  }

  #remove(model: StoredModel): void {
    if (model.kind === 'shard') this.#shards.delete(keyOfShard(model.shard));
    else this.#observations.delete(keyOfObservation(model.observation));
  }
}

// No name of the API holds a space, so that joined names stay apart.
function shardKey(namespace: string, policy: string, workload: WorkloadKey): string {
  return `${namespace} ${policy} ${workload}`;
}

function observationKey(namespace: string, policy: string): string {
  return `${namespace} ${policy}`;
}

function keyOfShard(shard: ModelShard): string {
  return shardKey(shard.namespace, shard.policy, shard.workload);
}

function keyOfObservation(observation: Observation): string {
  return observationKey(observation.namespace, observation.policy);
}

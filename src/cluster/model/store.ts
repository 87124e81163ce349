// SPDX-License-Identifier: Apache-2.0
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { API_GROUP, GROUP_VERSION, resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import type { WorkloadKey } from '#cluster/objects/workload.ts';
import { asObject, asText, asTextMap, type JsonObject } from '#cluster/wire/json.ts';
import { PerihelionError } from '#errors';
import { decodeModel, encodeObservation, encodeShard, formatOf } from './codec.ts';
import type { ModelShard, ModelView } from './model.ts';
import { modelLabels, observationName, shardName } from './name.ts';
import type { Observation } from './observation.ts';
import { MODEL_FORMAT, type ModelSpec } from './schema.ts';

/** Annotation that holds the leader's epoch: a former leader sees that it is one. */
export const EPOCH_ANNOTATION = `${API_GROUP}/leader-epoch`;

/**
 * The highest epoch that is believed. No lease has had so many holders, and above the largest int32
 * none could take a term above it: whoever raised an epoch so far would end all learning.
 */
const HIGHEST_EPOCH = 2 ** 30;

/** What became of a write. */
export type WriteResult<T> =
  | { readonly kind: 'written'; readonly resourceVersion: string }
  /** Another writer was there; `current` is what stands now (undefined = nothing). */
  | { readonly kind: 'conflict'; readonly current: T | undefined }
  /** A leader of a later epoch has written: stop leading. */
  | { readonly kind: 'fenced'; readonly epoch: number };

/** What became of a deletion; see {@link WriteResult} for the last two. */
export type DeleteResult<T> =
  { readonly kind: 'deleted' } | Exclude<WriteResult<T>, { readonly kind: 'written' }>;

/** What is known to stand; `version` is 0 for what is not a shard. */
interface Known {
  readonly resourceVersion: string;
  readonly version: number;
}

interface Draft {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: ModelSpec;
}

/**
 * The leader's writes of PlacementModels. Each write names the resourceVersion it replaces, so
 * that no write is ever lost; each shard write must be the successor (`version` + 1) of what
 * stands, so that a write whose answer was lost is not done twice; each carries the epoch of the
 * lease, so that a leader that was deposed without noticing is stopped.
 *
 * An object of a newer format is left as it is, and reading or replacing it fails.
 * An object under a shard's name that cannot be read, or that is of another workload, was not
 * written by a leader. The last good content stands in for it, and the next write replaces it.
 */
export class ModelStore {
  readonly #api: KubeApi;
  readonly #epoch: number;
  readonly #lastGood: Pick<ModelView, 'shard'> | undefined;
  readonly #known = new Map<string, Known>();
  /** Epoch of a later leader, once one was seen: from then on nothing is written. */
  #fence: number | undefined;

  /**
   * @param epoch `leaseTransitions` of the lease this process holds
   * @param lastGood shards as they were last read well; without it a broken one is begun anew
   */
  constructor(api: KubeApi, epoch: number, lastGood?: Pick<ModelView, 'shard'>) {
    this.#api = api;
    this.#epoch = epoch;
    this.#lastGood = lastGood;
  }

  /**
   * Reads a shard as it stands, or as it last was where it is broken; undefined = none yet.
   * @throws KubernetesError
   */
  async readShard(
    namespace: string,
    policy: string,
    workload: WorkloadKey,
  ): Promise<ModelShard | undefined> {
    const name = shardName(policy, workload);
    const raw = await this.#read(namespace, name);
    const standing = this.#standing({ namespace, policy, workload }, raw);
    this.#noteVersion(`${namespace}/${name}`, standing?.version ?? 0);
    return standing;
  }

  /**
   * Writes a shard whose `version` is one more than that of the shard it was made from (1 for the
   * first). On a conflict nothing is written; make it anew from `current`.
   * @throws KubernetesError when it is not known whether the write was done: write again, the
   *   version tells; PerihelionError `PERI_MODEL_MALFORMED` when it is too large
   */
  async writeShard(shard: ModelShard): Promise<WriteResult<ModelShard>> {
    const { namespace, policy, workload } = shard;
    const draft: Draft = {
      namespace,
      name: shardName(policy, workload),
      labels: modelLabels(policy, 'shard'),
      spec: encodeShard(shard),
    };
    if (this.#isFenced()) return this.#refusal(undefined);
    if (this.#known.get(`${namespace}/${draft.name}`)?.version !== shard.version - 1) {
      const standing = await this.readShard(namespace, policy, workload);
      const isNext = (standing?.version ?? 0) === shard.version - 1;
      if (this.#isFenced() || !isNext) return this.#refusal(standing);
    }
    const written = await this.#write(draft, shard.version);
    if (written !== undefined) return { kind: 'written', resourceVersion: written };
    return this.#refusal(await this.readShard(namespace, policy, workload));
  }

  /**
   * Deletes a shard if it stands exactly as `shard` was read or written here: of the same version,
   * and nobody has written it since. One that is not there any more is a conflict, too.
   * @throws KubernetesError when it is not known whether it was deleted: read again
   */
  async deleteShard(shard: ModelShard): Promise<DeleteResult<ModelShard>> {
    const { namespace, policy, workload, version } = shard;
    const name = shardName(policy, workload);
    const key = `${namespace}/${name}`;
    if (!this.#isFenced() && this.#known.get(key)?.version !== version) {
      const standing = await this.readShard(namespace, policy, workload);
      if (standing?.version !== version) return this.#refusal(standing);
    }
    const known = this.#known.get(key);
    if (this.#isFenced() || known === undefined) return this.#refusal(undefined);
    // Until the answer is here it is not known what stands.
    this.#known.delete(key);
    const { resourceVersion } = known;
    try {
      const path = resourcePath(RESOURCES.models, { namespace, name });
      await this.#api.delete(path, { preconditions: { resourceVersion } });
      return { kind: 'deleted' };
    } catch (error) {
      if (!KubernetesError.is(error, 404) && !KubernetesError.is(error, 409)) throw error;
      return this.#refusal(await this.readShard(namespace, policy, workload));
    }
  }

  /**
   * Writes an observation; the latest one counts, so a conflict is met by reading and writing
   * once more.
   * @throws KubernetesError; PerihelionError `PERI_MODEL_MALFORMED` when it is too large
   */
  async writeObservation(observation: Observation): Promise<WriteResult<Observation>> {
    const { namespace, policy } = observation;
    const draft: Draft = {
      namespace,
      name: observationName(policy),
      labels: modelLabels(policy, 'observation'),
      spec: encodeObservation(observation),
    };
    for (let attempt = 0; attempt < 2 && !this.#isFenced(); attempt += 1) {
      const written = await this.#write(draft, 0);
      if (written !== undefined) return { kind: 'written', resourceVersion: written };
      // What a newer version wrote is not replaced by what an older one knows.
      const standing = await this.#read(namespace, draft.name);
      if (formatOf(standing?.['spec']) > MODEL_FORMAT) {
        this.#known.delete(`${namespace}/${draft.name}`);
        decodeModel(namespace, standing?.['spec']);
      }
    }
    if (this.#fence !== undefined) return { kind: 'fenced', epoch: this.#fence };
    return { kind: 'conflict', current: undefined };
  }

  #isFenced(): boolean {
    return this.#fence !== undefined;
  }

  #refusal(
    current: ModelShard | undefined,
  ): Exclude<WriteResult<ModelShard>, { readonly kind: 'written' }> {
    if (this.#fence !== undefined) return { kind: 'fenced', epoch: this.#fence };
    return { kind: 'conflict', current };
  }

  /** The content of an object that was read, or what was last good of it. */
  #standing(
    wanted: Pick<ModelShard, 'namespace' | 'policy' | 'workload'>,
    raw: JsonObject | undefined,
  ): ModelShard | undefined {
    if (raw === undefined) return undefined;
    const { namespace, policy, workload } = wanted;
    try {
      const model = decodeModel(namespace, raw['spec']);
      const isShard = model.kind === 'shard';
      if (isShard && model.shard.policy === policy && model.shard.workload === workload) {
        return model.shard;
      }
    } catch (error) {
      if (!(error instanceof PerihelionError)) throw error;
      if (error.code === 'PERI_MODEL_NEWER') {
        // What is not to be replaced is not known either: a write would ask for it again.
        this.#known.delete(`${namespace}/${shardName(policy, workload)}`);
        throw error;
      }
    }
    return this.#lastGood?.shard(namespace, policy, workload);
  }

  #noteVersion(key: string, version: number): void {
    const known = this.#known.get(key);
    if (known !== undefined) this.#known.set(key, { ...known, version });
  }

  async #read(namespace: string, name: string): Promise<JsonObject | undefined> {
    const key = `${namespace}/${name}`;
    try {
      const raw = await this.#api.get(resourcePath(RESOURCES.models, { namespace, name }));
      const metadata = asObject(raw['metadata']);
      const resourceVersion = asText(metadata['resourceVersion']);
      this.#known.set(key, { resourceVersion, version: 0 });
      const epoch = epochOf(asTextMap(metadata['annotations'])[EPOCH_ANNOTATION]);
      if (epoch > this.#epoch) this.#fence = epoch;
      return raw;
    } catch (error) {
      if (!KubernetesError.is(error, 404)) throw error;
      this.#known.delete(key);
      return undefined;
    }
  }

  /** The new resourceVersion; undefined when something else stands there than was known. */
  async #write(draft: Draft, version: number): Promise<string | undefined> {
    const { namespace, name } = draft;
    const key = `${namespace}/${name}`;
    const resourceVersion = this.#known.get(key)?.resourceVersion;
    // Until the answer is here it is not known what stands.
    this.#known.delete(key);
    const body = {
      apiVersion: GROUP_VERSION,
      kind: 'PlacementModel',
      metadata: {
        namespace,
        name,
        labels: draft.labels,
        annotations: { [EPOCH_ANNOTATION]: String(this.#epoch) },
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      spec: draft.spec,
    };
    // An older definition would drop the field that the format is for, and with it what it says.
    const options = draft.spec.format === undefined ? {} : { query: { fieldValidation: 'Strict' } };
    try {
      const path = resourcePath(RESOURCES.models, { namespace });
      const answer =
        resourceVersion === undefined
          ? await this.#api.create(path, body, options)
          : await this.#api.update(`${path}/${name}`, body, options);
      const written = asText(asObject(answer['metadata'])['resourceVersion']);
      this.#known.set(key, { resourceVersion: written, version });
      return written;
    } catch (error) {
      // 404: deleted meanwhile (or the namespace is gone, which the next create will say).
      const gone = resourceVersion !== undefined && KubernetesError.is(error, 404);
      if (gone || KubernetesError.is(error, 409)) return undefined;
      throw error;
    }
  }
}

/** 0 for what no leader can have written. */
function epochOf(annotation: string | undefined): number {
  const epoch = Number(annotation);
  return Number.isInteger(epoch) && epoch <= HIGHEST_EPOCH ? epoch : 0;
}

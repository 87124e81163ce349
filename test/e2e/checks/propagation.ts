// SPDX-License-Identifier: Apache-2.0
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProductLines } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import type { Shard } from '../models.ts';
import type { KubeObject } from '../objects.ts';
import type { Replica } from '../product.ts';
import type { Figure } from '../results.ts';
import { CHAOS } from '../state/stage.ts';
import type { StateStage } from '../state/stage.ts';
import { WebhookClient, replicaOf } from '../state/webhook.ts';
import { waitFor } from '../wait.ts';
import { pathOf } from '../workloads.ts';

/** A published version must be in every replica after so long. */
const MOST_SECONDS = 2;
const LEAST_PUBLICATIONS = 30;
const EVERY_MILLISECONDS = 20;
/** A replica that does not have it then never will. */
const GIVE_UP_MILLISECONDS = 15_000;

/** A version of a shard met in one replica. */
interface Sighting {
  readonly key: string;
  /** From the event of the run's own watch to the first answer made with it, seconds. */
  readonly seconds: number;
  /** When that answer was there, milliseconds since the epoch. */
  readonly at: number;
}

interface SettlementLine {
  readonly namespace?: string;
  readonly workload?: string;
  readonly modelVersion?: number;
  readonly time: string;
}

/**
 * Measures how long a published model takes to reach each replica. A replica has it when it would
 * decide with it: each is asked, over TLS and as a dry run, for the Pod of that workload until the
 * answer carries the version. Nothing of the product says it about itself.
 *
 * Two times are taken. The one from the event of the run's own watch may look too short where the
 * run is late itself; the one from the learner's clock before it wrote the first shard of the
 * rollout is too long by the writing, and by what the run itself is late on a busy machine. The
 * truth lies between them, and both must be in time, the second but for that lateness.
 */
export class Propagation {
  readonly #stage: StateStage;
  readonly #client: WebhookClient;
  readonly #sightings: Sighting[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #replicaSets = new Map<string, KubeObject>();
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  #lost = 0;

  private constructor(stage: StateStage, client: WebhookClient) {
    this.#stage = stage;
    this.#client = client;
  }

  /** Begins to measure every shard of a workload that is published from now on. */
  static async begin(stage: StateStage): Promise<Propagation> {
    const measuring = new Propagation(stage, await WebhookClient.of(stage));
    measuring.#delay.enable();
    stage.models.onWrite = (shard) => measuring.#published(shard);
    return measuring;
  }

  /** Ends it and judges. */
  async end(timings: Record<string, Figure>): Promise<void> {
    this.#stage.models.onWrite = undefined;
    await Promise.all(this.#running);
    await this.#client.close();
    this.#delay.disable();
    await this.#stage.checks.check('publication: every replica has it within 2 s', () =>
      this.#judge(timings),
    );
  }

  #published(shard: Shard): void {
    const { namespace, workload } = shard;
    if (!CHAOS.some((name) => name === namespace) || workload.startsWith('Tier/')) return;
    const begin = performance.now();
    for (const replica of this.#stage.product.of('admission')) {
      const work = this.#follow(replica, shard, begin)
        .catch(() => undefined)
        .finally(() => this.#running.delete(work));
      this.#running.add(work);
    }
  }

  async #follow(replica: Replica, shard: Shard, begin: number): Promise<void> {
    const { namespace, workload, version } = shard;
    const replicaSet = await this.#replicaSetOf(namespace, workload);
    while (performance.now() - begin < GIVE_UP_MILLISECONDS) {
      const { annotations } = await this.#client.review(replica, replicaOf(replicaSet), {
        namespace,
        dryRun: true,
      });
      if (Number(annotations[ANNOTATIONS.modelVersion]) >= version) {
        const seconds = (performance.now() - begin) / 1000;
        const key = keyOf(namespace, workload, version);
        this.#sightings.push({ key, seconds, at: Date.now() });
        return;
      }
      await sleep(EVERY_MILLISECONDS);
    }
    this.#lost += 1;
  }

  async #replicaSetOf(namespace: string, workload: string): Promise<KubeObject> {
    const name = workload.slice(workload.indexOf('/') + 1);
    const known = this.#replicaSets.get(`${namespace}/${name}`);
    if (known !== undefined) return known;
    const { api } = this.#stage.controlPlane;
    const found = await waitFor(`the ReplicaSet of ${name}`, { timeoutSeconds: 60 }, async () => {
      const list = await api.list<KubeObject>(pathOf('ReplicaSet', namespace));
      return list.find(({ metadata }) => metadata.name.startsWith(`${name}-`));
    });
    this.#replicaSets.set(`${namespace}/${name}`, found);
    return found;
  }

  #judge(timings: Record<string, Figure>): string {
    const written = this.#writingTimes();
    const seen = this.#sightings.map(({ seconds }) => seconds);
    const bounds = this.#sightings.flatMap(({ key, at }) => {
      const begin = written.get(key);
      return begin === undefined ? [] : [(at - begin) / 1000];
    });
    const publications = new Set(this.#sightings.map(({ key }) => key)).size;
    timings['publicationSeenP50'] = quantileFigure(seen, 0.5);
    timings['publicationSeenMax'] = quantileFigure(seen, 1);
    timings['publicationWithWritingP50'] = quantileFigure(bounds, 0.5);
    timings['publicationWithWritingMax'] = quantileFigure(bounds, 1);
    const lateSeconds = this.#delay.max / 1e9;
    const text =
      `${publications} publications to ${this.#stage.product.of('admission').length} replicas: ` +
      `p50 ${at(seen, 0.5)} s, max ${at(seen, 1)} s; with the writing of the whole rollout ` +
      `p50 ${at(bounds, 0.5)} s, max ${at(bounds, 1)} s; the run itself was late by up to ${lateSeconds.toFixed(2)} s`;
    expect(this.#lost === 0, `${this.#lost} never seen; ${text}`);
    expect(publications >= LEAST_PUBLICATIONS, `too few: ${text}`);
    expect(Math.max(...seen) <= MOST_SECONDS, text);
    expect(Math.max(...bounds) <= MOST_SECONDS + lateSeconds, text);
    return text;
  }

  /** When the learner began to write each version, by its audit log; lost where it was killed. */
  #writingTimes(): Map<string, number> {
    const files = this.#stage.product.of('learner').map(({ auditFile }) => auditFile);
    const times = new Map<string, number>();
    for (const line of readProductLines(files)) {
      if (line.kind !== 'settlement') continue;
      const { namespace = '', workload = '', modelVersion, time } = line as SettlementLine;
      if (modelVersion === undefined) continue;
      times.set(keyOf(namespace, workload, modelVersion), Date.parse(time));
    }
    return times;
  }
}

function keyOf(namespace: string, workload: string, version: number): string {
  return `${namespace}/${workload}@${version}`;
}

/** A quantile of measured values; 1 = the largest. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function at(values: readonly number[], share: number): string {
  return quantile(values, share).toFixed(3);
}

function quantileFigure(values: readonly number[], share: number): Figure {
  const value = quantile(values, share);
  return { mean: value, low: value, high: value, n: values.length, unit: 'seconds' };
}

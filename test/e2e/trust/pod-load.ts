// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../api.ts';
import { ANNOTATIONS } from '../ledger.ts';
import { preferredTerms } from '../objects.ts';
import type { Pod } from '../objects.ts';
import { barePod, pathOf } from '../workloads.ts';

/** How Pods are created. */
export interface PodLoadSpec {
  readonly api: Api;
  readonly namespace: string;
  /** Names are `<prefix>-<number>`. */
  readonly prefix: string;
  /** Creations under way at once. */
  readonly concurrency: number;
  /** Between the end of one creation and the next, in each of them. */
  readonly pauseMilliseconds: number;
  /** Nothing is stored; else each Pod is deleted once it was created. */
  readonly dryRun: boolean;
}

/**
 * Creates Pods until it is told to stop, and keeps account of what the API server answered. A
 * creation that fails is an entry of the account, not an error.
 */
export class PodLoad {
  created = 0;
  /** Created with a decision. */
  decided = 0;
  /** Created with a preferred term. */
  injected = 0;
  readonly failures: string[] = [];
  longestMilliseconds = 0;
  readonly #spec: PodLoadSpec;
  readonly #running: Promise<unknown>;
  #sent = 0;
  #stopped = false;

  constructor(spec: PodLoadSpec) {
    this.#spec = spec;
    this.#running = Promise.all(Array.from({ length: spec.concurrency }, () => this.#run()));
  }

  /** Resolves when the last creation is answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#create();
      await sleep(this.#spec.pauseMilliseconds);
    }
  }

  async #create(): Promise<void> {
    const { api, namespace, prefix, dryRun } = this.#spec;
    this.#sent += 1;
    const name = `${prefix}-${this.#sent}`;
    const path = pathOf('Pod', namespace);
    const begin = performance.now();
    try {
      const pod = await api.create<Pod>(dryRun ? `${path}?dryRun=All` : path, barePod(name));
      this.created += 1;
      if (pod.metadata.annotations?.[ANNOTATIONS.id] !== undefined) this.decided += 1;
      if (preferredTerms(pod).length > 0) this.injected += 1;
    } catch (error) {
      this.failures.push(error instanceof Error ? error.message : String(error));
      return;
    } finally {
      const took = performance.now() - begin;
      this.longestMilliseconds = Math.max(this.longestMilliseconds, took);
    }
    if (!dryRun) await api.delete(`${path}/${name}?gracePeriodSeconds=0`);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { Gauge, type Registry } from 'prom-client';
import { OPT_IN_VALUE } from '#admission/pod/eligibility.ts';
import type { ReadinessCheck } from '#admission/server/operations.ts';
import type { AuditSink } from '#audit/sink.ts';
import { readDecisionKey } from '#certs/keyring.ts';
import { KubeSecretStore } from '#certs/kube-stores.ts';
import { sleep } from '#cluster/api/backoff.ts';
import type { KubeClient } from '#cluster/api/client.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import { EventRecorder } from '#cluster/actions/events.ts';
import type { Informers } from '#cluster/mirror/informers.ts';
import { LeaderElector, type Leadership } from '#cluster/lease/elector.ts';
import { ModelStore, type DeleteResult, type WriteResult } from '#cluster/model/store.ts';
import { writePolicyStatus } from '#cluster/policy/status.ts';
import { releasePod } from '#cluster/actions/release-pod.ts';
import { createLearner, type Learner } from '#learner/loop/learner.ts';
import type { LearnerOptions } from '#learner/loop/options.ts';
import { createLearnerMetrics } from '#learner/tick/metrics.ts';
import { ownPresets } from '#learner/readings/preset-choice.ts';
import type { CapacityRecord } from '#learner/capacity/record.ts';
import type { ShardStore } from '#learner/tick/ports.ts';
import type { TickReport } from '#learner/tick/tick-report.ts';
import type { Settings } from '#settings/settings.ts';
import type { Telemetry } from '#telemetry/sources/sources.ts';
import { createCapacityMetrics } from '#learner/capacity/metrics.ts';
import { VERSION } from '#cli/command/version.ts';
import { capacityPort } from './capacity-port.ts';
import { clockProblem } from './clock.ts';
import type { ProductPorts } from './ports.ts';
import { openTelemetry } from './telemetry.ts';

/** Between two looks for the signing key, which the admission role makes. */
const KEY_RETRY_MILLISECONDS = 1000;

/** What the learner role is made of. */
export interface LearnerRoleOptions {
  readonly settings: Settings;
  readonly ports: ProductPorts;
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly audit: AuditSink;
  readonly registry: Registry;
  /** The signing key where this process has it already; else it is read from the Secret. */
  readonly decisionKey: Buffer | undefined;
}

/** The running learner role. */
export interface LearnerRole {
  readonly checks: readonly ReadinessCheck[];
  /** What it measures with, and the key that it checks decisions with: the dashboard's too. */
  readonly telemetry: Telemetry;
  readonly decisionKey: Buffer;
  /** Whether this process leads now. */
  leads(): boolean;
  /** One scrape of the exporters (drive `manual`). */
  scrape(): Promise<void>;
  /** One learning cycle (drive `manual`); waits until this process leads. */
  tick(): Promise<TickReport>;
  /** Gives the lease back and ends. */
  stop(): Promise<void>;
}

/**
 * Starts the learner role: scrapes (where no Prometheus server does), stands for election, and
 * learns while it leads. Followers only keep their informers warm.
 */
export async function startLearnerRole(
  options: LearnerRoleOptions,
  outer: AbortSignal,
): Promise<LearnerRole> {
  const { settings, ports, client, informers, audit, registry } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([outer, ended.signal]);
  const decisionKey = options.decisionKey ?? (await awaitKey(options, signal));
  const telemetry = openTelemetry(settings.telemetry, informers.view, ports, {
    client,
    ownPresets: () => ownPresets(informers.policies.policies()),
  });
  const events = new EventRecorder(ports.identity, {
    api: client,
    now: ports.now,
    newId: ports.newId,
    onDropped: (why, error) => ports.logger.debug({ why, err: error }, 'an Event was not written'),
  });
  const metrics = createLearnerMetrics(registry);
  // A Lease that was deleted starts its epochs anew; what is stored tells how far they had come.
  let highestEpoch = 0;
  const elector = new LeaderElector(
    { namespace: settings.namespace, name: settings.learner.leaseName, identity: ports.identity },
    {
      api: client,
      // A lease is judged in real time, whatever clock the learner's windows follow.
      now: () => Date.now(),
      monotonic: ports.elapsed,
      random: ports.random,
      sleep,
      onError: (error) => ports.logger.warn({ err: error }, 'leader election'),
      leastEpoch: () => highestEpoch + 1,
      unfit: clockProblem(client, ports.logger),
    },
    settings.learner,
  );
  new Gauge({
    name: 'perihelion_learner_is_leader',
    help: '1 while this process holds the lease of the learner, else 0.',
    registers: [registry],
    collect() {
      this.set(elector.isLeader ? 1 : 0);
    },
  });
  const capacity = {
    port: capacityPort(client, { informers, decisionKeys: decisionKey, now: ports.now }),
    metrics: createCapacityMetrics(registry),
    onRecord: (record: CapacityRecord) =>
      audit.write({ ...record, versions: { perihelion: VERSION } }),
  };
  const learnerOf = (leadership: Leadership, store: ShardStore): Learner =>
    createLearner({
      ...viewsOf(informers),
      power: telemetry.sources,
      latency: telemetry.sources,
      load: telemetry.sources,
      carbon: telemetry.carbon,
      presetProblem: telemetry.presetProblem,
      store,
      decisionKeys: decisionKey,
      limits: { ingestDelaySeconds: settings.learner.ingestDelaySeconds },
      now: ports.now,
      isLeader: leadership.holds,
      logger: ports.logger,
      metrics,
      capacity,
      forgetting: {
        shards: () => informers.models.shards(),
        retentionSeconds: retentionSecondsOf(settings.learner.modelRetentionDays),
        onRecord: (record) => audit.write({ ...record, versions: { perihelion: VERSION } }),
      },
      policyStatus: {
        all: () => informers.policies.all(),
        problems: () => informers.policies.problems(),
        policies: () => informers.policies.policies(),
        write: (policy, status) => writePolicyStatus(client, policy, status),
      },
      releasePod: (pod) => releasePod(client, pod),
      onEnforcement: (record) => audit.write({ ...record, versions: { perihelion: VERSION } }),
      onSettled: (record) => audit.write({ ...record, versions: { perihelion: VERSION } }),
      onEvent: ({ namespace, owner, reason, message }) => {
        void events.record(
          { ...owner, namespace },
          { type: 'Normal', reason, action: 'Place', note: message },
        );
      },
    });
  let leading = Promise.withResolvers<Learner>();
  const election = elector.run(async (leadership) => {
    ports.logger.info({ epoch: leadership.epoch }, 'this process leads');
    const fenced = new AbortController();
    const store = fencedStore(
      new ModelStore(client, leadership.epoch, informers.models),
      (epoch) => {
        highestEpoch = Math.max(highestEpoch, epoch);
        fenced.abort();
      },
    );
    const term = AbortSignal.any([leadership.signal, fenced.signal]);
    const learner = learnerOf(leadership, store);
    leading.resolve(learner);
    if (ports.drive === 'timer') await learner.run(settings.learner.intervalSeconds, term);
    else await aborted(term);
    leading = Promise.withResolvers();
    ports.logger.info({ epoch: leadership.epoch }, 'this process leads no longer');
  }, signal);
  const scraping = ports.drive === 'timer' ? telemetry.run(signal) : Promise.resolve();
  return {
    checks: [],
    telemetry: telemetry.sources,
    decisionKey,
    leads: () => elector.isLeader,
    scrape: () => telemetry.scrape(),
    tick: async () => (await leading.promise).tick(),
    async stop() {
      ended.abort();
      // Nothing is written once the term is over, so what telemetry would answer is not waited for:
      // a source that says nothing must not keep the lease from being given back.
      await telemetry.close();
      await Promise.all([election, scraping]);
    },
  };
}

/** The store of one term; tells when a leader of a later term has written. */
function fencedStore(store: ModelStore, onFenced: (epoch: number) => void): ShardStore {
  const note = <R extends WriteResult<unknown> | DeleteResult<unknown>>(result: R): R => {
    if (result.kind === 'fenced') onFenced(result.epoch);
    return result;
  };
  return {
    readShard: (namespace, policy, workload) => store.readShard(namespace, policy, workload),
    writeShard: async (shard) => note(await store.writeShard(shard)),
    deleteShard: async (shard) => note(await store.deleteShard(shard)),
    writeObservation: async (observation) => note(await store.writeObservation(observation)),
  };
}

/** 0 days = for ever. */
function retentionSecondsOf(days: number): number {
  return days === 0 ? Infinity : days * 86_400;
}

type Views = Pick<LearnerOptions, 'view' | 'namespaces' | 'policies' | 'models'>;

function viewsOf({ view, policies, models }: Informers): Views {
  return { view, policies, models, namespaces: () => optedIn(view.namespaces()) };
}

function* optedIn(
  namespaces: Iterable<{
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  }>,
): Iterable<string> {
  for (const { name, labels } of namespaces) {
    if (labels[PLACEMENT_LABEL] === OPT_IN_VALUE) yield name;
  }
}

async function awaitKey(options: LearnerRoleOptions, signal: AbortSignal): Promise<Buffer> {
  const { settings, client, ports } = options;
  const store = new KubeSecretStore(client, settings.namespace, settings.webhook.secret);
  for (;;) {
    try {
      const secret = await store.read();
      const key = secret === undefined ? undefined : readDecisionKey(secret.data);
      if (key !== undefined) return key;
      ports.logger.info('waiting for the signing key, which the admission role makes');
    } catch (error) {
      ports.logger.warn({ err: error }, 'the signing key cannot be read');
    }
    signal.throwIfAborted();
    await sleep(KEY_RETRY_MILLISECONDS, signal);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

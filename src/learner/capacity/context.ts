// SPDX-License-Identifier: Apache-2.0
import type { AutoscalerOwners } from '#cluster/actions/autoscalers.ts';
import type { DisruptionBudget } from '#cluster/actions/disruption-budgets.ts';
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { Window } from '#telemetry/reading/source.ts';
import type { CapacityMetrics } from './metrics.ts';
import type { CapacityPort, Recommendation } from './ports.ts';
import type { CapacityRecord } from './record.ts';
import type { Group } from '#learner/tick/groups.ts';
import { withinHour } from './ledger.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import type { EventSink, LearnerLogger, LearnerView, ShardStore } from '#learner/tick/ports.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import type { Standing } from './standing.ts';

/** What scaling and rebalancing read and do. */
export interface CapacityEffects {
  readonly port: CapacityPort;
  readonly view: LearnerView;
  readonly models: Pick<ModelView, 'shard'>;
  readonly store: ShardStore;
  readonly ask: (window: Window, group: Group) => Promise<WindowReadings>;
  readonly isLeader: () => boolean;
  /** A later leader has written: nothing may be done any more. */
  readonly onFenced: () => void;
  readonly onEvent?: EventSink | undefined;
  readonly onRecord?: ((record: CapacityRecord) => void) | undefined;
  readonly metrics: CapacityMetrics;
  readonly onTelemetryFailure: () => void;
  readonly logger: LearnerLogger;
  readonly ingestDelaySeconds: number;
  readonly now: () => number;
}

/** What this process remembers between ticks; a new leader needs none of it. */
export interface CapacityMemory {
  /** When a workload (for scaling) or a namespace (for moves) was last looked at. */
  readonly lookedAt: Map<string, number>;
  readonly recommendations: Map<string, Recommendation>;
}

/** Nothing is looked at again before so long, whatever came of it. */
export const LOOK_MILLISECONDS = 60_000;

/** The last window that telemetry has in full. */
export function lastWindow(group: Group, effects: CapacityEffects): Window {
  const to = effects.now() - effects.ingestDelaySeconds * 1000;
  return { from: to - group.policy.spec.measurement.windowSeconds * 1000, to };
}

/** Asks telemetry; undefined where it does not answer. */
export async function tryAsk(
  window: Window,
  group: Group,
  effects: CapacityEffects,
): Promise<WindowReadings | undefined> {
  try {
    return await effects.ask(window, group);
  } catch (error) {
    const { namespace } = group;
    effects.onTelemetryFailure();
    effects.logger.warn({ namespace, err: error }, 'a workload could not be measured');
    return undefined;
  }
}

/** Asks the API server; undefined where it refuses or fails, which only matters to who asked. */
export async function tryCall<T>(
  what: string,
  call: () => Promise<T>,
  effects: Pick<CapacityEffects, 'logger'>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    effects.logger.info({ err: error }, what);
    return undefined;
  }
}

/** The namespace's autoscalers and budgets, each asked once a tick. */
export interface NamespaceFacts {
  autoscalers(): Promise<AutoscalerOwners>;
  /** Undefined = not known. */
  budgets(): Promise<readonly DisruptionBudget[] | undefined>;
}

/** See {@link NamespaceFacts}. */
export function namespaceFacts(namespace: string, effects: CapacityEffects): NamespaceFacts {
  let autoscalers: Promise<AutoscalerOwners> | undefined;
  let budgets: Promise<readonly DisruptionBudget[] | undefined> | undefined;
  return {
    autoscalers: () =>
      (autoscalers ??= tryCall(
        'the autoscalers cannot be listed',
        () => effects.port.autoscalers(namespace),
        effects,
      ).then((owners) => owners ?? { kind: 'unknown', why: 'the API server did not answer' })),
    budgets: () =>
      (budgets ??= tryCall(
        'the PodDisruptionBudgets cannot be listed',
        () => effects.port.budgets(namespace),
        effects,
      )),
  };
}

/** The shard past every cache, or an empty one. */
export async function freshShard(
  group: Group,
  standing: Standing,
  effects: CapacityEffects,
): Promise<ModelShard> {
  const { namespace, policy } = group;
  const stored = await effects.store.readShard(namespace, policy.name, standing.workload);
  return stored ?? emptyShard(namespace, policy.name, standing.workload);
}

/** Writes the ledger; true when it stands, and only then may anything be done. */
export async function writeLedger(shard: ModelShard, effects: CapacityEffects): Promise<boolean> {
  if (!effects.isLeader()) return false;
  const { kind } = await effects.store.writeShard({ ...shard, version: shard.version + 1 });
  if (kind === 'fenced') effects.onFenced();
  return kind === 'written' && effects.isLeader();
}

/** Actions in the ledgers of a namespace within the last hour, those of one workload as given. */
export function spentIn(
  group: Group,
  kind: 'scaling' | 'moving',
  own: { readonly workload: string; readonly changes: readonly number[] },
  effects: CapacityEffects,
): number {
  const now = effects.now();
  let spent = withinHour(own.changes, now);
  for (const workload of group.pods.keys()) {
    if (workload === own.workload) continue;
    const shard = effects.models.shard(group.namespace, group.policy.name, workload);
    spent += withinHour(shard?.[kind]?.changes ?? [], now);
  }
  return spent;
}

/** Where a recommendation is said. */
export interface Audience {
  readonly standing: Pick<Standing, 'owner'>;
  readonly memory: CapacityMemory;
  readonly effects: Pick<CapacityEffects, 'onEvent'>;
}

/**
 * Remembers a recommendation and tells it; an Event only where it says something new.
 * @param recommendation undefined = there is none any more
 */
export function publish(
  key: string,
  recommendation: Recommendation | undefined,
  { standing, memory, effects }: Audience,
): void {
  const before = memory.recommendations.get(key);
  if (recommendation === undefined) {
    memory.recommendations.delete(key);
    return;
  }
  memory.recommendations.set(key, recommendation);
  const applied = recommendation.outcome === 'Applied';
  const news = applied || before === undefined || !sameStep(before, recommendation);
  if (standing.owner === undefined || !news) return;
  const words = EVENT_WORDS[recommendation.kind];
  effects.onEvent?.({
    namespace: recommendation.namespace,
    owner: standing.owner,
    reason: applied ? words.applied : words.recommended,
    message: recommendation.message,
  });
}

function sameStep(a: Recommendation, b: Recommendation): boolean {
  return a.to === b.to && a.from === b.from && a.pod === b.pod && a.outcome === b.outcome;
}

const EVENT_WORDS = {
  Scale: { applied: 'ReplicasChanged', recommended: 'ReplicasRecommended' },
  Move: { applied: 'PodMoved', recommended: 'PodMoveRecommended' },
} as const;

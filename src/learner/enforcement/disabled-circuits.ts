// SPDX-License-Identifier: Apache-2.0
import type { ModelShard, ModelView } from '#cluster/model/model.ts';
import type { Group } from '#learner/tick/groups.ts';
import type { LearnerLogger, ShardStore } from '#learner/tick/ports.ts';

/** Shards written in one tick at most; the rest waits for the next. */
const WRITES_PER_TICK = 20;

/** What forgetting circuits reads and does. */
export interface DisabledContext {
  readonly models: Pick<ModelView, 'shard'>;
  /** Every shard as the watch shows it; undefined = only those of workloads with Pods. */
  readonly shards?: (() => Iterable<ModelShard>) | undefined;
  readonly store: ShardStore;
  readonly isLeader: () => boolean;
  readonly onFenced: () => void;
  readonly logger: LearnerLogger;
}

/**
 * Takes the circuits out of the shards of policies whose breaker is disabled, so that a breaker
 * that is enabled again begins closed and judges what happens from then on. Settling does the
 * same; this is for workloads of which nothing is settled meanwhile. What fails is tried again.
 */
export async function forgetDisabledCircuits(
  groups: readonly Group[],
  context: DisabledContext,
): Promise<void> {
  const tripped = groups
    .filter(({ policy }) => policy.spec.circuitBreaker.mode === 'Disabled')
    .flatMap((group) => shardsOf(group, context))
    .filter(({ circuit }) => circuit !== undefined);
  for (const shard of tripped.slice(0, WRITES_PER_TICK)) await forget(shard, context);
}

function shardsOf({ namespace, policy, pods }: Group, context: DisabledContext): ModelShard[] {
  const { models, shards } = context;
  const workloads =
    shards === undefined
      ? [...pods.keys()]
      : [...shards()].flatMap((one) =>
          one.namespace === namespace && one.policy === policy.name ? [one.workload] : [],
        );
  return workloads.flatMap((workload) => models.shard(namespace, policy.name, workload) ?? []);
}

async function forget(known: ModelShard, context: DisabledContext): Promise<void> {
  const { store, isLeader, logger } = context;
  const { namespace, policy, workload } = known;
  if (!isLeader()) return;
  const where = { namespace, policy, workload };
  try {
    const stored = await store.readShard(namespace, policy, workload);
    if (stored?.circuit === undefined || !isLeader()) return;
    const { kind } = await store.writeShard({
      ...stored,
      version: stored.version + 1,
      circuit: undefined,
    });
    if (kind === 'fenced') context.onFenced();
    if (kind === 'written') logger.info(where, 'the circuit of a disabled breaker was forgotten');
    else logger.info({ ...where, kind }, 'a circuit was not forgotten; tried again');
  } catch (error) {
    logger.warn({ ...where, err: error }, 'a circuit was not forgotten; tried again');
  }
}

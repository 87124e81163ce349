// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { createGenerator } from '#agent/terms/random.ts';
import { boundFeatures, encodeState } from '#agent/state/state-key.ts';
import type { StateKey } from '#agent/terms/state.ts';
import { decide } from '#admission/decision/decide.ts';
import { incomingPod } from '#admission/pod/incoming-pod.ts';
import { Memory } from '#admission/decision/memory.ts';
import { parseReview } from '#admission/review/review.ts';
import { encodeShard } from '#cluster/model/codec.ts';
import { modelLabels, shardName } from '#cluster/model/name.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS, preferredTargets } from '../ledger.ts';
import type { KubeObject, Pod } from '../objects.ts';
import { oneFigure } from '../results.ts';
import type { Figure } from '../results.ts';
import { Crowding } from '../state/crowding.ts';
import type { Insider } from '../state/insider.ts';
import { BURST, POLICY, ROOM, STATE_NODES } from '../state/stage.ts';
import type { StateStage } from '../state/stage.ts';
import type { Replica } from '../product.ts';
import { WebhookClient, replicaOf, reviewOf } from '../state/webhook.ts';
import { waitFor } from '../wait.ts';
import { controller, pathOf } from '../workloads.ts';

const REPLICAS = 500;
const NAME = 'herd';
const WORKLOAD = `Deployment/${NAME}`;
const BEST = 'node-4';
const MODELS = `/apis/perihelion.dev/v1alpha1/namespaces/${BURST}/placementmodels`;

/** A ReplicaSet that nobody has seen: its name says whose it is. */
const OWNER: KubeObject = { metadata: { name: `${NAME}-7d9c5b6f88`, namespace: BURST, uid: 'u' } };
const LABELS = { 'pod-template-hash': '7d9c5b6f88' };

/**
 * What two replicas may put beyond the room of the best target. Each counts its own decisions at
 * once and estimates those of the other until the watch shows them; an estimate may be off. Without
 * counting it is more than two thirds of the burst.
 */
const MOST_BEYOND = ROOM / 4;

/**
 * Five hundred replicas at once, through two replicas of the webhook, with a target that is known
 * to be the best. The same decisions are taken again in this process by the product's own code with
 * an empty memory for each Pod, which is counting switched off.
 */
export async function checkBurst(
  stage: StateStage,
  insider: Insider,
  timings: Record<string, Figure>,
): Promise<void> {
  const { checks, controlPlane, product } = stage;
  const { api } = controlPlane;
  await publishBest(stage, insider);
  const two = product.of('admission').slice(0, 2);
  product.forwarder.setBackends(two.map(({ webhookPort }) => webhookPort));
  product.forwarder.cut();
  await knownToAll(stage, two);
  // What was observed last holds: a burst that keeps exporters from answering is not the question.
  await product.stop('learner');
  const without = forgetful(insider);
  const crowding = new Crowding();
  crowding.follow(api, BURST);
  let counts = new Map<string, number>();
  await checks.check(`burst: ${REPLICAS} Pods at once are decided`, async () => {
    const begin = performance.now();
    await api.create(
      pathOf('Deployment', BURST),
      controller('Deployment', NAME, { replicas: REPLICAS }),
    );
    const pods = await waitFor('bound Pods', { timeoutSeconds: 120 }, async () => {
      const found = await api.list<Pod>(pathOf('Pod', BURST));
      const bound = found.filter(({ spec }) => spec.nodeName !== undefined);
      if (bound.length < REPLICAS) throw new Error(`${bound.length} bound`);
      return bound;
    });
    const seconds = (performance.now() - begin) / 1000;
    timings['burstBound'] = oneFigure(seconds, 'seconds');
    timings['burstDecided'] = oneFigure(decidedOf(pods).length, 'Pods');
    const decided = decidedOf(pods);
    counts = countOf(decided.map((pod) => preferredTargets(pod)[0] ?? DEFAULT_ACTION));
    // A Pod that the API server passed over, because the machine of the run was too busy to answer
    // in 2 s, is not one that was sent wrong; but of a few nothing could be said.
    expect(decided.length >= REPLICAS / 2, `only ${decided.length} decided`);
    return `${decided.length} decided and ${pods.length} bound in ${seconds.toFixed(1)} s`;
  });
  await checks.check(
    'burst: the best node is filled once by both replicas together, instead of sending everything there',
    () => {
      crowding.stop();
      const beyond = beyondRoom(crowding.most);
      const beyondWithout = beyondRoom(without);
      timings['burstBeyondRoom'] = oneFigure(beyond, 'Pods');
      timings['burstBeyondRoomWithoutCounting'] = oneFigure(beyondWithout, 'Pods');
      const text =
        `asked ${describe(counts)}; at most there and on the way ${describe(crowding.most)}: ` +
        `${beyond} beyond the room of ${ROOM}; ` +
        `without counting ${describe(without)}: ${beyondWithout} beyond it`;
      expect(beyond <= MOST_BEYOND && counts.size > 2, text);
      expect(beyondWithout >= REPLICAS - ROOM, text);
      return text;
    },
  );
  await api.delete(`${pathOf('Deployment', BURST)}/${NAME}?propagationPolicy=Background`);
  product.forwarder.setBackends(product.of('admission').map(({ webhookPort }) => webhookPort));
}

/** Waits until the burst's targets are measured, and writes what makes one of them the best. */
async function publishBest({ controlPlane }: StateStage, insider: Insider): Promise<void> {
  const { models } = insider.informers;
  await waitFor('measured targets', { timeoutSeconds: 60 }, () => {
    const targets = models.observation(BURST, POLICY)?.targets ?? {};
    const healthy = Object.values(targets).filter(({ health }) => health === 'healthy');
    return healthy.length === STATE_NODES.length;
  });
  const row = Object.fromEntries(
    STATE_NODES.map(({ name }) => [name, { value: name === BEST ? 1 : 0.5, weight: 100 }]),
  );
  const none = { mean: 0, variance: 0, weight: 0 };
  const shard: ModelShard = {
    ...{ namespace: BURST, policy: POLICY, workload: WORKLOAD, version: 1, episodes: 1 },
    ...{ baselines: {}, load: none, defaultSamples: 1, settled: [], followed: 0, asked: 0 },
    cells: Object.fromEntries(states().map((state) => [state, row])),
  };
  const name = shardName(POLICY, WORKLOAD);
  await controlPlane.api.create(MODELS, {
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementModel',
    metadata: { name, namespace: BURST, labels: modelLabels(POLICY, 'shard') },
    spec: encodeShard(shard),
  });
  await waitFor('the model in the informers', { timeoutSeconds: 60 }, () =>
    models.shard(BURST, POLICY, WORKLOAD),
  );
}

/** Waits until each replica would decide with the model. */
async function knownToAll(stage: StateStage, replicas: readonly Replica[]): Promise<void> {
  const client = await WebhookClient.of(stage);
  const pod = replicaOf(OWNER, LABELS);
  for (const replica of replicas) {
    await waitFor(`the model in ${replica.name}`, { timeoutSeconds: 60 }, async () => {
      const options = { namespace: BURST, dryRun: true };
      const { annotations } = await client.review(replica, pod, options);
      return (
        annotations[ANNOTATIONS.modelVersion] === '1' && annotations[ANNOTATIONS.action] === BEST
      );
    });
  }
  await client.close();
}

/** Every state that a Pod of the burst can meet. */
function states(): StateKey[] {
  const names = STATE_NODES.map(({ name }) => name);
  const loads = ['low', 'normal', 'high', 'unknown'] as const;
  const all = loads.flatMap((load) =>
    [...names, null].map((least) =>
      encodeState(boundFeatures({ load, least, peers: null }, names.length)),
    ),
  );
  return [...new Set(all)];
}

/** Targets of as many decisions, each taken without any memory of those before it. */
function forgetful({ informers, decisionKey }: Insider): Map<string, number> {
  const { view, policies, models } = informers;
  const random = createGenerator('burst');
  const now = Date.now();
  const raw = reviewOf(replicaOf(OWNER, LABELS), { namespace: BURST });
  const pod = incomingPod(parseReview(raw));
  return countOf(
    Array.from({ length: REPLICAS }, (_, index) => {
      const memory = new Memory({ view, policies, keys: [decisionKey], now: () => now });
      const newId = (): string => `forgetful-${index}-${random.next()}`;
      const policy = policies.policyFor(BURST);
      const checkpoint = (): void => undefined;
      const taken = decide({ pod, policy, view, models, memory, now, newId, checkpoint });
      return taken.record.action;
    }),
  );
}

function decidedOf(pods: readonly Pod[]): Pod[] {
  return pods.filter(({ metadata }) => metadata.annotations?.[ANNOTATIONS.id] !== undefined);
}

function countOf(targets: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1);
  return counts;
}

/** Pods that were asked onto a target beyond its room. */
function beyondRoom(counts: ReadonlyMap<string, number>): number {
  return [...counts]
    .filter(([target]) => target !== DEFAULT_ACTION)
    .reduce((sum, [, count]) => sum + Math.max(0, count - ROOM), 0);
}

function describe(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([target, count]) => `${target} ${count}`)
    .join(', ');
}

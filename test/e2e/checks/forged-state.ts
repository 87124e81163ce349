// SPDX-License-Identifier: Apache-2.0
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import type { KubeObject, Metadata, Pod } from '../objects.ts';
import { CHAOS, DOUBT, POLICY } from '../state/stage.ts';
import type { StateStage } from '../state/stage.ts';
import { waitFor } from '../wait.ts';
import { barePod, pathOf } from '../workloads.ts';
import { grow, metricOf } from './api-outage.ts';
import { placed, rejections } from './clocks.ts';
import type { Doubtful } from './clocks.ts';
import { untilSettled } from './leader-kills.ts';

const PREFIX = 'perihelion.dev/';
const NAMESPACE = CHAOS[1];
const MODELS = `/apis/perihelion.dev/v1alpha1/namespaces/${NAMESPACE}/placementmodels`;
const SHARD = `${POLICY}.deployment.front`;

/** Annotations that were altered, stripped and copied are counted and never learned from. */
export async function checkForgedDecisions(stage: StateStage, doubtful: Doubtful): Promise<void> {
  const { checks, models } = stage;
  const { api } = stage.controlPlane;
  const reasons = ['forged', 'unsigned', 'duplicate'] as const;
  const before = await Promise.all(reasons.map((reason) => rejections(stage, reason)));
  await checks.check('forged decisions: counted by the learner', async () => {
    // Of two Pods with one id the older has it; within a second, the first by UID.
    const [original, copy] = (await placed(stage, 'cart')).toSorted(byAge);
    const [altered, stripped] = await placed(stage, 'checkout');
    const annotate = (pod: Pod | undefined, annotations: Record<string, string | null>) =>
      api.merge(`${pathOf('Pod', DOUBT)}/${pod?.metadata.name ?? ''}`, {
        metadata: { annotations },
      });
    await annotate(altered, { [ANNOTATIONS.action]: 'node-1', [ANNOTATIONS.propensity]: '0.001' });
    await annotate(stripped, { [ANNOTATIONS.signature]: null });
    for (const pod of [altered, stripped, copy]) doubtful.add(idOf(pod));
    // Between Pods of one owner a signature holds; only the id tells.
    await annotate(copy, decisionOn(original));
    await waitFor('counted annotations', { timeoutSeconds: 60 }, async () => {
      const now = await Promise.all(reasons.map((reason) => rejections(stage, reason)));
      const counts = now.map((count, index) => count - (before[index] ?? 0));
      const sum = counts.reduce((total, one) => total + one, 0);
      if (sum < 3) throw new Error(`${sum} of 3: ${counts.join(', ')}`);
      return true;
    });
    return reasons.join(', ');
  });
  await checks.check('forged decisions: replaced where they come with a new Pod', async () => {
    const replaced = () => replacements(stage);
    const count = await replaced();
    const [any] = await api.list<Pod>(pathOf('Pod', DOUBT));
    const pod = barePod('smuggled', { annotations: decisionOn(any), labels: { app: 'cart' } });
    const made = await api.create<Pod>(pathOf('Pod', DOUBT), pod);
    expect(idOf(made) !== idOf(any) && idOf(made) !== '', `it kept ${idOf(made)}`);
    expect((await replaced()) > count, 'it was not counted');
    return 'by a decision of its own';
  });
  await checks.check('doubtful decisions: none is ever learned from', async () => {
    await waitFor('a settled honest decision', { timeoutSeconds: 60 }, () =>
      [...models.settled].some(([key, ids]) => key.startsWith(`${DOUBT}/`) && ids.size > 0),
    );
    const settled = [...models.settled].flatMap(([, ids]) => [...ids]);
    const learned = settled.filter((id) => doubtful.has(id));
    expect(doubtful.size > 5 && learned.length === 0, `${learned.length} of ${doubtful.size}`);
    return `0 of ${doubtful.size}, beside ${settled.length} honest ones`;
  });
}

/** A copy under another name is ignored; a broken object is replaced by the next write. */
export async function checkBrokenModels(stage: StateStage): Promise<void> {
  const { checks, models } = stage;
  const { api } = stage.controlPlane;
  const before = await unreadable(stage);
  const read = () => api.get<KubeObject & { spec: Record<string, unknown> }>(`${MODELS}/${SHARD}`);
  const good = await read();
  const version = models.shard(NAMESPACE, 'Deployment/front')?.version ?? 0;
  await checks.check(
    'foreign model: counted by every process, and it changes nothing',
    async () => {
      const name = 'stolen.deployment.front';
      const shard = { ...(good.spec['shard'] as object), version: 999_999 };
      await api.create(MODELS, {
        ...{
          apiVersion: good.apiVersion,
          kind: good.kind,
          metadata: { name, namespace: NAMESPACE },
        },
        spec: { ...good.spec, shard },
      });
      await waitFor('counted objects', { timeoutSeconds: 60 }, async () => {
        const now = await unreadable(stage);
        return now.every((count, index) => count > (before[index] ?? 0));
      });
      await api.delete(`${MODELS}/${name}`);
      return `${before.length} processes have counted it`;
    },
  );
  await checks.check('corrupted model: counted, and the last good one holds', async () => {
    const between = await unreadable(stage);
    const load = { mean: '1e+999', variance: '0', weight: '1' };
    await api.merge(`${MODELS}/${SHARD}`, {
      spec: { shard: { load } },
    });
    await waitFor('counted objects', { timeoutSeconds: 60 }, async () => {
      const now = await unreadable(stage);
      return now.every((count, index) => count > (between[index] ?? 0));
    });
    return `version ${version} holds in memory`;
  });
  await checks.check(
    'corrupted model: the next rollout writes over it, nothing is lost',
    async () => {
      await grow(stage);
      await untilSettled(stage);
      const healed = await read();
      const shard = healed.spec['shard'] as {
        version: number;
        load: { mean: string };
        episodes: number;
      };
      expect(shard.load.mean !== '1e+999', 'it still stands');
      expect(shard.version === version + 1, `version ${version}, then ${shard.version}`);
      const episodes = (good.spec['shard'] as { episodes: number }).episodes;
      expect(shard.episodes >= episodes, `${episodes} episodes, then ${shard.episodes}`);
      return `version ${version}, then ${shard.version}, with ${shard.episodes} episodes`;
    },
  );
}

/** Objects that each running process could not read. */
async function unreadable({ product }: StateStage): Promise<number[]> {
  const name = 'perihelion_informer_happenings_total';
  const running = product.replicas.filter(({ program }) => program.running);
  return Promise.all(
    running.map((replica) => metricOf(replica, name, 'resource="models",happening="unreadable"')),
  );
}

/** Decisions that came with a Pod and were replaced, all replicas together. */
async function replacements({ product }: StateStage): Promise<number> {
  const running = product.of('admission').filter(({ program }) => program.running);
  const counts = running.map((replica) => metricOf(replica, 'perihelion_decisions_replaced_total'));
  return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0);
}

function idOf(pod: { readonly metadata: Metadata } | undefined): string {
  return pod?.metadata.annotations?.[ANNOTATIONS.id] ?? '';
}

function byAge(a: Pod, b: Pod): number {
  const key = ({ metadata }: Pod): string => `${metadata.creationTimestamp} ${metadata.uid}`;
  return key(a) < key(b) ? -1 : 1;
}

/** The whole decision that a Pod carries. */
function decisionOn(pod: Pod | undefined): Record<string, string> {
  const entries = Object.entries(pod?.metadata.annotations ?? {});
  return Object.fromEntries(entries.filter(([name]) => name.startsWith(PREFIX)));
}

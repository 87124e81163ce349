// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { issueAuthority } from '#certs/issue.ts';
import { SLOT_KEYS } from '#certs/slot.ts';
import { encodeShard } from '#cluster/model/codec.ts';
import { observationName, shardName } from '#cluster/model/name.ts';
import { emptyShard } from '#learner/tick/shards.ts';
import { expect } from '../checks.ts';
import { ROLES } from '../manifests.ts';
import { isServing } from '../objects.ts';
import type { Pod } from '../objects.ts';
import { NEEDS } from '../trust/needs.ts';
import type { Exercise, Need } from '../trust/needs.ts';
import { nameOfRight, rightsOf } from '../trust/rights.ts';
import type { Right } from '../trust/rights.ts';
import { TRUST, TRUST_POLICY } from '../trust/stage.ts';
import type { TrustStage } from '../trust/stage.ts';
import { TrialInstallation } from '../trust/trial.ts';
import { waitFor } from '../wait.ts';
import { controller, pathOf } from '../workloads.ts';

/** Installations at once, where they do not write what the others read. */
const SIDE_BY_SIDE = 6;
const WITNESS = 'rights-witness';
const DAY_MILLISECONDS = 86_400_000;
const PATIENCE = { timeoutSeconds: 60, everyMilliseconds: 250 };
const PLACEMENTS = `/apis/perihelion.dev/v1alpha1/namespaces/${TRUST}`;
/** A workload that has had no Pods for long: each leader finds its model and deletes it. */
const GONE = 'Deployment/gone-for-good';
const MODEL_WITHOUT_PODS = `${PLACEMENTS}/placementmodels/${shardName(TRUST_POLICY, GONE)}`;
const METRICS_DEFINITION = 'nodes.metrics.k8s.io';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/**
 * No right too many: each one of the base is taken away in turn, and the product shows that it
 * lacks it. No right too few: with all of them, nothing is refused whatever it is made to do.
 */
export async function checkMinimalRights(stage: TrustStage): Promise<void> {
  const { checks, manifests, progress } = stage;
  const rights = ROLES.flatMap((role) => rightsOf(manifests.objects, role));
  const known = await checks.check('rights: each is one that something is known to need', () => {
    const granted = new Set(rights.map(nameOfRight));
    const unknown = [...granted].filter((name) => NEEDS[name] === undefined);
    const lacking = Object.keys(NEEDS).filter((name) => !granted.has(name));
    expect(unknown.length === 0, `nothing is known to need: ${unknown.join('; ')}`);
    expect(lacking.length === 0, `not granted: ${lacking.join('; ')}`);
    return `${granted.size} rights`;
  });
  if (!known) return;
  await prepare(stage);
  const needs = rights.map((right) => ({ right, need: NEEDS[nameOfRight(right)]! }));
  const leading = needs.filter(({ need }) => isLeading(need.exercise));
  const others = needs.filter(({ need }) => !isLeading(need.exercise));
  try {
    await checks.check('rights: with all of them nothing is refused', async () => {
      for (const exercise of ['first-start', 'rotation', 'lead-anew', 'lead'] as const) {
        await playWhole(stage, exercise);
      }
      return 'a first start, a rotation, a first and a second leader';
    });
    const missed: string[] = [];
    const one = async ({ right, need }: (typeof needs)[number]): Promise<void> => {
      await playWithout(stage, right, need).catch((error: unknown) => {
        missed.push(`${nameOfRight(right)} (${error instanceof Error ? error.message : ''})`);
      });
    };
    await progress.step(`${others.length} rights, side by side`, () =>
      atOnce(SIDE_BY_SIDE, others, one),
    );
    await progress.step(`${leading.length} rights of a leader`, () => atOnce(1, leading, one));
    await checks.check('rights: without any one of them the product shows it', () => {
      expect(missed.length === 0, `not needed, or not shown: ${missed.join('; ')}`);
      return `${needs.length} taken away in turn`;
    });
  } finally {
    await stage.controlPlane.api.delete(`${DEFINITIONS}/${METRICS_DEFINITION}`);
    await stage.controlPlane.api.delete(`${pathOf('Deployment', TRUST)}/${WITNESS}`);
  }
}

function isLeading(exercise: Exercise): boolean {
  return exercise === 'lead' || exercise === 'lead-anew';
}

/** Pods for a leader to see, and load of nodes for it to ask for. */
async function prepare({ controlPlane: { api } }: TrustStage): Promise<void> {
  const object = controller('Deployment', WITNESS, { replicas: 2 });
  await api.create(pathOf('Deployment', TRUST), object);
  const path = `${pathOf('Pod', TRUST)}?labelSelector=app%3D${WITNESS}`;
  await waitFor('the witnesses', PATIENCE, async () => {
    return (await api.list<Pod>(path)).filter(isServing).length === 2;
  });
  // From here on an observation is renewed with every cycle, and no decision is ever settled: each
  // new leader has something to tell its owner.
  await api.merge(`${PLACEMENTS}/placementpolicies/${TRUST_POLICY}`, {
    spec: { measurement: { staleAfterSeconds: 2, warmUpSeconds: 3600 } },
  });
  // What metrics-server serves, as far as it is read.
  await api.apply(`${DEFINITIONS}/${METRICS_DEFINITION}`, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: METRICS_DEFINITION,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, stands in for metrics-server' },
    },
    spec: {
      group: 'metrics.k8s.io',
      names: { kind: 'NodeMetrics', plural: 'nodes' },
      scope: 'Cluster',
      versions: [
        {
          ...{ name: 'v1beta1', served: true, storage: true },
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  });
}

/** Plays with all rights until what the exercise is about was done; nothing may be refused. */
async function playWhole(stage: TrustStage, exercise: Exercise): Promise<void> {
  const role = isLeading(exercise) ? 'learner' : 'admission';
  const trial = await play(stage, { exercise, role, without: undefined });
  try {
    await waitFor(`${exercise} with all rights`, PATIENCE, () => done(stage, trial, exercise));
    const [refusal] = trial.refusals();
    expect(refusal === undefined, `${exercise}: ${refusal ?? ''}`);
  } finally {
    await trial.stop();
  }
}

async function playWithout(stage: TrustStage, right: Right, need: Need): Promise<void> {
  const { exercise } = need;
  const trial = await play(stage, { exercise, role: right.role, without: right });
  try {
    await waitFor(`a sign of ${nameOfRight(right)}`, PATIENCE, () => need.shows(trial));
  } finally {
    await trial.stop();
  }
}

async function play(
  stage: TrustStage,
  part: { exercise: Exercise; role: Right['role']; without: Right | undefined },
): Promise<TrialInstallation> {
  const { exercise, role, without } = part;
  const name = `rights-${crypto.randomUUID().slice(0, 8)}`;
  if (isLeading(exercise)) await resetLeader(stage, exercise);
  const trial = new TrialInstallation({
    ...{ stage, name, role, without },
    secret: exercise !== 'first-start',
    follows: role === 'learner' && !isLeading(exercise),
  });
  await trial.start();
  if (exercise === 'rotation') {
    await waitFor('readiness', PATIENCE, async () => (await trial.unready()) === '');
    await ageSecondAuthority(stage, name);
  }
  return trial;
}

/** Whether everything that an exercise is about has been done. */
async function done(
  stage: TrustStage,
  trial: TrialInstallation,
  exercise: Exercise,
): Promise<boolean> {
  const { api } = stage.controlPlane;
  if (exercise === 'first-start') return (await trial.unready()) === '';
  if (exercise === 'rotation') {
    const { certificate } = SLOT_KEYS[1];
    const { data } = await api.get<Secret>(secretPath(trial.namespace));
    const pem = Buffer.from(data[certificate] ?? '', 'base64');
    return new X509Certificate(pem).validToDate.getTime() > Date.now() + 100 * DAY_MILLISECONDS;
  }
  const observation = await api.find<Versioned>(
    `${PLACEMENTS}/placementmodels/${observationName(TRUST_POLICY)}`,
  );
  const policy = await api.get<Versioned>(`${PLACEMENTS}/placementpolicies/${TRUST_POLICY}`);
  const events = await api.list(`/apis/events.k8s.io/v1/namespaces/${TRUST}/events`);
  const told = events.some((event) => JSON.stringify(event).includes(trial.namespace));
  const isRenewed = (observation?.metadata.generation ?? 0) > 1;
  const leads = (await trial.metric('perihelion_learner_is_leader')) === 1;
  const isForgotten = (await api.find(MODEL_WITHOUT_PODS)) === undefined;
  return leads && told && isRenewed && isForgotten && (policy.status?.conditions?.length ?? 0) > 0;
}

interface Versioned {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly status?: { readonly conditions?: readonly object[] };
}

interface Secret {
  readonly data: Readonly<Record<string, string>>;
}

function secretPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets/perihelion-webhook`;
}

/** Makes the next leader say everything again; the first of all also finds nothing published. */
async function resetLeader(stage: TrustStage, exercise: Exercise): Promise<void> {
  const { api } = stage.controlPlane;
  const status = { status: { observedGeneration: 0, conditions: [] } };
  await api.merge(`${PLACEMENTS}/placementpolicies/${TRUST_POLICY}/status`, status);
  if (exercise === 'lead-anew') await api.delete(`${PLACEMENTS}/placementmodels`);
  await api.apply(MODEL_WITHOUT_PODS, {
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementModel',
    metadata: { name: shardName(TRUST_POLICY, GONE), namespace: TRUST },
    spec: encodeShard({ ...emptyShard(TRUST, TRUST_POLICY, GONE), version: 1, unusedSince: 0 }),
  });
}

/** The CA that signs nothing gets 80 days, and the other one has been in use for long. */
async function ageSecondAuthority(stage: TrustStage, namespace: string): Promise<void> {
  const now = Date.now();
  const aged = await issueAuthority(now, 80 * DAY_MILLISECONDS);
  const longAgo = new Date(now - 100 * DAY_MILLISECONDS).toISOString();
  const [first, second] = SLOT_KEYS;
  const texts = {
    [second.certificate]: aged.certificatePem,
    [second.privateKey]: aged.privateKeyPem,
    [second.activeAt]: longAgo,
    [first.activeAt]: longAgo,
  };
  const data = Object.entries(texts).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  await stage.controlPlane.api.merge(secretPath(namespace), {
    data: Object.fromEntries(data) as Record<string, string>,
  });
}

/** Works through all, so many at a time. */
async function atOnce<T>(
  width: number,
  all: readonly T[],
  work: (one: T) => Promise<void>,
): Promise<void> {
  const rest = [...all];
  const run = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: width }, run));
}

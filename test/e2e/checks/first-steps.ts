// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '../checks.ts';
import { blocksOf, withoutCommands } from '../install/documentation.ts';
import { writeOverlay } from '../install/overlay.ts';
import type { InstallStage } from '../install/stage.ts';
import { ANNOTATIONS, DEFAULT_ACTION, TOPOLOGY_KEY } from '../ledger.ts';
import { preferredTerms } from '../objects.ts';
import type { Node, Pod } from '../objects.ts';
import { POLICIES, SHOP } from '../stage.ts';
import { waitFor } from '../wait.ts';

const TUTORIAL = 'docs/tutorial.md';

/** Nothing builds images or runs containers here; the doctor is asked once the product runs. */
const NOT_HERE = ['docker', 'kind', 'perihelion doctor', 'kubectl -n perihelion-system exec'];

/** Admission replicas, as shipped. */
const REPLICAS = 2;

/**
 * README's commands for a cluster, as they stand.
 *
 * @returns whether the product is installed; if not, nothing after it can mean anything
 */
export function checkReadme({ checks, user }: InstallStage): Promise<boolean> {
  return checks.check('install: with the two lines of README', async () => {
    await user.type(`kubectl create namespace ${SHOP}`);
    const [block = ''] = blocksOf('README.md', 'In a cluster');
    expect(block.includes('kubectl apply -k manifests/base\n'), block);
    const said = await user.type(block);
    expect(said.includes(`namespace/${SHOP} labeled`), said);
    return `${said.trim().split('\n').length} lines said what was made`;
  });
}

/**
 * The tutorial's commands, as they stand: install, label, watch, explain, report.
 *
 * @returns whether the product runs
 */
export async function checkTutorial(stage: InstallStage): Promise<boolean> {
  const { checks, user } = stage;
  await tutorial(stage, '2. Install', () => user.type(`kubectl delete namespace ${SHOP}`));
  if (!(await start(stage))) return false;
  await checks.check('install: the doctor finds no problem', async () => {
    // With the settings that it runs with here; those as shipped look for Kepler on the nodes.
    const settings = join(stage.folder, `${stage.product.replicas[0]!.name}.yaml`);
    const said = await user.type(`perihelion doctor --config ${settings} -o json`);
    const { findings } = JSON.parse(said) as { findings: { check: string; level: string }[] };
    const looked = new Set(findings.map(({ check }) => check));
    for (const check of ['webhook', 'certificate', 'rights', 'lease', 'telemetry']) {
      expect(looked.has(check), `${check} was not looked at: ${said}`);
    }
    return `${findings.length} findings, none a problem`;
  });
  await tutorial(stage, '3. Label');
  await tutorial(stage, '4. Watch');
  await tutorial(stage, '5. Explain', (said) => {
    expect(said.includes('Deployment/frontend'), said);
  });
  await tutorial(stage, '6. Report', async () => {
    const page = await readFile(join(user.folder, 'report.html'), 'utf8');
    expect(page.startsWith('<!doctype html>'), page.slice(0, 200));
  });
  await checks.check('install: a Pod is placed', () => place(stage));
  await checks.check('install: a placed Pod is explained', () => explain(stage));
  await checks.check('install: what was learned is reported', () => report(stage));
  return true;
}

/** All that the tutorial tells to type in one step. */
function tutorial(
  { checks, user }: InstallStage,
  heading: string,
  look: (said: string) => unknown = () => undefined,
): Promise<boolean> {
  return checks.check(`tutorial: ${heading}`, async () => {
    const said: string[] = [];
    const blocks = blocksOf(TUTORIAL, heading).map((block) => withoutCommands(block, NOT_HERE));
    for (const block of blocks) said.push(await user.type(block));
    await look(said.join('\n'));
    return `${blocks.join('\n').trim().split('\n').length} lines typed`;
  });
}

/** Lets the API server reach the webhook, and starts what the Deployments would start. */
function start(stage: InstallStage): Promise<boolean> {
  const { checks, product, user, url } = stage;
  return checks.check('install: the product becomes ready', async () => {
    const overlay = await writeOverlay(user, 'mine', { url });
    await user.type(`kubectl apply -k ${overlay}`);
    await product.start(REPLICAS);
    await product.waitReady(60);
    return `${product.replicas.length} processes`;
  });
}

/** A policy that does not wait for a baseline, and a rollout under it. */
async function place({ user, controlPlane }: InstallStage): Promise<string> {
  const policy = {
    apiVersion: 'perihelion.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name: SHOP, namespace: SHOP },
    spec: {
      ...{ measurement: (POLICIES[SHOP] as { measurement: object }).measurement },
      ...{ holdoutPercent: 0, learning: { burnInDecisions: 0 } },
    },
  };
  await writeFile(join(user.folder, 'quick.yaml'), JSON.stringify(policy));
  await user.type('perihelion policy lint quick.yaml && kubectl apply -f quick.yaml');
  return waitFor('a placed Pod', { timeoutSeconds: 180 }, async () => {
    await user.type(
      `kubectl -n ${SHOP} rollout restart deployment/frontend && kubectl -n ${SHOP} rollout status deployment/frontend`,
    );
    const placed = await placedPods(controlPlane);
    if (placed.length === 0) throw new Error('every Pod was left to the scheduler');
    const nodes = await controlPlane.api.list<Node>('/api/v1/nodes');
    for (const pod of placed) {
      const target = pod.metadata.annotations?.[ANNOTATIONS.action];
      const named = preferredTerms(pod).flatMap(
        ({ preference }) =>
          preference.matchExpressions?.find(({ key }) => key === TOPOLOGY_KEY)?.values ?? [],
      );
      expect(named.includes(target ?? ''), `${pod.metadata.name}: ${target} and ${named.join()}`);
      expect(
        nodes.some(({ metadata }) => metadata.labels?.[TOPOLOGY_KEY] === target),
        `${target} is no node's`,
      );
    }
    return `${placed.length} Pods prefer what their annotation says`;
  });
}

async function placedPods({ api }: InstallStage['controlPlane']): Promise<readonly Pod[]> {
  const pods = await api.list<Pod>(`/api/v1/namespaces/${SHOP}/pods`);
  return pods.filter(({ metadata }) => {
    const action = metadata.annotations?.[ANNOTATIONS.action];
    return action !== undefined && action !== DEFAULT_ACTION;
  });
}

async function explain({ user, controlPlane }: InstallStage): Promise<string> {
  const [pod] = await placedPods(controlPlane);
  expect(pod !== undefined, 'no Pod was placed');
  const { name, annotations } = pod.metadata;
  const target = annotations?.[ANNOTATIONS.action] ?? '';
  const told = JSON.parse(await user.type(`perihelion explain ${SHOP}/${name} -o json`)) as {
    workload: string;
    decision?: { action: string; signature: string; why: string };
    actions: readonly { action: string }[];
    landed?: { node: string };
  };
  expect(told.decision?.action === target, `${target}: ${JSON.stringify(told.decision)}`);
  expect(told.actions.length > 2, `only ${told.actions.length} alternatives`);
  expect(told.landed?.node === pod.spec.nodeName, JSON.stringify(told.landed));
  const text = await user.type(`perihelion explain ${SHOP}/${name}`);
  expect(text.includes(target) && text.includes(told.decision.why), text);
  return `${target} among ${told.actions.length}, ${told.decision.why}`;
}

/** Figures come once a window is measured: some seconds with the policy of the run. */
function report({ user }: InstallStage): Promise<string> {
  const options = { timeoutSeconds: 90, everyMilliseconds: 2000 };
  return waitFor('a settled decision', options, async () => {
    const told = JSON.parse(await user.type(`perihelion report -n ${SHOP} -o json`)) as {
      namespaces: readonly { workloads: readonly { workload: string; settled: number }[] }[];
    };
    const workload = told.namespaces[0]?.workloads.find((one) => one.settled > 0);
    if (workload === undefined) throw new Error(JSON.stringify(told).slice(0, 300));
    const text = await user.type(`perihelion report -n ${SHOP}`);
    expect(text.includes(workload.workload), text);
    await user.type('perihelion report --output html --out report.html');
    const page = await readFile(join(user.folder, 'report.html'), 'utf8');
    expect(page.includes(workload.workload), page.slice(0, 300));
    return `${workload.workload}: ${workload.settled} settled`;
  });
}

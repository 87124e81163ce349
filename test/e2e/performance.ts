// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Checks } from './checks.ts';
import { checkAdmission } from './checks/admission.ts';
import { checkAudit } from './checks/audit.ts';
import { checkLeaves, checkPublishedBundle } from './checks/certificate.ts';
import { checkDefinitions } from './checks/definitions.ts';
import { checkDryRun, checkDryRunForgotten } from './checks/dry-run.ts';
import { checkGeneratedPods } from './checks/generated-pods.ts';
import { checkLearning } from './checks/learning.ts';
import { checkModel } from './checks/model.ts';
import { checkOperations, webhookLatency } from './checks/operations.ts';
import { checkDrain, checkOutage } from './checks/outage.ts';
import { checkPrometheusTests } from './checks/prometheus-tests.ts';
import { checkRights } from './checks/rights.ts';
import { checkRotation } from './checks/rotation.ts';
import { checkSchedulerAgreement } from './checks/scheduler-agreement.ts';
import { checkSilence } from './checks/silence.ts';
import { startControlPlane } from './control-plane.ts';
import { Ledger } from './ledger.ts';
import { installManifests, renderManifests } from './manifests.ts';
import { Models } from './models.ts';
import { createNodes } from './nodes.ts';
import type { Processes } from './processes.ts';
import { Product } from './product.ts';
import type { Progress } from './progress.ts';
import { startPrometheus } from './prometheus.ts';
import { meanFigure, oneFigure, writeResults } from './results.ts';
import type { Figure } from './results.ts';
import { MACHINES, NODES, PLAIN, POLICIES, PROBE, SHOP, TARGETS, TRAFFIC } from './stage.ts';
import type { Stage } from './stage.ts';
import type { Tools } from './tools.ts';
import { waitFor } from './wait.ts';
import { World } from './world.ts';

/** What one run needs. */
export interface RunSpec {
  readonly tools: Tools;
  readonly processes: Processes;
  readonly progress: Progress;
  readonly checks: Checks;
  /** Temporary. */
  readonly folder: string;
  /** Of the repository. */
  readonly root: string;
  readonly main: string;
  readonly manifests: string;
}

const ADMISSION_REPLICAS = 2;

/** Sets the stage, makes every check, writes the results. */
export async function performRun(run: RunSpec): Promise<void> {
  const timings: Record<string, Figure> = {};
  const counts = { matched: 0, differing: 0 };
  let adherence: Figure | undefined;
  try {
    const stage = await setStage(run, timings);
    if (await startProduct(run, stage, timings)) {
      await checkDefinitions(stage);
      await checkRights(stage);
      await checkOperations(stage);
      await run.progress.step('admission', () => checkAdmission(stage));
      const dryRun = await run.progress.step('dry run', () => checkDryRun(stage));
      await run.progress.step('generated Pods', () => checkGeneratedPods(stage));
      const learning = await run.progress.step('learning', () => checkLearning(stage));
      timings['rollout'] = meanFigure(learning.value.rolloutSeconds, 'seconds');
      adherence = await checkModel(stage);
      await checkDryRunForgotten(stage, dryRun.value);
      const { milliseconds, calls } = await webhookLatency(stage);
      run.progress.say(
        `the API server waited ${milliseconds.toFixed(1)} ms per call, ${calls} calls`,
      );
      timings['webhookCall'] = oneFigure(milliseconds, 'milliseconds');
      await run.progress.step('silence', () => checkSilence(stage));
      await run.progress.step('rotation', () => checkRotation(stage));
      await run.progress.step('drain', () => checkDrain(stage));
      await run.progress.step('outage', () => checkOutage(stage));
      Object.assign(counts, await checkAudit(stage));
    }
    stage.ledger.stop();
    stage.models.stop();
    await stage.world.stop();
    await run.progress.step('scheduler agreement', () =>
      checkSchedulerAgreement(run.checks, stage.controlPlane.api),
    );
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    run.checks.record({ name: 'the run itself', ok: false, detail });
  } finally {
    await run.progress.step('tests with a real Prometheus', () =>
      checkPrometheusTests(run.checks, join(run.root, 'test/integration-prometheus')),
    );
    timings['total'] = oneFigure(run.progress.elapsedSeconds, 'seconds');
    await writeResults(join(run.root, 'out/e2e/results.json'), {
      checks: run.checks.results,
      adherence: adherence ?? null,
      auditMatched: oneFigure(counts.matched, 'patches'),
      auditDiffering: oneFigure(counts.differing, 'patches'),
      timings,
    });
  }
}

/** Everything but the product: cluster, nodes, world, Prometheus, manifests, policies. */
async function setStage(run: RunSpec, timings: Record<string, Figure>): Promise<Stage> {
  const { tools, processes, progress, checks } = run;
  const started = await progress.step('control plane', () =>
    startControlPlane({ tools, processes, folder: join(run.folder, 'control-plane') }),
  );
  timings['controlPlaneReady'] = oneFigure(started.seconds, 'seconds');
  const controlPlane = started.value;
  const { api, kubectl } = controlPlane;
  await progress.step(`${NODES.length} nodes`, () => createNodes(api, NODES));
  const world = new World({ api, machines: MACHINES, traffic: TRAFFIC, seed: 1 });
  await world.start();
  const { value: prometheus } = await progress.step('Prometheus', () =>
    startPrometheus({
      file: tools.prometheus,
      processes,
      folder: join(run.folder, 'prometheus'),
      exporters: world.url,
    }),
  );
  const manifests = await renderManifests(kubectl, run.manifests);
  const product = new Product({
    ...{ controlPlane, processes, manifests, main: run.main },
    prometheusUrl: prometheus.url,
    folder: run.folder,
  });
  const port = await product.forwarder.start();
  await checks.check('manifests: a server-side dry run accepts them as shipped', async () => {
    const at = { api, kubectl, folder: run.folder };
    const lines = await installManifests(at, manifests, `https://127.0.0.1:${port}`);
    return `${lines.length} objects`;
  });
  await createNamespaces(controlPlane.api);
  const ledger = new Ledger(api);
  const models = new Models(api);
  await ledger.start();
  models.start();
  return {
    ...{ progress, checks, controlPlane, world, prometheus, manifests, product, ledger, models },
  };
}

async function createNamespaces(api: Stage['controlPlane']['api']): Promise<void> {
  const optedIn = { 'perihelion.dev/placement': 'enabled' };
  for (const name of [SHOP, PROBE, PLAIN]) {
    const labels = name === PLAIN ? {} : optedIn;
    await api.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
  }
  // Even so, nothing there may be touched.
  await api.merge('/api/v1/namespaces/kube-system', { metadata: { labels: optedIn } });
  for (const [namespace, spec] of Object.entries(POLICIES)) {
    const apiVersion = 'perihelion.dev/v1alpha1';
    await api.create(`/apis/${apiVersion}/namespaces/${namespace}/placementpolicies`, {
      ...{ apiVersion, kind: 'PlacementPolicy', metadata: { name: 'e2e' }, spec },
    });
  }
  for (const namespace of [SHOP, PROBE, PLAIN, 'kube-system']) {
    await waitFor(`the ServiceAccount of ${namespace}`, { timeoutSeconds: 20 }, () =>
      api.find(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
    );
  }
}

/** Whether the product is up; if it is not, no other check of it can mean anything. */
async function startProduct(
  run: RunSpec,
  stage: Stage,
  timings: Record<string, Figure>,
): Promise<boolean> {
  const { checks, product, models } = stage;
  const begin = performance.now();
  await product.start(ADMISSION_REPLICAS);
  if (!(await checkPublishedBundle(stage))) return false;
  const ready = await checks.check('the product becomes ready', async () => {
    await product.waitReady(60);
    const seconds = (performance.now() - begin) / 1000;
    timings['productReady'] = oneFigure(seconds, 'seconds');
    return `${product.replicas.length} processes in ${seconds.toFixed(1)} s`;
  });
  if (!ready) return false;
  await checkLeaves(stage);
  return checks.check('telemetry: the learner publishes what it observes', () =>
    waitFor('a healthy observation', { timeoutSeconds: 60 }, () => {
      const texts = [SHOP, PROBE].map((namespace) => {
        const health = models.observations.get(namespace)?.health ?? {};
        const dark = health[TARGETS.dark] ?? 'absent';
        const ok = health[TARGETS.one] === 'healthy' && health[TARGETS.two] === 'healthy';
        if (!ok || dark === 'healthy') throw new Error(`${namespace}: ${JSON.stringify(health)}`);
        return `${namespace} ${Object.entries(health)
          .map(([name, is]) => `${name} ${is}`)
          .join(', ')}`;
      });
      run.progress.say(stage.world.describe());
      return texts.join('; ');
    }),
  );
}

// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../api.ts';
import { readServerRecord } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { CONFIGURATIONS } from '../trust/configuration.ts';
import { FAULTS, UNCOVERED, faultyPki, openFault } from '../trust/faulty-webhook.ts';
import type { OpenFault } from '../trust/faulty-webhook.ts';
import { TRUST } from '../trust/stage.ts';
import type { TrustStage } from '../trust/stage.ts';
import { waitFor } from '../wait.ts';
import { barePod, pathOf } from '../workloads.ts';

const LABEL = 'perihelion.dev/e2e-fault';
/** The shipped time-out, with room for a machine that is busy. */
const MOST_SECONDS = 6;

/**
 * Each way a webhook can fail has a configuration of its own, with everything but the address and
 * the name as shipped, and is met by the Pods that carry its label.
 */
export async function checkFailures(stage: TrustStage): Promise<void> {
  const pki = await faultyPki(Date.now());
  const open = await Promise.all([...FAULTS, UNCOVERED].map((fault) => openFault(fault, pki)));
  const { api } = stage.controlPlane;
  try {
    for (const fault of open) await configure(stage, fault);
    for (const fault of open) await takesEffect(stage, fault);
    for (const fault of open) {
      if (fault.fault === UNCOVERED) await checkUncovered(stage, fault);
      else await checkFailure(stage, fault);
    }
  } finally {
    for (const fault of open) {
      await api.delete(`${CONFIGURATIONS}/${configurationName(fault)}`);
      fault.close();
    }
  }
}

function checkFailure(stage: TrustStage, { fault }: OpenFault): Promise<boolean> {
  return stage.checks.check(`failure: Pods are created although ${fault.name}`, async () => {
    const { api } = stage.controlPlane;
    const before = failuresOf(stage, fault.name);
    const begin = performance.now();
    await api.create(pathOf('Pod', TRUST), labelled(fault.name, `fault-${fault.name}`));
    const seconds = (performance.now() - begin) / 1000;
    const failures = failuresOf(stage, fault.name) - before;
    expect(failures === 1, `passed over ${failures} times: the fault was not met`);
    expect(seconds < MOST_SECONDS, `took ${seconds.toFixed(1)} s`);
    return `created in ${(1000 * seconds).toFixed(0)} ms`;
  });
}

/** What the product's own check of its patches is for. */
function checkUncovered(stage: TrustStage, { fault }: OpenFault): Promise<boolean> {
  return stage.checks.check('failure: Ignore does not cover a patch that does not apply', () =>
    stage.controlPlane.api
      .create(pathOf('Pod', TRUST), labelled(fault.name, `fault-${fault.name}`))
      .then(
        () => Promise.reject(new Error('the API server has become lenient: see decision 0030')),
        (error: unknown) => {
          expect(error instanceof ApiError && error.status === 500, String(error));
          return `the API server refuses the Pod: ${error.message.slice(0, 200)}`;
        },
      ),
  );
}

async function configure(stage: TrustStage, open: OpenFault): Promise<void> {
  const shipped = stage.manifests.objects.find(
    ({ kind }) => kind === 'MutatingWebhookConfiguration',
  ) as unknown as { webhooks: readonly Record<string, unknown>[] };
  const { caBundle, url } = open;
  await stage.controlPlane.api.create(CONFIGURATIONS, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: configurationName(open) },
    webhooks: shipped.webhooks.map((webhook) => ({
      ...webhook,
      name: webhookName(open.fault.name),
      clientConfig: { url, ...(caBundle === undefined ? {} : { caBundle }) },
      objectSelector: { matchLabels: { [LABEL]: open.fault.name } },
    })),
  });
}

/** An API server needs a moment to notice a configuration. */
async function takesEffect(stage: TrustStage, { fault }: OpenFault): Promise<void> {
  const path = `${pathOf('Pod', TRUST)}?dryRun=All`;
  const before = failuresOf(stage, fault.name);
  await waitFor(`the configuration of ${fault.name}`, { timeoutSeconds: 60 }, async () => {
    const pod = labelled(fault.name, `try-${fault.name}`);
    const status = await stage.controlPlane.api.status('POST', path, pod);
    return status === 500 || failuresOf(stage, fault.name) > before;
  });
}

/** How often the API server has passed over this webhook, by its audit log. */
function failuresOf(stage: TrustStage, name: string): number {
  const { failedWebhooks } = readServerRecord(stage.controlPlane.auditLog);
  return failedWebhooks.filter((one) => one === webhookName(name)).length;
}

function labelled(fault: string, name: string): object {
  return barePod(name, { labels: { [LABEL]: fault } });
}

function configurationName({ fault }: OpenFault): string {
  return `fault-${fault.name}`;
}

function webhookName(fault: string): string {
  return `${fault}.fault.perihelion.dev`;
}

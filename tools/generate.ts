// SPDX-License-Identifier: Apache-2.0
// Writes everything that is made from sources; with --check only compares.
import { generatedCrds } from './generate-crds.ts';
import { chartFiles } from './generate-chart.ts';
import { cliReference } from './generate-cli-reference.ts';
import { metricsReference } from './generate-metrics-reference.ts';
import { monitoringFiles } from './generate-monitoring.ts';
import { policyReference } from './generate-policy-reference.ts';
import { presetReference } from './generate-preset-reference.ts';
import { settingsReference } from './generate-settings-reference.ts';
import { simulationSchema } from './generate-simulation-schema.ts';
import { type GeneratedFiles, stale, write } from './generated-file.ts';
import { productMetrics } from './product-metrics.ts';

/** What is made from sources alone. */
export async function filesFromSources(): Promise<GeneratedFiles> {
  const crds = Object.entries(generatedCrds()).map(([file, text]) => [
    `manifests/base/crds/${file}`,
    text,
  ]);
  return {
    ...(Object.fromEntries(crds) as GeneratedFiles),
    ...(await chartFiles()),
    ...(await cliReference()),
    ...(await monitoringFiles()),
    ...(await policyReference()),
    ...(await presetReference()),
    ...(await settingsReference()),
    ...(await simulationSchema()),
  };
}

/** What is made from the running product: it is started for this, on ports of its own. */
export async function filesFromProduct(): Promise<GeneratedFiles> {
  return metricsReference(await productMetrics());
}

async function main(args: readonly string[]): Promise<number> {
  const files = { ...(await filesFromSources()), ...(await filesFromProduct()) };
  const changed = args.includes('--check') ? stale(files) : write(files);
  for (const path of changed) console.log(path);
  return args.includes('--check') && changed.length > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

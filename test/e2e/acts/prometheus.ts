// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { ActSpec } from '../acts.ts';
import { checkPrometheusTests } from '../checks/prometheus-tests.ts';
import type { Findings } from '../results.ts';

/** Runs `test/integration-prometheus`, whose tests start Prometheus servers of their own. */
export async function performPrometheusTests(act: ActSpec): Promise<Partial<Findings>> {
  await checkPrometheusTests(act.checks, join(act.root, 'test/integration-prometheus'));
  return {};
}

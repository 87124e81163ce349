// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { ActSpec } from '../acts.ts';
import { checkTests } from '../checks/prometheus-tests.ts';
import type { Findings } from '../results.ts';

/** Runs `test/integration-chromium`: the dashboard in a real browser. Without one they fail. */
export async function performChromiumTests(act: ActSpec): Promise<Partial<Findings>> {
  await checkTests(act.checks, join(act.root, 'test/integration-chromium'), 'chromium');
  return {};
}

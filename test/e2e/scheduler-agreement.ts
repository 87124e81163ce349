// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Checks } from './checks.ts';
import { checkSchedulerAgreement } from './checks/scheduler-agreement.ts';
import { startControlPlane } from './control-plane.ts';
import { Processes } from './processes.ts';
import { Progress } from './progress.ts';
import { findTools } from './tools.ts';

// The one check of the run that needs a control plane and nothing else, on its own.

const root = fileURLToPath(new URL('../..', import.meta.url));
const progress = new Progress();
const tools = await findTools(progress);
const folder = await mkdtemp(join(tmpdir(), 'perihelion-agreement-'));
const processes = new Processes(join(root, 'out/scheduler-agreement/logs'));
const checks = new Checks(progress);
try {
  const { value } = await progress.step('control plane', () =>
    startControlPlane({ tools, processes, folder }),
  );
  await checkSchedulerAgreement(checks, value.api);
} finally {
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
}
process.exit(checks.failed === 0 ? 0 : 1);

// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Checks } from './checks.ts';
import { performRun } from './performance.ts';
import { Processes } from './processes.ts';
import { Progress } from './progress.ts';
import { MissingToolsError, findTools } from './tools.ts';
import type { Tools } from './tools.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const HELP = `Runs the product against a real control plane, a real Prometheus and KWOK nodes.

  npm run e2e -- [--main FILE] [--manifests FOLDER] [--keep]

  --main FILE         program to test; default src/main.ts
  --manifests FOLDER  kustomize base to install; default manifests/base
  --keep              keep the temporary folder (keys, settings, data)

Results: out/e2e/results.json, logs: out/e2e/logs. Exit code 0: all checks passed, 1: some failed,
2: something is missing on this machine.
`;

const { values: options } = parseArgs({
  options: {
    main: { type: 'string', default: join(ROOT, 'src/main.ts') },
    manifests: { type: 'string', default: join(ROOT, 'manifests/base') },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const progress = new Progress();

async function toolsOrExit(): Promise<Tools> {
  try {
    return await findTools(progress);
  } catch (error) {
    if (!(error instanceof MissingToolsError)) throw error;
    for (const line of error.missing) process.stderr.write(`${line}\n`);
    process.exit(2);
  }
}

/** One whole run; resolves with the exit code. */
async function main(): Promise<number> {
  const tools = await toolsOrExit();
  const logs = join(ROOT, 'out/e2e/logs');
  await rm(join(ROOT, 'out/e2e'), { recursive: true, force: true });
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-e2e-'));
  const processes = new Processes(logs);
  const checks = new Checks(progress);
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Error(`ended by ${signal}`)));
    }
  });
  try {
    await Promise.race([
      interrupted,
      performRun({
        ...{ tools, processes, progress, checks, folder, root: ROOT },
        main: resolve(options.main),
        manifests: resolve(options.manifests),
      }),
    ]);
  } catch (error) {
    checks.record({
      name: 'the run itself',
      ok: false,
      detail: error instanceof Error ? error.message : String(error),
    });
  } finally {
    await processes.stopAll();
    if (options.keep) progress.say(`kept ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${checks.passed} passed, ${checks.failed} failed\n`);
  return checks.failed === 0 ? 0 : 1;
}

if (options.help) {
  process.stdout.write(HELP);
} else {
  // Watches and timers may still be open after a failure; nothing of the run is left to wait for.
  process.exit(await main());
}

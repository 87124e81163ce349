// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ACTS } from './acts.ts';
import type { Act } from './acts.ts';
import { Checks } from './checks.ts';
import { Processes } from './processes.ts';
import { Progress } from './progress.ts';
import { NO_FINDINGS, mergeFindings, oneFigure, writeResults } from './results.ts';
import type { Findings } from './results.ts';
import { MissingToolsError, findTools } from './tools.ts';
import type { Tools } from './tools.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const OUT = join(ROOT, 'out/e2e');

const HELP = `Runs the product against a real control plane, a real Prometheus and KWOK nodes.

  npm run e2e -- [--act NAME]... [--main FILE] [--manifests FOLDER] [--keep]

  --act NAME          only this act, may be repeated; default all:
${ACTS.map(({ name, about }) => `                      ${name.padEnd(12)}${about}\n`).join('')}
  --main FILE         program to test; default src/main.ts
  --manifests FOLDER  kustomize base to install; default manifests/base
  --keep              keep the temporary folder (keys, settings, data)

Results: out/e2e/results.json, logs: out/e2e/logs. Exit code 0: all checks passed, 1: some failed,
2: something is missing on this machine.
`;

const { values: options } = parseArgs({
  options: {
    act: { type: 'string', multiple: true, default: [] },
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

function actsOrExit(): readonly Act[] {
  const unknown = options.act.filter((name) => !ACTS.some((act) => act.name === name));
  if (unknown.length > 0) {
    const known = ACTS.map(({ name }) => name).join(', ');
    process.stderr.write(`--act: found "${unknown.join(', ')}", expected one of ${known}\n`);
    process.exit(2);
  }
  return ACTS.filter((act) => options.act.length === 0 || options.act.includes(act.name));
}

/** One whole run; resolves with the exit code. */
async function main(): Promise<number> {
  const acts = actsOrExit();
  const tools = await toolsOrExit();
  // Only what this run writes anew: another act may be running beside it.
  for (const { name } of acts) await rm(join(OUT, 'logs', name), { recursive: true, force: true });
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-e2e-'));
  const checks = new Checks(progress);
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Error(`ended by ${signal}`)));
    }
  });
  interrupted.catch(() => {});
  let findings = NO_FINDINGS;
  let ended = false;
  for (const act of acts) {
    if (ended) break;
    const processes = new Processes(join(OUT, 'logs', act.name));
    const began = progress.elapsedSeconds;
    try {
      const found = await Promise.race([
        interrupted,
        play(act, { tools, processes, checks, folder }),
      ]);
      findings = mergeFindings(findings, found);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      checks.record({ name: `the act "${act.name}" itself`, ok: false, detail });
      ended = detail.startsWith('ended by ');
    } finally {
      await processes.stopAll();
    }
    const seconds = progress.elapsedSeconds - began;
    const timings = { [`act.${act.name}`]: oneFigure(seconds, 'seconds') };
    findings = mergeFindings(findings, { timings });
    progress.say(`act ${act.name}: ${seconds.toFixed(1)} s`);
  }
  const timings = { total: oneFigure(progress.elapsedSeconds, 'seconds') };
  await writeResults(join(OUT, 'results.json'), {
    checks: checks.results,
    ...mergeFindings(findings, { timings }),
  });
  if (options.keep) progress.say(`kept ${folder}`);
  else await rm(folder, { recursive: true, force: true });
  // Again at the end: of a long log often only the last lines are kept.
  for (const { name, detail } of checks.failures) progress.say(`FAIL ${name}: ${detail}`);
  process.stdout.write(`${checks.passed} passed, ${checks.failed} failed\n`);
  return checks.failed === 0 ? 0 : 1;
}

/** Plays one act in a folder of its own. */
async function play(
  act: Act,
  given: { tools: Tools; processes: Processes; checks: Checks; folder: string },
): Promise<Partial<Findings>> {
  const folder = join(given.folder, act.name);
  await mkdir(folder, { recursive: true });
  progress.say(`act ${act.name}: ${act.about}`);
  return act.perform({
    ...{ ...given, folder, progress, root: ROOT },
    main: resolve(options.main),
    manifests: resolve(options.manifests),
  });
}

if (options.help) {
  process.stdout.write(HELP);
} else {
  // Watches and timers may still be open after a failure; nothing of the run is left to wait for.
  process.exit(await main());
}

// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Load } from '#simulator/application/load.ts';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag, integerFlag, textFlag } from '#cli/command/flags.ts';
import { OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { createProgress } from '#cli/terminal/progress.ts';
import { makeResultFolder, writeResults } from '#cli/runs/result-folder.ts';
import { CLUSTERS, type ClusterName, type Job, type JobMessage } from './job.ts';
import { runLive } from './live.ts';
import { runJobs } from './processes.ts';
import { renderReport } from './report.ts';
import { type DemoResults, demoResults } from './results.ts';
import { runJob } from './run-job.ts';

/** `perihelion demo`: the whole loop on an embedded cluster. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'Run the whole loop on an embedded cluster and compare four placements.',
  flags: {
    seeds: { type: 'string', placeholder: 'N', help: 'Seeds, 1 to 64 (default 3).' },
    seed: { type: 'string', placeholder: 'N', help: 'First seed (default 1).' },
    rollouts: {
      type: 'string',
      placeholder: 'N',
      help: 'Rollouts that the agent learns from, 4 to 1000 (default 36).',
    },
    connections: {
      type: 'string',
      placeholder: 'N',
      help: 'Closed loop on the seed cluster: connections (default 64).',
    },
    rate: {
      type: 'string',
      placeholder: 'N',
      help: 'Open load on the mixed cluster: requests per second (default 500).',
    },
    cluster: { type: 'string', placeholder: 'NAME', help: 'seed, mixed or all (default all).' },
    out: { type: 'string', placeholder: 'DIR', help: 'Folder of the results (default out/demo).' },
    ...OUTPUT_FLAG,
    ui: { type: 'boolean', help: 'Then keep a cluster running, with the dashboard on it.' },
    port: {
      type: 'string',
      placeholder: 'N',
      help: 'Port of the dashboard on loopback (default 0: any free one).',
    },
    job: {
      ...{ type: 'string', placeholder: 'JSON', internal: true },
      help: 'Run one seed on one cluster.',
    },
  },
  examples: [
    'perihelion demo',
    'perihelion demo --ui',
    'perihelion demo --seeds 8 --cluster mixed --output json',
  ],
  run: demo,
};

async function demo(flags: FlagValues, terminal: Terminal): Promise<number> {
  const job = textFlag(flags, 'job');
  if (job !== undefined) return oneJob(job, terminal);
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const folder = textFlag(flags, 'out') ?? join('out', 'demo');
  const port = integerFlag(flags, 'port', { default: 0, minimum: 0, maximum: 65_535 });
  const jobs = jobsOf(flags, folder);
  makeResultFolder(folder);
  const progress = createProgress(terminal);
  const startedAt = new Date();
  const started = performance.now();
  const results = await runJobs(jobs, {
    processes: Math.min(jobs.length, availableParallelism()),
    entry: process.argv[1] ?? '',
    onProgress: (done, label) => progress.update(done, label),
  }).finally(() => progress.end());
  const durationSeconds = (performance.now() - started) / 1000;
  const summary = demoResults(results, { startedAt, durationSeconds });
  const file = join(folder, 'results.json');
  const text = `${JSON.stringify(summary, undefined, 2)}\n`;
  const report =
    `\n${renderReport(summary)}\nresults    ${file}\naudit log  ${summary.auditLog}` +
    `\n${durationSeconds.toFixed(0)} s\n`;
  // The file comes last: where it cannot be written, the results are not lost.
  terminal.stdout.write(format === 'json' ? text : report);
  writeResults(folder, text);
  if (flags['ui'] === true) await keepOpen(jobs, { folder, port, summary }, terminal);
  return 0;
}

interface KeptOpen {
  readonly folder: string;
  readonly port: number;
  readonly summary: DemoResults;
}

/** Serves the dashboard of a living cluster until Ctrl-C. */
async function keepOpen(
  jobs: readonly Job[],
  { folder, port, summary }: KeptOpen,
  terminal: Terminal,
): Promise<void> {
  // Of unlike machines there is more to learn.
  const job = jobs.find(({ cluster }) => cluster === 'mixed') ?? jobs[0];
  if (job === undefined) return;
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  await runLive(
    { ...job, auditPath: join(folder, 'audit-live.jsonl') },
    {
      port,
      results: summary,
      signal: ended.signal,
      // Standard output may be JSON for a program.
      onOpen: (url) => terminal.stderr.write(`\ndashboard  ${url}  (Ctrl-C ends it)\n`),
    },
  );
}

function jobsOf(flags: FlagValues, folder: string): Job[] {
  const seeds = integerFlag(flags, 'seeds', { default: 3, minimum: 1, maximum: 64 });
  const first = integerFlag(flags, 'seed', { default: 1, minimum: 0, maximum: 2 ** 31 });
  const rollouts = integerFlag(flags, 'rollouts', { default: 36, minimum: 4, maximum: 1000 });
  const connections = integerFlag(flags, 'connections', { default: 64, minimum: 1, maximum: 4096 });
  const rate = integerFlag(flags, 'rate', { default: 500, minimum: 1, maximum: 100_000 });
  // wrk on the machines of the original experiment; a stream of users on real, unequal machines.
  const loads: Readonly<Record<ClusterName, Load>> = {
    seed: { kind: 'closed', connections },
    mixed: { kind: 'open', requestsPerSecond: rate },
  };
  const which = choiceFlag(flags, 'cluster', ['all', ...CLUSTERS]);
  const clusters: readonly ClusterName[] = which === 'all' ? CLUSTERS : [which];
  const jobs: Job[] = [];
  for (const cluster of clusters) {
    for (let seed = first; seed < first + seeds; seed += 1) {
      const auditPath = join(folder, `audit-${cluster}-${String(seed)}.jsonl`);
      jobs.push({ cluster, seed, rollouts, load: loads[cluster], auditPath });
    }
  }
  return jobs;
}

async function oneJob(text: string, terminal: Terminal): Promise<number> {
  const job = JSON.parse(text) as Job;
  const say = (message: JobMessage): void => {
    terminal.stdout.write(`${JSON.stringify(message)}\n`);
  };
  const result = await runJob(job, (done, label) => say({ kind: 'progress', done, label }));
  say({ kind: 'result', result });
  return 0;
}

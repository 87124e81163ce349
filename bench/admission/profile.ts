// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argumentsOrExit, orExit } from '../shared/front.ts';
import { wholeArgument } from '../shared/input.ts';
import { makeCertificate } from './certificate.ts';
import { REVIEW_BYTES } from './review.ts';
import { LoadProcess, startProduct } from './servers.ts';

/*
 * Where the product's CPU time goes: runs the same load under V8's sampling profiler and prints
 * the functions with the most time of their own, and the lines of our own source with the most
 * time below them. `node bench/admission/profile.ts [requests]`
 */

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const given = argumentsOrExit('profile', ['[requests]']);
const requests = orExit('profile', () =>
  wholeArgument(given, 'requests', { default: 20_000, minimum: 1 }),
);
const folder = await mkdtemp(join(tmpdir(), 'perihelion-profile-'));
const files = await makeCertificate(folder);
const product = await startProduct({
  folder,
  files,
  execArgv: ['--cpu-prof', `--cpu-prof-dir=${join(folder, 'profile')}`],
});
const load = new LoadProcess();
const order = { port: product.port, bytes: REVIEW_BYTES, limitMilliseconds: 120_000 };
await load.run({ ...order, connections: 8, requests });
await load.stop();
await product.stop();
const [name = ''] = await readdir(join(folder, 'profile'));
const text = await readFile(join(folder, 'profile', name), 'utf8');
print(JSON.parse(text) as Profile);
await rm(folder, { recursive: true, force: true });

function print({ nodes, samples, timeDeltas }: Profile): void {
  const own = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    own.set(id, (own.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfTimes = new Map<string, number>();
  const totals = new Map<string, number>();
  const visit = (node: ProfileNode, path: readonly string[]): number => {
    const label = labelOf(node);
    const time = own.get(node.id) ?? 0;
    selfTimes.set(label, (selfTimes.get(label) ?? 0) + time);
    let total = time;
    for (const child of node.children ?? []) {
      const next = byId.get(child);
      if (next !== undefined) total += visit(next, [...path, label]);
    }
    // A function that calls itself counts once.
    if (!path.includes(label)) totals.set(label, (totals.get(label) ?? 0) + total);
    return total;
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, []);
  const idle = [...selfTimes].filter(([label]) => /^\((idle|program)\)/.test(label));
  const all = [...selfTimes.values()].reduce((sum, time) => sum + time, 0);
  const busy = all - idle.reduce((sum, [, time]) => sum + time, 0);
  const table = (title: string, times: ReadonlyMap<string, number>, rows: number): void => {
    console.log(`\n${title} (microseconds per request, share)`);
    const sorted = [...times].sort((a, b) => b[1] - a[1]).slice(0, rows);
    for (const [label, time] of sorted) {
      const share = ((100 * time) / busy).toFixed(1);
      console.log(`${(time / requests).toFixed(1).padStart(9)} ${share.padStart(6)} %  ${label}`);
    }
  };
  table('own time', selfTimes, 40);
  const ours = [...totals].filter(([label]) => label.includes('src/'));
  table('own time and that of what is called', new Map(ours), 45);
}

function labelOf({ callFrame }: ProfileNode): string {
  const { functionName, url, lineNumber } = callFrame;
  const file = url.replace(/^.*\/(src|node_modules)\//, '$1/');
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}:${lineNumber + 1}`;
}

// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { FULL, measureAdmission, QUICK } from './admission/measure.ts';
import { FULL_PROTOCOLS, measureProtocols, QUICK_PROTOCOLS } from './admission/protocols.ts';
import {
  FULL_CONTROL_PLANE,
  measureControlPlane,
  QUICK_CONTROL_PLANE,
} from './control-plane/measure.ts';
import { writeFootprint } from './footprint.ts';
import { writePage } from './page.ts';
import { FULL_SCALE, measureScale, QUICK_SCALE } from './scale/measure.ts';
import { InputError } from '#errors';
import { choiceFlag } from '#cli/command/flags.ts';
import { exitOnSignals, flagsOrExit, orExit } from './shared/front.ts';
import { folderToWrite } from './shared/input.ts';
import { describeMachine } from './shared/machine.ts';
import { FULL_SIMULATOR, measureSimulator, QUICK_SIMULATOR } from './simulator/measure.ts';
import { figuresOf, movesOf, readResults, tableOf, writeResults } from './shared/results.ts';

/*
 * `npm run bench [-- --quick] [--only admission|protocols|scale|control-plane|simulator] [--out FOLDER]`: measures what an admission
 * costs beside three other webhooks, and how cost grows with the cluster. Writes a result file for
 * each, prints a table, and says what moved against the committed results; then it writes the tables
 * of docs/performance.md. A quick run writes to `out/bench` and never stands in for the real one.
 */
exitOnSignals();
const values = flagsOrExit('bench', {
  quick: { type: 'boolean', default: false },
  only: { type: 'string' },
  out: { type: 'string' },
});

/** Admission figures that are compared with the committed ones. */
const ADMISSION_WATCHED = [
  'cpuMicrosecondsPerRequest.perihelion',
  'cpuMicrosecondsPerRequest.express',
  'ratioToBare',
  'ratioToControllerRuntime',
  'ratioToBarePools',
];
const BARE = 'cpuMicrosecondsPerRequest.bare';
const PROTOCOLS_WATCHED = ['ratioHttp2ToHttp1', 'burst.ratioHttp2ToHttp1'];
const HTTP1 = 'cpuMicrosecondsPerRequest.http1';
/** Scale figures, in multiples of a decision on 100 nodes where they are times. */
const SCALE_WATCHED = [
  'decisionSpreadFrom100Nodes',
  'decisionMicrosecondsByNodes.10',
  'decisionMicrosecondsByNodes.10000',
  'informer.podEventMicroseconds',
  'informer.nodeEventMicroseconds',
  'memory.bytesPerNode',
  'memory.bytesPerPod',
  'settleCycle.10000.cpuSeconds',
  'publication.writerCpuSeconds',
  'publication.bytesPerObject',
];
/** Through the control plane: the pairwise ratio, which the machine cancels out of. */
const CONTROL_PLANE_WATCHED = ['podsPerSecondRatio.perihelion', 'podsPerSecondRatio.express'];
const WITHOUT_WEBHOOK = 'podsPerSecond.none';
/** Of the simulator: what the machine cancels out of, in multiples of 10 nodes' events. */
const SIMULATOR_WATCHED = ['costRatioTo10Nodes', 'eventsPerSecond.1000x10000'];
const TEN_NODES = 'eventsPerSecond.10x95';
const DECISION = 'decisionMicrosecondsByNodes.100';

const committed = fileURLToPath(new URL('results', import.meta.url));
const quickFolder = fileURLToPath(new URL('../out/bench', import.meta.url));
const folder = orExit('bench', () =>
  folderToWrite('--out', values.out ?? (values.quick ? quickFolder : committed)),
);
const command = `npm run bench${values.quick ? ' -- --quick' : ''}`;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What can be measured, in this order; one that fails keeps the others from nothing. */
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  admission: async () => {
    const machine = describeMachine(command);
    const measured = await measureAdmission(values.quick ? QUICK : FULL, say);
    report('admission', { machine, ...measured }, ADMISSION_WATCHED, BARE);
    for (const line of measured.left) console.log(line);
  },
  protocols: async () => {
    const machine = describeMachine(command);
    const measured = await measureProtocols(values.quick ? QUICK_PROTOCOLS : FULL_PROTOCOLS, say);
    report('protocols', { machine, ...measured }, PROTOCOLS_WATCHED, HTTP1);
  },
  scale: async () => {
    const machine = describeMachine(command);
    const measured = await measureScale(values.quick ? QUICK_SCALE : FULL_SCALE, say);
    report('scale', { machine, ...measured }, SCALE_WATCHED, DECISION);
  },
  'control-plane': async () => {
    const machine = describeMachine(command);
    const effort = values.quick ? QUICK_CONTROL_PLANE : FULL_CONTROL_PLANE;
    const measured = await measureControlPlane(effort, say);
    if (measured === undefined) return;
    report('control-plane', { machine, ...measured }, CONTROL_PLANE_WATCHED, WITHOUT_WEBHOOK);
  },
  simulator: async () => {
    const machine = describeMachine(command);
    const measured = await measureSimulator(values.quick ? QUICK_SIMULATOR : FULL_SIMULATOR, say);
    report('simulator', { machine, ...measured }, SIMULATOR_WATCHED, TEN_NODES);
  },
};

/** A part that takes longer hangs: with `exit` everything that it started ends, too. */
const LONGEST_PART_MINUTES = 30;

const only = orExit('bench', () => choiceFlag(values, 'only', ['all', ...Object.keys(PARTS)]));
for (const [name, run] of Object.entries(PARTS)) {
  if (only !== 'all' && only !== name) continue;
  const limit = setTimeout(() => {
    say(`${name}: not done after ${LONGEST_PART_MINUTES} minutes`);
    process.exit(1);
  }, LONGEST_PART_MINUTES * 60_000);
  try {
    await run();
  } catch (error) {
    say(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = 1;
  } finally {
    clearTimeout(limit);
  }
}

if (folder === committed) {
  try {
    say(`written: ${writeFootprint(committed)}`);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    say(`no footprint: ${error.message}`);
  }
  writePage();
}

function report(name: string, results: object, watched: readonly string[], path: string): void {
  const before = readResults(`${committed}/${name}.json`);
  console.log(`\n${tableOf(figuresOf(results))}\n`);
  if (before === undefined) {
    console.log('no committed results to compare with');
  } else {
    const moves = movesOf({ results, path }, { results: before, path }, watched);
    for (const move of moves)
      console.log(`moved: ${move.name} by a factor of ${move.ratio.toFixed(2)}`);
    if (moves.length === 0)
      console.log('nothing moved by more than 15 % against the committed results');
  }
  writeResults(`${folder}/${name}.json`, results);
  console.log(`written: ${folder}/${name}.json`);
}

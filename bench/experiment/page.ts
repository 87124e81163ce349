// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import type { Figure } from '#cli/figure.ts';
import { SCENARIOS, SENSITIVITY_CONNECTIONS, type Scenario } from './plan.ts';
import { plot } from './plot.ts';
import type { ExperimentResults, ScenarioFigures, Sensitivity, Step, Verdict } from './results.ts';

const FOLDER = 'docs/explanation';
const TITLES: Readonly<Record<Scenario, string>> = {
  default: 'default',
  split: 'split',
  'data-pinned': 'data pinned',
  'data-pinned-data-first': 'data pinned, data first',
  'data-pinned-business-first': 'data pinned, business first',
  'best-cut': 'best cut',
  agent: 'agent',
};

const VERDICTS: Readonly<Record<Verdict, string>> = {
  holds: 'yes',
  fails: '**no**',
  undecided: 'undecided',
};

/** Writes the page and its plots from the results; returns the file's name. */
export async function writePage(results: ExperimentResults): Promise<string> {
  const plots = [
    ['throughput', 'Requests per second', (one: ScenarioFigures) => one.throughput],
    ['p99', '99th percentile, milliseconds', (one: ScenarioFigures) => one.p99],
    ['energy', 'Joules per request', (one: ScenarioFigures) => one.joulesPerRequest],
  ] as const;
  for (const [name, title, pick] of plots) {
    const svg = plot(
      title,
      results.steps.map(({ connections }) => connections),
      SCENARIOS.map((scenario) => ({
        name: TITLES[scenario],
        values: results.steps.map(({ scenarios }) => pick(scenarios[scenario])),
      })),
    );
    writeFileSync(`${FOLDER}/experiment-${name}.svg`, svg);
  }
  const file = `${FOLDER}/experiment.md`;
  const text = await format(page(results), { parser: 'markdown', printWidth: 100 });
  writeFileSync(file, text);
  return file;
}

function page(results: ExperimentResults): string {
  const { seeds, rollouts, measured, steps, sensitivity } = results;
  return `# The experiment, repeated

<!-- Written by \`make experiment\` from out/experiment/results.json. Do not edit by hand. -->

The talk that Perihelion follows (KubeCon China 2023) ran DeathStarBench's hotelReservation on three
machines of 8 cores and 32 GB, one of them the master, loaded it with wrk, and compared three
placements: what the stock scheduler does (\`default\`), the data stores on one worker and everything
else on the other (\`split\`), and the data stores on one worker with the rest left to the scheduler
(\`data pinned\`). Its findings are words, not numbers: default beats the split on throughput and p99 at
similar energy; data pinned beats both. A learning agent is to find such placements by itself.

This page repeats it on Perihelion's [simulator](simulator.md), which knows no placement and no
ranking: services, call graph, CPU per call, network, mesh, scheduler and power curves go in, and what
comes out is reported as it is. **A simulation is no measurement of real machines**: what the page
shows is which of the statements follow from the published numbers, and from which assumption.

- Load: wrk is a closed loop; ${list(steps.map(({ connections }) => connections))} connections.
- ${seeds.length} seeds (${seeds[0] ?? ''} to ${seeds.at(-1) ?? ''}), ${measured} deployments each (default: four times as many); every
  interval is 95 % (Student's t) over seeds.
- \`default\` breaks ties between equal nodes by chance, so its deployments differ.
- \`data pinned\` is deployed in the order of \`kubectl apply -R\`, with all data stores first, and with all
  business services first: the scheduler counts Pods and requests, not work, so the order decides where
  the work lands.
- \`best cut\` is made by hand from the call graph: each service with its cache, the work in two halves.
- \`agent\`: the shipped defaults, after ${rollouts.steps} deployments at that load (${rollouts.sensitivity} where an
  assumption is changed), still exploring and holding out.

## What follows and what does not

${verdictLines(results)}

## By load

${stepTable(steps, (one) => one.throughput, 'Requests per second', 0)}

${stepTable(steps, (one) => one.p99, '99th percentile, milliseconds', 0)}

${stepTable(steps, (one) => one.joulesPerRequest, 'Joules per request (all three machines, idle power included)', 3)}

${stepTable(steps, (one) => one.watts, 'Watts (all three machines)', 0)}

![Requests per second by connections](experiment-throughput.svg)

![99th percentile by connections](experiment-p99.svg)

![Joules per request by connections](experiment-energy.svg)

A closed loop saturates the workers at the first steps already: throughput stays and latency grows
with the connections. Joules per request and watts must be read together: a placement that serves
more draws more watts and still spends less on each request.

## How much depends on what is assumed

${SENSITIVITY_CONNECTIONS} connections, one assumption changed at a time. Throughput against \`default\` under the
same seed, and whether the statements hold (both throughput and p99 better over the whole interval).

${sensitivityTable(sensitivity)}

## How to repeat it

\`make experiment\` (a few minutes on two cores) writes \`out/experiment/results.json\` and this page.
The same seeds give the same numbers on every machine. \`bench/experiment/plan.ts\` lists every
variant; the application and the machines are \`simulations/hotel-reservation-seed.yaml\`.
`;
}

const STATEMENTS = [
  ['defaultBeatsSplit', 'Default beats the split on throughput and p99'],
  ['similarPower', '... at similar power (watts within 10 %)'],
  ['dataPinnedBeatsDefault', 'Data pinned (order of the manifests) beats default'],
  ['agentBeatsDefault', 'The agent beats default'],
] as const;

function verdictLines({ steps, sensitivity }: ExperimentResults): string {
  const rows = STATEMENTS.map(([key, text]) => {
    const say = (all: readonly Step[]): string => {
      const count = (verdict: Verdict): number =>
        all.filter(({ statements }) => statements[key] === verdict).length;
      const parts = [`holds in ${count('holds')} of ${all.length}`];
      if (count('fails') > 0) parts.push(`fails in ${count('fails')}`);
      if (count('undecided') > 0) parts.push(`undecided in ${count('undecided')}`);
      return parts.join(', ');
    };
    return [text, say(steps), say(sensitivity.slice(1))];
  });
  const energy = steps.map(({ toDefault }) => toDefault.split);
  const orders = steps.at(Math.floor(steps.length / 2));
  return [
    table(['statement', 'load steps', 'changed assumptions'], rows),
    '',
    'In numbers, over all load steps:',
    '',
    `- The split draws ${range(energy.map(({ watts }) => 100 * watts.mean))} % of the watts of default and spends ` +
      `${range(energy.map(({ joulesPerRequest }) => 100 * joulesPerRequest.mean))} % of its joules on a request.`,
    ...(orders === undefined
      ? []
      : [
          `- Data pinned serves, at ${orders.connections} connections, ` +
            `${percent(orders.toDefault['data-pinned'].throughput)} of default in the order of the manifests, ` +
            `${percent(orders.toDefault['data-pinned-data-first'].throughput)} with data first and ` +
            `${percent(orders.toDefault['data-pinned-business-first'].throughput)} with business first: ` +
            'the statement of the talk is one about the order of deployment.',
          `- The best cut serves ${percent(orders.toDefault['best-cut'].throughput)} of default there, ` +
            `the agent ${percent(orders.toDefault.agent.throughput)}. ${againstCut(orders)}`,
        ]),
  ].join('\n');
}

/** The agent knows no call graph; what that costs. */
function againstCut({ toDefault }: Step): string {
  const agent = toDefault.agent.throughput;
  const cut = toDefault['best-cut'].throughput;
  if (agent.high < cut.low) {
    return 'It learns without being told the call graph, and does not reach the cut of a person who knows it.';
  }
  return 'It learns without being told the call graph, and is not behind the cut of a person who knows it.';
}

function stepTable(
  steps: readonly Step[],
  pick: (one: ScenarioFigures) => Figure,
  title: string,
  digits: number,
): string {
  const header = [title, ...steps.map(({ connections }) => String(connections))];
  const rows = SCENARIOS.map((scenario) => [
    TITLES[scenario],
    ...steps.map(({ scenarios }) => spread(pick(scenarios[scenario]), digits)),
  ]);
  return table(header, rows);
}

function sensitivityTable(sensitivity: readonly Sensitivity[]): string {
  const header = [
    'assumption',
    'default, requests/s',
    'split',
    'data pinned',
    'data first',
    'business first',
    'best cut',
    'agent',
    'default > split',
    'data pinned > default',
  ];
  const rows = sensitivity.map(({ factor, value, scenarios, toDefault, statements }) => [
    `${factor}: ${value}`,
    spread(scenarios.default.throughput, 0),
    ...SCENARIOS.slice(1).map((scenario) => percent(toDefault[scenario].throughput)),
    VERDICTS[statements.defaultBeatsSplit],
    VERDICTS[statements.dataPinnedBeatsDefault],
  ]);
  return table(header, rows);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(header),
    line(header.map((_, i) => (i === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n');
}

function spread({ mean, high }: Figure, digits: number): string {
  return `${mean.toFixed(digits)} ± ${(high - mean).toFixed(digits)}`;
}

function percent({ mean, high }: Figure): string {
  return `${(100 * mean).toFixed(0)} ± ${(100 * (high - mean)).toFixed(0)} %`;
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
}

function list(values: readonly number[]): string {
  return `${values.slice(0, -1).join(', ')} and ${String(values.at(-1))}`;
}

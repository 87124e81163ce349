// SPDX-License-Identifier: Apache-2.0
import type { Figure } from '#cli/runs/figure.ts';
import { missShares, UPSTREAM_RECORDS } from './input-size.ts';
import { REFERENCE_THREADS, SCENARIOS, TALK_SCENARIOS, type Scenario } from './plan.ts';
import { plot } from './plot.ts';
import type { ExperimentResults, ScenarioFigures, Sensitivity, Step, Verdict } from './results.ts';
import { turnLines } from './turns.ts';

/**
 * A piece of the report, whatever it is written as. Text may hold `code`, **bold** and
 * [links](target).
 */
export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'plot'; readonly name: string; readonly alt: string; readonly svg: string };

/** Names of the scenarios for people. */
export const TITLES: Readonly<Record<Scenario, string>> = {
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

/** The whole report. */
export function reportOf(results: ExperimentResults): Block[] {
  return [
    ...opening(results),
    ...findings(results),
    ...loadBlocks(results),
    ...sizeBlocks(results),
    ...referenceBlocks(results),
    ...sensitivityBlocks(results),
    ...orderBlocks(results),
    ...closing(results),
  ];
}

function text(value: string): Block {
  return { kind: 'text', text: value };
}

function heading(value: string): Block {
  return { kind: 'heading', text: value };
}

function opening({ seeds, effort, steps }: ExperimentResults): Block[] {
  const { rollouts, measured, measuredBySize, windowSeconds, sizes } = effort;
  return [
    text(
      "The talk that Perihelion follows (KubeCon China 2023) ran DeathStarBench's hotelReservation on three machines of 8 cores and 32 GB, one of them the master, loaded it with wrk, and compared three placements: what the stock scheduler does (`default`, its scenario 1), the data stores on one worker and everything else on the other (`split`, scenario 2), and the data stores on one worker with the rest left to the scheduler (`data pinned`, scenario 3). Its findings are words, not numbers: 1 beats 2 on throughput and p99 at similar energy; 3 beats both. A learning agent is to find such placements by itself.",
    ),
    text(
      "This page repeats it on Perihelion's [simulator](simulator.md), which knows no placement and no ranking: services, call graph, CPU per call, network, mesh, scheduler and power curves go in, and what comes out is reported as it is. **A simulation is no measurement of real machines**: what the page shows is which of the statements follow from the published numbers, and from which assumption.",
    ),
    {
      kind: 'list',
      items: [
        `Load: wrk with ${list(steps.map(({ threads }) => threads))} threads of ten connections each, a closed loop, ${windowSeconds.steps} virtual seconds (${windowSeconds.sensitivity} where an assumption is changed).`,
        `Input size, which the talk calls "input data 2,000 to 10,000" without a unit, is read as the number of hotels in the data stores: upstream's ${UPSTREAM_RECORDS}, with which caches are warm, and ${list(sizes.map(thousands))}, with which a run begins with cold caches.`,
        `${seeds.length} seeds (${seeds[0] ?? ''} to ${seeds.at(-1) ?? ''}); every interval is 95 % (Student's t) over seeds. Deployments measured under each seed: ${measured.steps.each} (default ${measured.steps.default}); for each input size ${measuredBySize.each} (default ${measuredBySize.default}); where an assumption is changed ${measured.sensitivity.each} (default ${measured.sensitivity.default}).`,
        '`default` breaks ties between equal nodes by chance, so its deployments differ.',
        '`data pinned` is deployed in the order of `kubectl apply -R`, with all data stores first, and with all business services first: the scheduler counts Pods and requests, not work, so the order decides where the work lands.',
        '`best cut` is made by hand from the call graph: each service with its cache, the work in two halves.',
        `\`agent\`: the shipped defaults, after ${rollouts.steps} deployments at that load (${rollouts.sensitivity} where an assumption is changed) with windows of 2 seconds or three response times; still learning, exploring and holding out while it is measured.`,
      ],
    },
  ];
}

const STATEMENTS = [
  ['defaultBeatsSplit', 'Default beats the split on throughput and p99'],
  ['similarPower', '... at similar power (watts within 10 %)'],
  ['similarEnergy', '... at similar energy per request (within 10 %)'],
  ['dataPinnedBeatsDefault', 'Data pinned (order of the manifests) beats default'],
  ['agentBeatsDefault', 'The agent beats default'],
] as const;

function findings(results: ExperimentResults): Block[] {
  const { steps, sizes, sensitivity } = results;
  const say = (all: readonly Pick<Step, 'statements'>[], key: (typeof STATEMENTS)[number][0]) => {
    const count = (verdict: Verdict): number =>
      all.filter(({ statements }) => statements[key] === verdict).length;
    const parts = [`holds in ${count('holds')} of ${all.length}`];
    if (count('fails') > 0) parts.push(`fails in ${count('fails')}`);
    if (count('undecided') > 0) parts.push(`undecided in ${count('undecided')}`);
    return parts.join(', ');
  };
  const changed = sensitivity.slice(1);
  return [
    heading('What follows and what does not'),
    {
      kind: 'table',
      header: ['statement', 'loads', 'loads and input sizes', 'changed assumptions'],
      rows: STATEMENTS.map(([key, statement]) => [
        statement,
        say(steps, key),
        say(sizes, key),
        say(changed, key),
      ]),
    },
    text('In numbers:'),
    { kind: 'list', items: numberLines(results) },
    heading('Where each order turns'),
    text(
      'A statement *holds* where the whole 95 % interval of the ratios to default, paired by seed, is on its side (for "beats": of throughput and of p99), *fails* where one of them is wholly on the other side, and is undecided in between.',
    ),
    { kind: 'list', items: turnLines(results) },
  ];
}

function numberLines({ steps, orders }: ExperimentResults): string[] {
  const splits = steps.map(({ toDefault }) => toDefault.split);
  const reference =
    steps.find(({ threads }) => threads === REFERENCE_THREADS) ?? steps[steps.length - 1];
  const lines = [
    `Over all loads, the split serves ${range(splits.map(({ throughput }) => 100 * throughput.mean))} % of the requests of default, draws ${range(splits.map(({ watts }) => 100 * watts.mean))} % of its watts and spends ${range(splits.map(({ joulesPerRequest }) => 100 * joulesPerRequest.mean))} % of its joules on a request.`,
  ];
  if (reference === undefined) return lines;
  const { toDefault, threads } = reference;
  const share = (scenario: Scenario): string => percent(toDefault[scenario].throughput);
  lines.push(
    `With ${threads} threads data pinned serves ${share('data-pinned')} of default in the order of the manifests, ${share('data-pinned-data-first')} with data first and ${share('data-pinned-business-first')} with business first.`,
    `The best cut serves ${share('best-cut')} of default there, the agent ${share('agent')}. ${againstCut(reference)}`,
  );
  const heaviest = orders.find(({ order }) => order === 'heaviest first');
  if (heaviest !== undefined) {
    lines.push(
      `On paper the heaviest-first order is the best for data pinned: ${percentOf(heaviest.ratioToManifestOrder)} of default in the order of the manifests, but ${percentOf(heaviest.ratioSameOrder)} of default in the same order.`,
    );
  }
  return lines;
}

/** The agent knows no call graph; what that costs. */
function againstCut({ toDefault }: Step): string {
  const behind = toDefault.agent.throughput.high < toDefault['best-cut'].throughput.low;
  return behind
    ? 'It learns without being told the call graph, and does not reach the cut of a person who knows it.'
    : 'It learns without being told the call graph, and is not behind the cut of a person who knows it.';
}

const MEASURES = [
  ['throughput', 'Requests per second', (one: ScenarioFigures) => one.throughput, 0],
  ['p50', 'Median, milliseconds', (one: ScenarioFigures) => one.p50, 0],
  ['p99', '99th percentile, milliseconds', (one: ScenarioFigures) => one.p99, 0],
  [
    'energy',
    'Joules per request (all three machines, idle power included)',
    (one: ScenarioFigures) => one.joulesPerRequest,
    3,
  ],
  ['watts', 'Watts (all three machines)', (one: ScenarioFigures) => one.watts, 0],
  [
    'pod-watts',
    'Watts attributed to the Pods of `hotel-res`',
    (one: ScenarioFigures) => one.podWatts,
    0,
  ],
] as const;

/** Plots that the page in the documentation shows, by name. */
const PLOTTED: Readonly<Record<string, string>> = {
  throughput: 'Requests per second',
  p99: '99th percentile, milliseconds',
  energy: 'Joules per request',
};

function loadBlocks({ steps }: ExperimentResults): Block[] {
  const threads = steps.map((step) => step.threads);
  return [
    heading('By load'),
    ...MEASURES.map(([, title, pick, digits]): Block => ({
      kind: 'table',
      header: [`${title}; by threads`, ...threads.map(String)],
      rows: SCENARIOS.map((scenario) => [
        TITLES[scenario],
        ...steps.map(({ scenarios }) => spread(pick(scenarios[scenario]), digits)),
      ]),
    })),
    ...MEASURES.filter(([name]) => PLOTTED[name] !== undefined).map(([name, , pick]): Block => ({
      kind: 'plot',
      name,
      alt: `${PLOTTED[name] ?? ''} by threads of wrk`,
      svg: plot(
        {
          title: PLOTTED[name] ?? '',
          axis: 'threads of wrk, ten connections each',
          labels: threads,
          interval: 'bars',
        },
        SCENARIOS.map((scenario) => ({
          name: TITLES[scenario],
          values: steps.map(({ scenarios }) => pick(scenarios[scenario])),
        })),
      ),
    })),
    text(
      'A closed loop saturates the workers at the first steps already: throughput stays and latency grows with the connections. Joules per request and watts must be read together: a placement that serves more draws more watts and still spends less on each request.',
    ),
  ];
}

function sizeBlocks({ sizes, effort }: ExperimentResults): Block[] {
  const { threads } = effort;
  const rows = effort.sizes.flatMap((records) =>
    TALK_SCENARIOS.map((scenario) => [
      thousands(records),
      TITLES[scenario],
      ...threads.map((count) => {
        const step = sizes.find((one) => one.records === records && one.threads === count);
        if (step === undefined) return '';
        const { throughput } = step.scenarios[scenario];
        if (scenario === 'default') return spread(throughput, 0);
        return `${spread(throughput, 0)} (${percent(step.toDefault[scenario].throughput)})`;
      }),
    ]),
  );
  const shares = effort.sizes.map((records) => missShares(records));
  const percents = (pick: (one: (typeof shares)[number]) => number): string =>
    range(shares.map((one) => 100 * pick(one)));
  return [
    heading('By input size'),
    text(
      `A run that begins with cold caches reads each record from MongoDB once. Over the minute of a run that is ${percents((one) => one.rate)} % of the calls for rates and ${percents((one) => one.profile)} % of the searches' calls for profiles; a find costs 78 µs of CPU and filling the cache 20.9 µs for each record, and a recommendation walks a longer list (0.05 µs for each hotel, assumed). Milliseconds of business code decide next to that, so the order of the placements does not turn with the input size unless the table says so.`,
    ),
    {
      kind: 'table',
      header: ['hotels', 'requests per second (of default); by threads', ...threads.map(String)],
      rows,
    },
  ];
}

function referenceBlocks({ reference }: ExperimentResults): Block[] {
  const seconds = reference.power.default.length;
  const services = Object.keys(reference.placements.default);
  return [
    heading('Watts of all Pods over time'),
    text(
      `What Kepler attributes to the Pods of \`hotel-res\` together, second by second with ${reference.threads} threads: mean and 95 % band over seeds. Kepler hands out what it calls the active part of a machine's power, its share by utilisation; the rest of the machines' watts stays with them.`,
    ),
    {
      kind: 'plot',
      name: 'watts',
      alt: 'Watts of all Pods of hotel-res over time',
      svg: plot(
        {
          title: 'Watts of all Pods of hotel-res',
          axis: 'seconds since the load is steady',
          labels: Array.from({ length: seconds }, (_, i) => ((i + 1) % 10 === 0 ? i + 1 : '')),
          interval: 'band',
        },
        SCENARIOS.map((scenario) => ({
          name: TITLES[scenario],
          values: reference.power[scenario],
        })),
      ),
    },
    heading('Where each Pod went'),
    text(
      `Share of the deployments (${reference.threads} threads, all seeds) in which a service stood on \`worker-1\`; in the others it stood on \`worker-2\`.`,
    ),
    {
      kind: 'table',
      header: ['service', ...SCENARIOS.map((scenario) => TITLES[scenario])],
      rows: services.map((service) => [
        service,
        ...SCENARIOS.map((scenario) =>
          percentOf(reference.placements[scenario][service]?.['worker-1'] ?? 0),
        ),
      ]),
    },
  ];
}

function sensitivityBlocks({ sensitivity }: ExperimentResults): Block[] {
  const row = (one: Sensitivity): string[] => [
    `${one.factor}: ${one.value}`,
    spread(one.scenarios.default.throughput, 0),
    ...SCENARIOS.slice(1).map((scenario) => percent(one.toDefault[scenario].throughput)),
    percent(one.toDefault.split.joulesPerRequest),
    VERDICTS[one.statements.defaultBeatsSplit],
    VERDICTS[one.statements.similarEnergy],
    VERDICTS[one.statements.dataPinnedBeatsDefault],
    VERDICTS[one.businessFirstBeatsDefault],
    VERDICTS[one.statements.agentBeatsDefault],
  ];
  return [
    heading('How much depends on what is assumed'),
    text(
      `${REFERENCE_THREADS} threads, one assumption changed at a time. Throughput against \`default\` under the same seed, joules per request of the split against default's, and whether the statements hold.`,
    ),
    {
      kind: 'table',
      header: [
        'assumption',
        'default, requests/s',
        ...SCENARIOS.slice(1).map((scenario) => TITLES[scenario]),
        'split, J/request',
        '1 > 2',
        '1 ~ 2 in energy',
        '3 > 1',
        '3, business first > 1',
        'agent > 1',
      ],
      rows: sensitivity.map(row),
    },
  ];
}

function orderBlocks({ orders }: ExperimentResults): Block[] {
  return [
    heading('Why the deploy order decides about scenario 3'),
    text(
      'The CPU ceiling of a placement follows from the call graph alone: the CPU of a mean request on each machine, and the rate at which the first machine is full. Below are its means over 1,000 deployments by the stock scheduler, without any load or chance but the ties between nodes.',
    ),
    {
      kind: 'table',
      header: [
        'deploy order',
        'default, requests/s',
        'data pinned, requests/s',
        'data pinned / default in the same order',
        'data pinned / default in manifest order',
      ],
      rows: orders.map((one) => [
        one.order,
        one.default.mean.toFixed(0),
        one.dataPinned.mean.toFixed(0),
        percentOf(one.ratioSameOrder),
        percentOf(one.ratioToManifestOrder),
      ]),
    },
    text(
      'All Pods ask for the same CPU, so the stock scheduler balances their number, and the data stores, which do next to nothing, count as much as the services that do everything. Pinned stores that are there first (or in between) push the work to the other worker. If the business services go first they are balanced among themselves, whether the stores are pinned afterwards or not: in one and the same order pinning gains nothing. **Scenario 3 beats scenario 1 where its business services are deployed before its stores and those of scenario 1 are not**; the gain is that of the order. What the talk did about the order is not known.',
    ),
  ];
}

function closing({ seeds }: ExperimentResults): Block[] {
  return [
    heading('How to repeat it'),
    text(
      `\`make experiment\` (${seeds.length} seeds, about half an hour on two cores) writes \`out/experiment/results.json\`, \`out/experiment/report.html\` (one file, opens without a network) and this page. The same seeds give the same numbers on every machine. \`bench/experiment/plan.ts\` lists every variant; the application and the machines are \`simulations/hotel-reservation-seed.yaml\`.`,
    ),
  ];
}

function spread({ mean, high }: Figure, digits: number): string {
  return `${mean.toFixed(digits)} ± ${(high - mean).toFixed(digits)}`;
}

function percent({ mean, high }: Figure): string {
  return `${(100 * mean).toFixed(0)} ± ${(100 * (high - mean)).toFixed(0)} %`;
}

function percentOf(ratio: number): string {
  return `${(100 * ratio).toFixed(0)} %`;
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values).toFixed(0), Math.max(...values).toFixed(0)];
  return low === high ? low : `${low} to ${high}`;
}

function thousands(value: number): string {
  return value.toLocaleString('en-GB');
}

function list(values: readonly (number | string)[]): string {
  if (values.length < 2) return values.join('');
  return `${values.slice(0, -1).join(', ')} and ${String(values.at(-1))}`;
}

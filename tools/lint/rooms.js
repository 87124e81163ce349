// SPDX-License-Identifier: Apache-2.0
// Which room of src/ may import which, as docs/architecture.md tells it: one table for the linter and
// for the test that reads every import. Names begin with `#`, which a glob of the linter takes for a
// comment: the restrictions are regular expressions.

/** Room -> rooms (or single folders of one) that it may import. */
export const ROOMS = {
  agent: [],
  reward: ['agent'],
  admission: [
    'agent',
    'audit',
    // Not the API client nor what uses it: an admission waits for nobody.
    ...['wire', 'decision', 'objects', 'policy', 'model', 'mirror'].map(
      (name) => `cluster/${name}`,
    ),
    'tracing',
  ],
  telemetry: [],
  cluster: [],
  // Not how an exporter is read or a backend asked: the sources are handed over.
  learner: ['agent', 'reward', 'telemetry/reading', 'telemetry/presets', 'cluster'],
  audit: ['agent'],
  certs: ['cluster'],
  simulator: [],
  dashboard: ['agent', 'reward', 'audit', 'telemetry/reading', 'cluster'],
  tracing: [],
};

/** Rooms that may import all others. */
export const SHELL = ['settings', 'cli'];

/** Folders of the shell that may import the simulator; what serves a real cluster may not. */
export const SIMULATING = ['cli/demo', 'cli/simulate'];

/** Room -> folder in it -> folders of the same room that it may import. */
export const FOLDERS = {
  agent: {
    terms: [],
    state: ['terms'],
    exploring: ['terms'],
    learning: ['terms', 'state'],
    choosing: ['terms', 'exploring', 'learning'],
    scaling: ['terms', 'learning'],
  },
  admission: {
    review: [],
    server: [],
    pod: ['review'],
    patch: ['review'],
    remembered: [],
    scheduler: ['review', 'pod', 'patch', 'remembered'],
    targets: ['review', 'remembered', 'scheduler'],
    decision: ['review', 'pod', 'patch', 'remembered', 'scheduler', 'targets'],
    figures: ['review', 'server'],
    handling: ['review', 'server', 'pod', 'patch', 'decision', 'figures'],
  },
  cluster: {
    wire: [],
    decision: [],
    objects: ['wire', 'decision'],
    api: ['wire', 'decision'],
    watch: ['wire', 'api'],
    lease: ['wire', 'api'],
    actions: ['wire', 'decision', 'objects', 'api'],
    policy: ['wire', 'objects', 'api', 'watch'],
    model: ['wire', 'objects', 'api', 'watch'],
    mirror: ['wire', 'decision', 'objects', 'api', 'watch', 'policy', 'model'],
    crd: ['wire', 'api', 'policy', 'model'],
  },
  learner: {
    episodes: [],
    readings: ['episodes'],
    judging: ['episodes', 'readings'],
    tick: ['episodes', 'judging'],
    observation: ['episodes', 'readings', 'tick'],
    enforcement: ['episodes', 'judging', 'tick'],
    settling: ['episodes', 'readings', 'judging', 'tick', 'enforcement'],
    capacity: ['episodes', 'readings', 'tick'],
    scaling: ['episodes', 'readings', 'judging', 'tick', 'observation', 'enforcement', 'capacity'],
    rebalancing: ['readings', 'tick', 'enforcement', 'capacity'],
    forgetting: ['episodes', 'tick'],
    loop: [
      ...['episodes', 'readings', 'judging', 'tick', 'observation', 'enforcement', 'settling'],
      ...['capacity', 'scaling', 'rebalancing', 'forgetting'],
    ],
  },
  telemetry: {
    reading: [],
    series: ['reading'],
    counters: ['series'],
    presets: ['series'],
    energy: ['reading', 'series', 'counters', 'presets'],
    mesh: ['reading', 'series', 'counters', 'presets'],
    load: ['reading', 'series', 'counters'],
    sources: ['reading', 'series', 'presets', 'energy', 'mesh', 'load'],
    http: ['series'],
    prometheus: ['reading', 'series', 'counters', 'sources', 'http'],
    scrape: ['reading', 'series', 'presets', 'sources', 'http'],
  },
  simulator: {
    random: [],
    kube: [],
    events: [],
    application: ['random', 'kube'],
    machines: ['kube'],
    processors: ['events'],
    engine: ['random', 'events', 'application', 'machines', 'processors'],
    scheduler: ['random', 'kube'],
    api: ['random', 'kube'],
    control: [
      ...['random', 'kube', 'events', 'application', 'machines', 'engine', 'scheduler', 'api'],
    ],
    exporters: ['application', 'machines', 'engine', 'control'],
    trial: ['kube', 'application', 'machines', 'engine', 'scheduler'],
    cluster: [
      ...['random', 'kube', 'events', 'application', 'machines', 'engine', 'api', 'control'],
      'exporters',
    ],
  },
  dashboard: {
    api: [],
    now: ['api'],
    decisions: ['api', 'now'],
    server: ['api', 'now', 'decisions'],
    page: ['api'],
  },
  cli: {
    command: [],
    runs: [],
    terminal: ['command'],
    access: ['command'],
    completion: ['command'],
    policy: ['command', 'terminal'],
    audit: ['command', 'terminal'],
    recommend: ['command', 'terminal', 'access'],
    explain: ['command', 'terminal', 'access', 'audit'],
    report: ['command', 'terminal', 'access', 'audit', 'explain'],
    simulate: ['command', 'terminal', 'runs'],
    roles: ['command'],
    dashboard: ['command', 'audit', 'explain', 'report', 'roles'],
    serve: ['command', 'access', 'roles', 'dashboard'],
    doctor: ['command', 'terminal', 'access', 'explain', 'roles'],
    demo: ['command', 'terminal', 'runs', 'roles', 'dashboard', 'serve'],
    program: [
      ...['command', 'completion', 'policy', 'audit', 'recommend', 'explain', 'report', 'simulate'],
      ...['serve', 'doctor', 'demo'],
    ],
  },
};

/** Rooms without I/O: no `node:` module, no error table, no clock and no randomness of their own. */
export const PURE = ['agent', 'reward'];

/**
 * What a module may not import, as patterns of the rule `no-restricted-imports`.
 * @param {string} room
 * @param {string | undefined} folder of the room; undefined = the room has none in {@link FOLDERS}
 * @returns {{ regex: string, message: string }[]}
 */
export function restrictions(room, folder) {
  const allowed = ROOMS[room];
  const whole = allowed.filter((one) => !one.includes('/'));
  const parts = allowed.filter((one) => one.includes('/')).map((one) => one.split('/'));
  const partly = [...new Set(parts.map(([of]) => of))];
  const known = [room, ...whole, ...partly];
  const patterns = [
    {
      regex: `^#(?!errors$|(?:${known.join('|')})/)`,
      message: `src/${room} may import only: ${[room, ...allowed].join(', ')}.`,
    },
    { regex: '^\\.\\.(?:/|$)', message: 'Leave a folder only through the alias of its room.' },
  ];
  for (const of of partly) {
    const names = parts.filter(([one]) => one === of).map(([, name]) => name);
    patterns.push({
      regex: onlyFolders(of, names),
      message: `src/${room} may import only: ${[room, ...allowed].join(', ')}.`,
    });
  }
  if (folder !== undefined) patterns.push(ofItsRoom(room, folder));
  if (PURE.includes(room)) {
    patterns.push({ regex: '^(?:node:|#errors$)', message: `src/${room} is pure: no I/O.` });
  }
  return patterns;
}

/**
 * The same for the shell, which may import everything but the simulator.
 * @param {string | undefined} room undefined = a file in none
 * @param {string | undefined} folder of the room; undefined = the room has none in {@link FOLDERS}
 * @returns {{ regex: string, message: string }[]}
 */
export function shellRestrictions(room, folder) {
  const patterns = [];
  if (!SIMULATING.includes(`${room}/${folder}`)) {
    patterns.push({
      regex: '^#simulator/',
      message: `Of the shell only ${SIMULATING.join(', ')} may import the simulator.`,
    });
  }
  if (folder !== undefined) {
    patterns.push(ofItsRoom(room, folder), {
      // package.json is in no room.
      regex: '^\\.\\.(?:/|$)(?!.*\\.json$)',
      message: 'Leave a folder only through the alias of its room.',
    });
  }
  return patterns;
}

function ofItsRoom(room, folder) {
  const others = FOLDERS[room][folder];
  return {
    regex: onlyFolders(room, others),
    message: `src/${room}/${folder} may import of its room only: ${others.join(', ') || 'nothing'}; its own files through ./`,
  };
}

function onlyFolders(room, names) {
  return names.length === 0 ? `^#${room}/` : `^#${room}/(?!(?:${names.join('|')})/)`;
}

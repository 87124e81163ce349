// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importedFile, reachedFrom, shortestCircle, specifiersOf } from './imports.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

/** The linter's own table; it is plain JavaScript, because the linter may run on another Node.js. */
interface Table {
  readonly ROOMS: Readonly<Record<string, readonly string[]>>;
  readonly SHELL: readonly string[];
  readonly SIMULATING: readonly string[];
  readonly FOLDERS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly restrictions: (room: string, folder: string | undefined) => readonly Pattern[];
  readonly shellRestrictions: (
    room: string | undefined,
    folder: string | undefined,
  ) => readonly Pattern[];
}

interface Pattern {
  readonly regex: string;
  readonly message: string;
}

const path: string = new URL('../../../tools/lint/rooms.js', import.meta.url).href;
const { ROOMS, SHELL, SIMULATING, FOLDERS, restrictions, shellRestrictions } = (await import(
  path
)) as Table;

/** What the linter says about an import in a file of `src`; undefined = nothing. */
function refused(file: string, specifier: string): string | undefined {
  const [room = '', name = ''] = file.split('/');
  const folder = name in (FOLDERS[room] ?? {}) ? name : undefined;
  const rules = room in ROOMS ? restrictions : shellRestrictions;
  const patterns = rules(room, folder);
  // As the rule `no-restricted-imports` reads a pattern.
  return patterns.find(({ regex }) => new RegExp(regex, 'iu').test(specifier))?.message;
}

function maySimulate(file: string): boolean {
  return SIMULATING.some((folder) => file.startsWith(`${folder}/`));
}

const files = readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

test('no file of src imports what its room may not', () => {
  let seen = 0;
  for (const file of files) {
    for (const specifier of specifiersOf(read(`src/${file}`))) {
      seen += 1;
      assert.equal(refused(file, specifier), undefined, `${file} imports ${specifier}`);
    }
  }
  assert.ok(seen > files.length, `${seen} imports in ${files.length} files`);
});

test('what a room may not import is refused', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['reward/x.ts', '#cluster/api/client.ts'],
    ['reward/x.ts', '#errors'],
    ['agent/x.ts', 'node:fs'],
    ['agent/x.ts', '#reward/x.ts'],
    ['telemetry/x.ts', '#settings/x.ts'],
    ['learner/scaling/x.ts', '#cli/x.ts'],
    ['learner/scaling/x.ts', '../x.ts'],
    ['learner/judging/x.ts', '#learner/settling/settle.ts'],
    ['learner/capacity/x.ts', '#learner/scaling/plan.ts'],
    ['learner/tick/x.ts', '#learner/loop/learner.ts'],
    ['learner/readings/x.ts', '#telemetry/sources/sources.ts'],
    ['dashboard/x.ts', '#telemetry/presets/preset.ts'],
    ['telemetry/reading/x.ts', '#telemetry/series/series.ts'],
    ['telemetry/sources/x.ts', '#telemetry/prometheus/client.ts'],
    ['telemetry/energy/x.ts', '#telemetry/mesh/latency.ts'],
    ['simulator/engine/x.ts', '#cluster/wire/json.ts'],
    ['simulator/engine/x.ts', '#simulator/api/store.ts'],
    ['simulator/scheduler/x.ts', '#simulator/engine/engine.ts'],
    ['simulator/trial/x.ts', '#simulator/cluster/options.ts'],
    ['settings/x.ts', '#simulator/machines/meter.ts'],
    ['cli/serve/x.ts', '#simulator/cluster/cluster.ts'],
    ['cli/command/x.ts', '#simulator/cluster/cluster.ts'],
    ['cli/dashboard/x.ts', '#cli/demo/results.ts'],
    ['cli/roles/x.ts', '#cli/serve/product.ts'],
    ['cli/explain/x.ts', '#cli/report/report.ts'],
    ['cli/report/x.ts', '../explain/claimed.ts'],
    ['main.ts', '#simulator/cluster/cluster.ts'],
    ['admission/decision/x.ts', '#cluster/api/client.ts'],
    ['admission/handling/x.ts', '#cluster/actions/scale.ts'],
    ['admission/handling/x.ts', '#telemetry/reading/reading.ts'],
    ['admission/server/x.ts', '#admission/decision/decide.ts'],
    ['admission/decision/x.ts', '#admission/server/deadline.ts'],
    ['admission/remembered/x.ts', '#admission/targets/targets.ts'],
    ['admission/scheduler/x.ts', '#admission/targets/feasibility.ts'],
    ['admission/figures/x.ts', '#admission/handling/handler.ts'],
    ['admission/pod/x.ts', '../review/json.ts'],
    ['cluster/wire/x.ts', '#cluster/objects/slim.ts'],
    ['cluster/objects/x.ts', '#cluster/api/client.ts'],
    ['cluster/objects/x.ts', '#cluster/objects/slim.ts'],
    ['cluster/watch/x.ts', '#cluster/mirror/informers.ts'],
    ['cluster/model/x.ts', '#cluster/policy/policy.ts'],
    ['cluster/model/x.ts', '../wire/json.ts'],
    ['cluster/model/x.ts', '#agent/terms/action.ts'],
  ];
  for (const [file, specifier] of cases) {
    assert.notEqual(refused(file, specifier), undefined, `${file} may import ${specifier}`);
  }
  for (const [file, specifier] of [
    ['reward/x.ts', '#agent/terms/action.ts'],
    ['admission/pod/x.ts', '#cluster/objects/slim.ts'],
    ['admission/pod/x.ts', '#errors'],
    ['admission/targets/x.ts', '#admission/scheduler/node-checks.ts'],
    ['admission/handling/x.ts', '#admission/decision/decide.ts'],
    ['cluster/mirror/x.ts', '#cluster/watch/store.ts'],
    ['cluster/mirror/x.ts', './view.ts'],
    ['learner/scaling/x.ts', '#learner/capacity/ports.ts'],
    ['learner/readings/x.ts', '#telemetry/reading/source.ts'],
    ['cli/demo/x.ts', '#simulator/cluster/cluster.ts'],
    ['cli/serve/x.ts', '#telemetry/scrape/scrape.ts'],
    ['cli/dashboard/x.ts', '#cli/roles/ports.ts'],
    ['cli/command/x.ts', '../../../package.json'],
    ['cluster/api/x.ts', 'undici'],
  ] as const) {
    assert.equal(refused(file, specifier), undefined, `${file} may not import ${specifier}`);
  }
});

test('every room, and every folder of a room that has a table, is in the table', () => {
  const rooms = folders('src').sort();
  assert.deepEqual(rooms, [...Object.keys(ROOMS), ...SHELL].sort());
  for (const [room, table] of Object.entries(FOLDERS)) {
    assert.deepEqual(folders(`src/${room}`).sort(), Object.keys(table).sort());
    const loose = readdirSync(`${ROOT}/src/${room}`).filter((name) => name.endsWith('.ts'));
    assert.deepEqual(loose, [], `files of src/${room} outside its folders`);
  }
});

test('the arrows point one way', () => {
  for (const table of [ROOMS, ...Object.values(FOLDERS)]) {
    const placed = new Set<string>();
    let left = Object.keys(table);
    while (left.length > 0) {
      const ready = left.filter((name) =>
        (table[name] ?? []).every((other) => placed.has(other.split('/')[0] ?? '')),
      );
      assert.notDeepEqual(ready, [], `in a circle: ${left.join(', ')}`);
      for (const name of ready) placed.add(name);
      left = left.filter((name) => !placed.has(name));
    }
  }
});

test('no files of src import each other in a circle', () => {
  const arrows = arrowsOfSource();
  const circle = shortestCircle(arrows);
  assert.equal(circle, undefined, `in a circle: ${circle?.join(' -> ')}`);
  // The same files with one arrow more, back from where one leads.
  const [file = '', [other = ''] = []] = [...arrows].find(([, to]) => to.length > 0) ?? [];
  const turned = shortestCircle(new Map(arrows).set(other, [file]));
  assert.deepEqual([...new Set(turned)].sort(), [file, other].sort());
});

test('nothing but the demo and the simulation reaches the simulator, nor an admission telemetry', () => {
  const arrows = arrowsOfSource();
  const reaching = (room: string, among: (file: string) => boolean): string[] =>
    files.filter(
      (file) =>
        among(file) && [...reachedFrom(file, arrows)].some((other) => other.startsWith(`${room}/`)),
    );
  // The command line knows all commands, these two among them.
  assert.deepEqual(
    reaching('simulator', (file) => !file.startsWith('simulator/') && !maySimulate(file)).sort(),
    ['cli/program/command-line.ts', 'main.ts'],
  );
  assert.ok(reaching('simulator', maySimulate).length > 0);
  assert.deepEqual(
    reaching('telemetry', (file) => file.startsWith('admission/')),
    [],
  );
});

test('a circle is found, whatever kind of import closes it, and named by its shortest way', () => {
  const circleOf = (sources: Readonly<Record<string, string>>): string | undefined =>
    shortestCircle(
      new Map(
        Object.entries(sources).map(([file, text]) => [
          file,
          specifiersOf(text).flatMap((specifier) => importedFile(file, specifier) ?? []),
        ]),
      ),
    )?.join(' -> ');
  const two = {
    'room/a.ts': "import { b } from './b.ts';",
    'room/b.ts': "import type { A } from './a.ts';",
  };
  assert.equal(circleOf(two), 'room/a.ts -> room/b.ts -> room/a.ts');
  for (const closing of [
    "export { a } from '#room/a.ts';",
    "import '#room/a.ts';",
    "const a = await import('./a.ts');",
    "type A = import('./a.ts').A;",
    "import {\n  type A,\n} from './a.ts';",
  ]) {
    assert.equal(circleOf({ ...two, 'room/b.ts': closing }), circleOf(two), closing);
  }
  const three = {
    'room/a.ts': "import { x } from './folder/x.ts'; import { y } from './folder/y.ts';",
    'room/folder/x.ts': "import { y } from './y.ts';",
    'room/folder/y.ts': "import { b } from '../b.ts';",
    'room/b.ts': "import { a } from './a.ts'; import { readFile } from 'node:fs';",
    'errors.ts': "import pino from 'pino';",
  };
  const way = 'room/a.ts -> room/folder/y.ts -> room/b.ts -> room/a.ts';
  assert.equal(circleOf(three), way);
  assert.equal(circleOf({ 'errors.ts': "import '#errors';" }), 'errors.ts -> errors.ts');
  assert.equal(circleOf({ ...three, 'room/b.ts': "import '#errors';" }), undefined);
});

test('the tables in docs/architecture.md say the same', () => {
  const told = new Map<string, [string, string][]>();
  const dotted: string[] = [];
  let section = '';
  for (const line of read('docs/architecture.md').split('\n')) {
    if (line.startsWith('#')) section = /^### Inside `src\/([a-z]+)`$/.exec(line)?.[1] ?? '';
    const [, names = '', , may = ''] = line.split('|').map((cell) => cell.trim());
    const name = /^`(?:src\/)?([a-z]+)`( ·)?$/.exec(names);
    if (name?.[1] === undefined) continue;
    told.set(section, [...(told.get(section) ?? []), [name[1], may]]);
    if (name[2] !== undefined) dotted.push(name[1]);
  }
  const tables: [string, Table['ROOMS']][] = [['', ROOMS], ...Object.entries(FOLDERS)];
  assert.deepEqual([...told.keys()].sort(), tables.map(([of]) => of).sort());
  for (const [of, table] of tables) {
    const rows = (told.get(of) ?? []).map(([name, may]) => [name, othersIn(may, dotted)]);
    assert.deepEqual(Object.fromEntries(rows), table, of);
    assert.equal(rows.length, Object.keys(table).length, of);
  }
});

/** `a, b (x, y)` is a, b/x and b/y; `b (see below)` are those folders of b that have a dot. */
function othersIn(may: string, dotted: readonly string[]): string[] {
  return [...may.matchAll(/([a-z]+)(?: \(([^)]*)\))?/g)].flatMap(([, name = '', parts]) => {
    if (parts === undefined) return [name];
    const folders = parts === 'see below' ? dotted : parts.split(', ');
    return folders.map((folder) => `${name}/${folder}`);
  });
}

/** File -> files that it imports, all below `src`. */
function arrowsOfSource(): ReadonlyMap<string, readonly string[]> {
  const arrows = new Map<string, readonly string[]>();
  for (const file of files) {
    const imported = specifiersOf(read(`src/${file}`)).flatMap(
      (specifier) => importedFile(file, specifier) ?? [],
    );
    // An arrow that leads nowhere could hide a circle.
    for (const other of imported)
      assert.ok(existsSync(`${ROOT}/src/${other}`), `${file} imports ${other}`);
    arrows.set(file, imported);
  }
  return arrows;
}

function folders(of: string): string[] {
  return readdirSync(`${ROOT}/${of}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

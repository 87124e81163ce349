// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

/** The linter's own table; it is plain JavaScript, because the linter may run on another Node.js. */
interface Table {
  readonly ROOMS: Readonly<Record<string, readonly string[]>>;
  readonly SHELL: readonly string[];
  readonly FOLDERS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly restrictions: (
    room: string,
    folder: string | undefined,
  ) => readonly { readonly regex: string; readonly message: string }[];
}

const path: string = new URL('../../../tools/lint/rooms.js', import.meta.url).href;
const { ROOMS, SHELL, FOLDERS, restrictions } = (await import(path)) as Table;

/** What the linter says about an import in a file of `src`; undefined = nothing. */
function refused(file: string, specifier: string): string | undefined {
  const [room = '', name = ''] = file.split('/');
  if (!(room in ROOMS)) return undefined;
  const folder = name in (FOLDERS[room] ?? {}) ? name : undefined;
  // As the rule `no-restricted-imports` reads a pattern.
  return restrictions(room, folder).find(({ regex }) => new RegExp(regex, 'iu').test(specifier))
    ?.message;
}

const files = readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

test('no file of src imports what its room may not', () => {
  let seen = 0;
  for (const file of files) {
    const text = read(`src/${file}`);
    for (const [, specifier = ''] of text.matchAll(/(?:\bfrom|\bimport|import\()\s*'([^']+)'/g)) {
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
    ['simulator/x.ts', '#cluster/wire/json.ts'],
    ['admission/x.ts', '#cluster/api/client.ts'],
    ['admission/x.ts', '#cluster/actions/scale.ts'],
    ['cluster/wire/x.ts', '#cluster/objects/slim.ts'],
    ['cluster/objects/x.ts', '#cluster/api/client.ts'],
    ['cluster/objects/x.ts', '#cluster/objects/slim.ts'],
    ['cluster/watch/x.ts', '#cluster/mirror/informers.ts'],
    ['cluster/model/x.ts', '#cluster/policy/policy.ts'],
    ['cluster/model/x.ts', '../wire/json.ts'],
    ['cluster/model/x.ts', '#agent/action.ts'],
  ];
  for (const [file, specifier] of cases) {
    assert.notEqual(refused(file, specifier), undefined, `${file} may import ${specifier}`);
  }
  for (const [file, specifier] of [
    ['reward/x.ts', '#agent/action.ts'],
    ['admission/x.ts', '#cluster/objects/slim.ts'],
    ['admission/x.ts', '#errors'],
    ['cluster/mirror/x.ts', '#cluster/watch/store.ts'],
    ['cluster/mirror/x.ts', './view.ts'],
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

test('the tables in docs/architecture.md say the same', () => {
  const told = new Map<string, readonly string[]>();
  const dotted: string[] = [];
  for (const line of read('docs/architecture.md').split('\n')) {
    const [, names = '', , may = ''] = line.split('|').map((cell) => cell.trim());
    const name = /^`(?:src\/)?([a-z]+)`( ·)?$/.exec(names);
    if (name?.[1] === undefined) continue;
    told.set(name[1], may === '–' ? [] : may.replace(/ \([^)]*\)/g, '').split(', '));
    if (name[2] !== undefined) dotted.push(`cluster/${name[1]}`);
  }
  for (const table of [ROOMS, ...Object.values(FOLDERS)]) {
    for (const [name, others] of Object.entries(table)) {
      const rooms = [...new Set(others.map((other) => other.split('/')[0]))];
      assert.deepEqual(told.get(name), rooms, name);
      told.delete(name);
    }
  }
  assert.deepEqual([...told.keys()], []);
  const reached = (ROOMS['admission'] ?? []).filter((other) => other.includes('/'));
  assert.deepEqual(dotted.sort(), [...reached].sort());
});

function folders(of: string): string[] {
  return readdirSync(`${ROOT}/${of}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

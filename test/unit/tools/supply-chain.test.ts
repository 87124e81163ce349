// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import {
  billOfMaterials,
  productionLock,
  productionPackages,
  type Lock,
} from '../../../tools/sbom.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = (name: string): string => readFileSync(`${ROOT}/${name}`, 'utf8');
const lock = JSON.parse(read('package-lock.json')) as Lock;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const manifest = JSON.parse(read('package.json')) as Manifest;

test('the bill of materials lists exactly what production needs', async () => {
  const bill = await billOfMaterials(ROOT);
  const listed = bill.components.map(({ name, version }) => `${name}@${version}`).sort();
  assert.deepEqual([...new Set(listed)], productionPackages(lock));
  assert.equal(bill.metadata.component.name, 'perihelion');
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    assert.ok(listed.includes(`${name}@${version}`), name);
  }
  for (const name of ['typescript', 'esbuild', 'fast-check', 'supertest']) {
    assert.ok(!listed.some((one) => one.startsWith(`${name}@`)), name);
  }
});

test('no production dependency runs a script when it is installed', () => {
  const scripted = Object.entries(productionLock(lock).packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path);
  assert.deepEqual(scripted, []);
  // What the lock file says is held against the packages themselves.
  const hooks = ['preinstall', 'install', 'postinstall'];
  for (const path of Object.keys(productionLock(lock).packages)) {
    const file = `${ROOT}/${path}/package.json`;
    if (path === '' || !existsSync(file)) continue;
    const { scripts = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
      scripts?: Record<string, string>;
    };
    const found = hooks.filter((hook) => hook in scripts);
    // A binding.gyp makes npm run node-gyp without being asked.
    assert.deepEqual(found, [], path);
    assert.ok(!existsSync(`${ROOT}/${path}/binding.gyp`), path);
  }
});

test('every install script that may run is of a development dependency that needs it', () => {
  const scripted = Object.entries(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  assert.deepEqual([...new Set(scripted)].sort(), Object.keys(manifest.allowScripts).sort());
  for (const name of Object.keys(manifest.allowScripts)) {
    assert.ok(name in manifest.devDependencies, name);
  }
});

test('every dependency has an exact version and its line in docs/dependencies.md', () => {
  const page = read('docs/dependencies.md');
  const lines = (heading: string): string[] => {
    const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
    return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name ?? '');
  };
  const types = (names: readonly string[]): string[] =>
    [...new Set(names.map((name) => name.replace(/^@types\/.*/, '@types/*')))].sort();
  assert.deepEqual(lines('At run time').sort(), Object.keys(manifest.dependencies).sort());
  assert.deepEqual(
    lines('For development').sort(),
    types(Object.keys(manifest.devDependencies)),
    'development',
  );
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const [name, version] of Object.entries(all)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, `${name} has an exact version`);
  }
});

test('the lock file names no download address and a hash for every package', () => {
  for (const [path, one] of Object.entries(lock.packages)) {
    if (path === '') continue;
    assert.ok(!('resolved' in one), path);
    assert.ok('integrity' in one, path);
  }
});

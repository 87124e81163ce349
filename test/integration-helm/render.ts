// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { findHelm, findKubectl } from '../../tools/helm.ts';
import { type Field, field, fields } from '../unit/manifests/base.ts';
import { keyOf } from '../unit/manifests/kustomize.ts';

const execute = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT = 64 * 1024 * 1024;

/** The version that the chart is rendered for. */
const KUBE_VERSION = '1.35.4';

/** Runs Helm with folders of its own; what it says on standard error if it fails. */
export async function helm(...args: readonly string[]): Promise<string> {
  const program = findHelm();
  assert.ok(program, 'Helm; run these tests with `npm run chart`');
  const home = await mkdtemp(join(tmpdir(), 'perihelion-helm-'));
  try {
    const env = { PATH: process.env['PATH'], HOME: home, HELM_CACHE_HOME: home };
    const { stdout } = await execute(program, [...args], { cwd: ROOT, env, maxBuffer: LIMIT });
    return stdout;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The objects of the chart with some values set (`a.b=c`). */
export async function chart(...values: readonly string[]): Promise<Field[]> {
  const set = values.flatMap((value) => ['--set', value]);
  return objectsOf(
    await helm(
      ...['template', 'perihelion', 'charts/perihelion', '--namespace', 'perihelion-system'],
      ...['--kube-version', KUBE_VERSION, ...set],
    ),
  );
}

/** The objects of a kustomization. */
export async function kustomize(folder: string): Promise<Field[]> {
  const program = findKubectl();
  assert.ok(program, 'kubectl; run these tests with `npm run chart`');
  const { stdout } = await execute(program, ['kustomize', folder], {
    cwd: ROOT,
    maxBuffer: LIMIT,
  });
  return objectsOf(stdout);
}

/** Objects by kind, namespace and name; no two may have the same. */
export function byKey(objects: readonly Field[]): Record<string, Field> {
  const entries = objects.map((object) => [keyOf(object), object] as const);
  assert.equal(new Set(entries.map(([key]) => key)).size, entries.length, 'an object twice');
  return Object.fromEntries(entries);
}

/**
 * Objects without what may differ between Helm and kustomize: labels that tell who manages them,
 * the hash in a config map's name, and how a change of settings rolls the Pods.
 */
export function comparable(objects: readonly Field[]): Record<string, Field> {
  const kept = objects.filter((object) => !isTest(object) && object['kind'] !== 'Namespace');
  return byKey(kept.map((object) => withoutLabels(plain(object) as Field)));
}

const MANAGERS = new Set([
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/part-of',
  'helm.sh/chart',
  'helm.sh/resource-policy',
  'checksum/settings',
]);

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'string') return value.replace(/-settings-[a-z0-9]{10}$/, '-settings');
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !MANAGERS.has(key))
    .map(([key, child]): [string, unknown] => [
      key,
      // The same settings may be written in another order and with comments.
      key === 'settings.yaml' ? (parse(String(child)) as unknown) : plain(child),
    ])
    .filter(([key, child]) => key !== 'annotations' || Object.keys(child as object).length > 0);
  return Object.fromEntries(entries);
}

/** The settings that kustomize generates carry no label. */
function withoutLabels(object: Field): Field {
  const metadata = field(object, 'metadata');
  const isSettings = object['kind'] === 'ConfigMap' && metadata['name'] === 'perihelion-settings';
  if (!isSettings) return object;
  const rest = Object.entries(metadata).filter(([key]) => key !== 'labels');
  return { ...object, metadata: Object.fromEntries(rest) };
}

function isTest(object: Field): boolean {
  return field(object, 'metadata', 'annotations')['helm.sh/hook'] === 'test';
}

function objectsOf(text: string): Field[] {
  return parseAllDocuments(text).flatMap((document) => {
    assert.deepEqual(document.errors, []);
    return fields([document.toJS()]);
  });
}

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { runCommandLine } from '#cli/program/command-line.ts';
import { DEFAULT_POLICY_SPEC } from '#cluster/policy/parse.ts';
import { recorded } from './terminal.ts';

const HEAD = { apiVersion: 'perihelion.dev/v1alpha1', kind: 'PlacementPolicy' };

describe('perihelion policy lint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perihelion-lint-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function lint(text: string, ...flags: string[]) {
    const file = join(folder, 'policy.yaml');
    writeFileSync(file, text);
    const terminal = recorded();
    const code = await runCommandLine(['policy', 'lint', file, ...flags], terminal);
    const stdout = terminal.written.stdout.replaceAll(`${folder}/`, '');
    return { code, stdout, stderr: terminal.written.stderr };
  }

  it('finds no mistake in every field at its default, nor in an empty spec', async () => {
    const metadata = { name: 'all', namespace: 'shop' };
    const full = stringify({ ...HEAD, metadata, spec: DEFAULT_POLICY_SPEC });
    const short = stringify({ ...HEAD, metadata: { name: 'short', namespace: 'shop' } });
    const { code, stdout } = await lint(`${full}---\n${short}---\n# nothing\n`);
    assert.equal(stdout, 'no mistakes in 2 PlacementPolicy objects\n');
    assert.equal(code, 0);
  });

  it('refuses YAML that repeats itself without end, in one line', async () => {
    const rows = Array.from({ length: 12 }, (_, row) => {
      const values = Array.from({ length: 10 }, () => (row === 0 ? 'x' : `*a${row - 1}`));
      return `a${row}: &a${row} [${values.join(', ')}]`;
    });
    const { code, stdout, stderr } = await lint(`${rows.join('\n')}\n`);
    assert.deepEqual([code, stderr], [2, '']);
    assert.match(stdout, /^policy\.yaml:1: document 1: document: found "Excessive alias count.*\n/);
  });

  it('tells a number that is none from nothing', async () => {
    const metadata = { name: 'x', namespace: 'shop' };
    const { stdout } = await lint(stringify({ ...HEAD, metadata, spec: { holdoutPercent: NaN } }));
    assert.match(stdout, /spec\.holdoutPercent: found NaN, expected a value of type number/);
  });

  it('names file, line, document, field, found and expected, each mistake in one line', async () => {
    const { code, stdout } = await lint(
      [
        'apiVersion: perihelion.dev/v1alpha1',
        'kind: PlacementPolicy',
        'metadata:',
        '  name: first',
        'spec:',
        '  holdoutPercent: 120',
        '  learning:',
        '    epsilonThousandth: 5',
        '---',
        'apiVersion: v1',
        'kind: ConfigMap',
        '---',
        'apiVersion: perihelion.dev/v1',
        'kind: PlacementPolicy',
        'metadata:',
        '  name: Second',
        'spec:',
        '  tiers:',
        '    - name: data',
        '      matchLabels: {}',
        '    - name: UP',
        '      matchLabels: {}',
        '---',
        'a: [b',
      ].join('\n'),
    );
    assert.equal(code, 2);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(lines.slice(0, 5), [
      'policy.yaml:8: document 1: spec.learning.epsilonThousandth: found "an unknown field", expected a known one; did you mean epsilonThousandths?',
      'policy.yaml:6: document 1: spec.holdoutPercent: found 120, expected a number of at most 100',
      'policy.yaml:13: document 3: apiVersion: found "perihelion.dev/v1", expected perihelion.dev/v1alpha1',
      'policy.yaml:16: document 3: metadata.name: found "Second", expected a name of lower-case letters, digits, - and .',
      'policy.yaml:21: document 3: spec.tiers[1].name: found "UP", expected text of the form /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/',
    ]);
    assert.match(
      lines[5] ?? '',
      /^policy\.yaml:\d+: document 4: document: found .*, expected YAML$/,
    );
    assert.equal(lines[6], '6 mistakes in 2 PlacementPolicy objects, 1 other object left out');
    assert.equal(lines.length, 7);
  });

  it('finds two policies of one name', async () => {
    const one = stringify({ ...HEAD, metadata: { name: 'a', namespace: 'shop' } });
    const { code, stdout } = await lint(`${one}---\n${one}`, '--output', 'json');
    assert.equal(code, 2);
    const report = JSON.parse(stdout) as { ok: boolean; mistakes: { message: string }[] };
    assert.equal(report.ok, false);
    assert.match(report.mistakes[0]?.message ?? '', /^metadata\.name: found "shop\/a"/);
  });

  it('takes what the CRD of the same release takes', async () => {
    const file = '../../../manifests/base/crds/perihelion.dev_placementpolicies.yaml';
    const crd = readFileSync(new URL(file, import.meta.url), 'utf8');
    const policy = stringify({ ...HEAD, metadata: { name: 'all', namespace: 'shop' } });
    const { code, stdout } = await lint(`${policy}---\n${crd}`);
    assert.equal(stdout, 'no mistakes in 1 PlacementPolicy object, 1 other object left out\n');
    assert.equal(code, 0);
  });

  /** Several files; undefined = one that is not there. */
  async function lintFiles(
    texts: Readonly<Record<string, string | undefined>>,
    ...flags: string[]
  ) {
    const files = Object.entries(texts).map(([name, text]) => {
      const file = join(folder, name);
      if (text !== undefined) writeFileSync(file, text);
      return file;
    });
    const terminal = recorded();
    const code = await runCommandLine(['policy', 'lint', ...files, ...flags], terminal);
    assert.equal(terminal.written.stderr, '');
    return { code, stdout: terminal.written.stdout.replaceAll(`${folder}/`, '') };
  }

  const GOOD = stringify({ ...HEAD, metadata: { name: 'good', namespace: 'shop' } });
  const BAD = stringify({
    ...HEAD,
    metadata: { name: 'bad', namespace: 'shop' },
    spec: { holdoutPercent: 101 },
  });
  const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\n';

  it('tells a file that is not there among the mistakes of the others', async () => {
    const { code, stdout } = await lintFiles({
      'a.yaml': GOOD,
      'none.yaml': undefined,
      'z.yaml': BAD,
    });
    assert.equal(code, 2);
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'none.yaml: file: found "none.yaml", expected a readable file (ENOENT)',
      'z.yaml:7: document 1: spec.holdoutPercent: found 101, expected a number of at most 100',
      '2 mistakes in 2 PlacementPolicy objects',
    ]);
  });

  it('refuses a file that is not there', async () => {
    const { code, stdout } = await lintFiles({ 'none.yaml': undefined });
    assert.equal(code, 2);
    assert.match(stdout, /^none\.yaml: file: found .*\(ENOENT\)\n1 mistake in 0 /);
  });

  it('refuses files without any policy: the wrong file was given', async () => {
    const { code, stdout } = await lintFiles({ 'a.yaml': CONFIG_MAP, 'b.yaml': '# nothing\n' });
    assert.equal(code, 2);
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'a.yaml: no PlacementPolicy found',
      'b.yaml: no PlacementPolicy found',
      '2 mistakes in 0 PlacementPolicy objects, 1 other object left out',
    ]);
  });

  it('only names a file without a policy where another one has some', async () => {
    const files = { 'a.yaml': CONFIG_MAP, 'b.yaml': GOOD };
    const { code, stdout } = await lintFiles(files);
    assert.equal(code, 0);
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'a.yaml: no PlacementPolicy found, left out',
      'no mistakes in 1 PlacementPolicy object, 1 other object left out',
    ]);
    const json = JSON.parse((await lintFiles(files, '--output', 'json')).stdout) as object;
    assert.deepEqual(json, {
      ok: true,
      files: ['a.yaml', 'b.yaml'],
      policies: 1,
      others: 1,
      withoutPolicy: ['a.yaml'],
      mistakes: [],
    });
  });
});

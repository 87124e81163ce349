// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { field, fields, strings, type Field } from './base.ts';

const read = (file: string): string =>
  readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
const workflow = parse(read('.github/workflows/ci.yml')) as Field;
const makefile = read('Makefile');
const targets = new Set([...makefile.matchAll(/^([a-z0-9-]+):/gm)].map(([, name]) => name));
const jobs = Object.values(field(workflow, 'jobs')).map((job) => job as Field);
const commands = jobs.flatMap((job) => fields(job['steps'])).flatMap(({ run }) => strings([run]));

describe('continuous integration', () => {
  it('calls the make targets that people use', () => {
    const called = commands.flatMap((text) =>
      [...text.matchAll(/^make (\S+)$/gm)].map(([, t]) => t),
    );
    for (const target of ['test', 'build', 'demo', 'chart', 'e2e']) {
      assert.ok(called.includes(target), target);
    }
    for (const target of called) assert.ok(targets.has(target), target);
  });

  it('may only read, and every job ends', () => {
    assert.deepEqual(workflow['permissions'], { contents: 'read' });
    for (const job of jobs) assert.ok(Number(job['timeout-minutes']) > 0);
  });

  it('goes through npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script = ''] of makefile.matchAll(/\$\(NPM\) run --silent (\S+)/g)) {
      assert.ok(script in scripts, script);
    }
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/*
 * The programs of bench, run as they are with what they cannot use. A bench lasts minutes to hours:
 * it has to say so at once, in one line.
 */

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

/** What has the fields of results, and in them nothing that results have. */
const EXPERIMENT = JSON.stringify({
  ...{ effort: {}, steps: [{}], sizes: [{}], sensitivity: [{}], reference: {}, orders: [{}] },
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function bench(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  const script = join(ROOT, 'bench', program);
  try {
    const { stdout, stderr } = await run(process.execPath, [script, ...args], { cwd });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ended;
  }
}

describe('a bench that is given what it cannot use', { timeout: 300_000 }, () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'perihelion-bench-input-'));
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    write('text.json', 'this is no JSON');
    write('number.json', '7');
    write('learning.json', '{"seeds":[],"settings":[{}],"changes":[]}');
    write('accounting.json', '{"seeds":[],"rollouts":1,"last":1,"worlds":[{}]}');
    write('experiment.json', EXPERIMENT);
    write('other.json', '{"machine":{},"ratioToBare":{}}');
    mkdirSync(join(folder, 'half'));
    write('half/admission.json', '{"cpuMicrosecondsPerRequest":{}}');
    mkdirSync(join(folder, 'strange'));
    write('strange/admission.json', '{"cpuMicrosecondsPerRequest":{}}');
    write('strange/scale.json', '{"settleCycle":{"5":{}}}');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const cases: readonly (readonly [program: string, args: string, line: RegExp])[] = [
    ['learning.ts', '--from nope.json', /--from: found "nope\.json", .*\(ENOENT\)/],
    ['learning.ts', '--from text.json', /--from: found "text\.json", expected JSON/],
    ['learning.ts', '--from number.json', /expected results .* seeds, settings, changes/],
    ['learning.ts', '--from other.json', /expected results .* seeds, settings, changes/],
    ['learning.ts', '--from learning.json --page pages', /results of this version of the bench \(/],
    ['learning.ts', '--from .', /--from: found "\.", .*\(EISDIR\)/],
    ['learning.ts', '--quick --out half', /--out: found "half", expected a file, not a folder/],
    ['learning.ts', '--quick --page text.json', /--page: found "text\.json", .*\(EEXIST\)/],
    ['learning.ts', '--job {', /--job: found "\{", expected JSON/],
    ['accounting.ts', '--from nope.json --page docs', /--from: found "nope\.json", .*\(ENOENT\)/],
    ['accounting.ts', '--from other.json --page docs', /expected results .* worlds/],
    [
      'accounting.ts',
      '--from accounting.json --page pages',
      /results of this version of the bench/,
    ],
    ['accounting.ts', '--page text.json', /--page: found "text\.json\/explanation", .*\(ENOTDIR\)/],
    ['experiment.ts', '--from nope.json', /--from: found "nope\.json", .*\(ENOENT\)/],
    ['experiment.ts', '--from experiment.json --out made', /results of this version of the bench/],
    ['experiment.ts', '--out text.json', /--out: found "text\.json", .*\(EEXIST\)/],
    ['run.ts', '--only nonsense', /--only: found "nonsense", expected one of all, admission, /],
    ['run.ts', '--out text.json', /--out: found "text\.json", .*\(EEXIST\)/],
    [
      'scale/watch-compare.ts',
      '',
      /BEFORE: found nothing, .*watch-compare BEFORE AFTER \[rounds\]/,
    ],
    ['scale/watch-compare.ts', '.', /AFTER: found nothing/],
    [
      'scale/watch-compare.ts',
      '. half',
      /BEFORE: found "\.", expected a checkout with bench\/scale/,
    ],
    ['scale/watch-compare.ts', 'ROOT ROOT x', /rounds: found "x", expected a whole number from 2/],
    ['scale/watch-compare.ts', 'ROOT ROOT 2 3 4 5', /one argument more: found "5"/],
    ['scale/watch-compare.ts', '--nonsense', /Unknown option '--nonsense'/],
    ['admission/compare.ts', '', /BEFORE: found nothing/],
    ['admission/key-exchange.ts', 'x', /one argument more: found "x"/],
    ['admission/compare.ts', 'ROOT half', /AFTER: found "half", .* with src\/main\.ts/],
    ['admission/compare.ts', 'ROOT ROOT 12 -5', /Unknown option '-5'/],
    ['admission/compare.ts', 'ROOT ROOT 12 0', /requests: found "0", .* from 1/],
    ['admission/burst-compare.ts', 'ROOT', /AFTER: found nothing/],
    ['admission/burst-compare.ts', 'ROOT ROOT 12 0', /size: found "0", .* from 1/],
    ['admission/inside.ts', '--nonsense', /Unknown option '--nonsense'/],
    ['admission/inside.ts', '--batches many', /--batches: found "many", expected a whole number/],
    ['admission/inside.ts', '--only four', /--only: found "four", expected one of all, three, /],
    ['admission/profile.ts', '--nonsense', /Unknown option '--nonsense'/],
    ['admission/profile.ts', '1e4', /requests: found "1e4", expected a whole number/],
    ['scale/stages.ts', 'few', /nodes: found "few", expected a whole number from 1/],
    ['footprint.ts', '--results half', /scale\.json: found "half\/scale\.json", .*\(ENOENT\)/],
    ['footprint.ts', '--results nowhere', /admission\.json: .*\(ENOENT\)/],
    ['footprint.ts', '--results strange', /settleCycle: found \["5"\], expected one of 10000/],
    ['page.ts', '--nonsense', /Unknown option '--nonsense'/],
    ['soak.ts', '--admissions 10', /--admissions: found "10", expected a whole number from 1000/],
    ['soak.ts', '--out half', /--out: found "half", expected a file, not a folder/],
    ['soak.ts', 'now', /Unexpected argument 'now'/],
  ];
  for (const [program, args, line] of cases) {
    it(`${program} ${args}`.trimEnd(), async () => {
      const words = args.split(' ').filter((word) => word !== '');
      const given = words.map((word) => (word === 'ROOT' ? ROOT : word));
      const { code, stdout, stderr } = await bench(program, given, folder);
      assert.equal(code, 2, stderr);
      assert.match(stderr, line);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
      assert.equal(stdout, '');
    });
  }

  it('writes a page from results that it can use', async () => {
    const results = join(ROOT, 'bench', 'results', 'accounting.json');
    const ended = await bench('accounting.ts', ['--from', results, '--page', 'pages'], folder);
    assert.deepEqual(ended, { code: 0, stdout: '', stderr: '' });
  });
});

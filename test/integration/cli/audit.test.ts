// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run, stage, type Stage } from './stage.ts';

/** One log of the real product on the embedded cluster, and copies of it that lie. */
describe('perihelion audit, on a log of the product', () => {
  let world: Stage;
  let lines: string[];
  before(async () => {
    world = await stage();
    for (let rollout = 0; rollout < 5; rollout += 1) await world.rollout();
    await world.stop();
    lines = readFileSync(world.audit, 'utf8').trimEnd().split('\n');
  });
  after(() => world.remove());

  const copy = (name: string, content: readonly string[]): string => {
    const file = join(world.folder, name);
    writeFileSync(file, content.map((line) => `${line}\n`).join(''));
    return file;
  };

  it('replays every decision to the same action and propensity, bit for bit', async () => {
    const { code, stdout } = await run(['audit', 'replay', world.audit, '--output', 'json']);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(code, 0);
    assert.ok((report['decisions'] as number) >= 5 * 15, stdout);
    assert.equal(report['matched'], report['decisions']);
    assert.equal(report['differing'], 0);
    assert.deepEqual(report['incomplete'], {});
    const choices = new Set(lines.flatMap((line) => /"choice":"([^"]+)"/.exec(line)?.[1] ?? []));
    // The log must hold drawn decisions, or the test would say nothing.
    for (const choice of ['burn-in', 'greedy', 'holdout', 'explore'])
      assert.ok(choices.has(choice));
  });

  it('names the decision that does not come out as it stands', async () => {
    const index = lines.findIndex((line) => line.includes('"choice":"greedy"'));
    const changed = lines.with(
      index,
      (lines[index] ?? '').replace(/"propensity":[^,]+/, '"propensity":0.5'),
    );
    const file = copy('wrong.jsonl', changed);
    const { code, stdout } = await run(['audit', 'replay', file]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      new RegExp(`wrong.jsonl:${index + 1}: decision .*: propensity: recorded 0.5`),
    );
    assert.match(stdout, / 1 differing/);
  });

  it('verifies the log, in one file and rotated', async () => {
    const whole = await run(['audit', 'verify', world.audit]);
    assert.equal(whole.code, 0, whole.stdout);
    assert.match(whole.stdout, new RegExp(`^intact: ${lines.length} lines in 1 file$`, 'm'));
    const file = copy('rotated.jsonl', lines.slice(60));
    copy('rotated.jsonl.1', lines.slice(20, 60));
    copy('rotated.jsonl.2', lines.slice(0, 20));
    const rotated = await run(['audit', 'verify', file]);
    assert.equal(rotated.code, 0, rotated.stdout);
    assert.match(rotated.stdout, /lines in 3 files/);
    const piped = await run(['audit', 'verify', '-'], [Buffer.from(`${lines.join('\n')}\n`)]);
    assert.equal(piped.code, 0, piped.stdout);
  });

  it('names changed, dropped and moved lines by file and line', async () => {
    const changed = lines.with(30, (lines[30] ?? '').replace('hotel-res', 'hotel-ras'));
    const file = copy('changed.jsonl', changed.slice(20));
    copy('changed.jsonl.1', changed.slice(0, 20));
    const first = await run(['audit', 'verify', file]);
    assert.equal(first.code, 1);
    // Line 31 of the log is line 11 of the newer file.
    assert.match(first.stdout, /changed\.jsonl:11: changed: line with seq 31 was changed/);

    const dropped = await run(['audit', 'verify', copy('dropped.jsonl', lines.toSpliced(40, 2))]);
    assert.equal(dropped.code, 1);
    assert.match(dropped.stdout, /dropped\.jsonl:41: dropped: seq 41 to 42 are missing/);

    const moved = lines.toSpliced(50, 1).toSpliced(55, 0, lines[50] ?? '');
    const second = await run(['audit', 'verify', copy('moved.jsonl', moved)]);
    assert.equal(second.code, 1);
    assert.match(second.stdout, /moved\.jsonl:56: reordered: seq 51 stands behind seq 56/);
  });

  it('sees a cut-off end only with a head from elsewhere', async () => {
    const { stdout } = await run(['audit', 'verify', world.audit]);
    const [, seq, hash] = /ends at seq (\d+), hash ([0-9a-f]+)/.exec(stdout) ?? [];
    const file = copy('cut.jsonl', lines.slice(0, -3));
    assert.equal((await run(['audit', 'verify', file])).code, 0);
    const head = `cli:${seq ?? ''}:${hash ?? ''}`;
    const cut = await run(['audit', 'verify', file, '--expect', head, '--output', 'json']);
    assert.equal(cut.code, 1);
    const { problems } = JSON.parse(cut.stdout) as { problems: { kind: string }[] };
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      ['cut'],
    );
  });

  it('shows the last lines, filtered, as text or as they stand', async () => {
    const text = await run(['audit', 'tail', world.audit, '--lines', '3', '--reason', 'holdout']);
    assert.equal(text.code, 0);
    const shown = text.stdout.trimEnd().split('\n');
    assert.equal(shown.length, 3);
    for (const line of shown) {
      assert.match(
        line,
        /annotated {2}hotel-res\/Deployment\/\S+ -> \(default\) {2}holdout {2}p 0\.\d+/,
      );
    }
    const json = await run(['audit', 'tail', world.audit, '--outcome', 'settled', '-o', 'json']);
    const raw = json.stdout.trimEnd().split('\n');
    assert.ok(raw.length > 0 && raw.every((line) => lines.includes(line)));
    const none = await run(['audit', 'tail', world.audit, '--namespace', 'elsewhere']);
    assert.equal(none.stdout, '');
    assert.match(
      none.stderr,
      /none of \d+ entries is selected; their outcomes: .*injected.*settled/,
    );
  });

  it('says in one line what is wrong with its input', async () => {
    for (const args of [
      ['audit', 'verify', join(world.folder, 'nothing.jsonl')],
      ['audit', 'tail', world.audit, '--lines', 'many'],
      ['audit', 'verify', world.audit, '--expect', 'x'],
      ['audit', 'replay'],
      ['audit', 'replay', 'a', 'b'],
      ['audit', 'tail', '-', '--follow'],
      ['audit', 'mend'],
    ]) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(
        stderr,
        /^perihelion: PERI_SETTINGS_INVALID: [^\n]*found [^\n]*, expected [^\n]*\n$/,
      );
    }
  });
});

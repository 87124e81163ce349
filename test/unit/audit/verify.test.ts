// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { GENESIS, link, readLink } from '#audit/chain.ts';
import { encodeEntry } from '#audit/encode.ts';
import type { ChainHead } from '#audit/sink.ts';
import { verifyLines, type Verification } from '#audit/verify.ts';
import { admission } from './entries.ts';

/** `count` lines of one chain. */
function chain(count: number, source = 'a', start: ChainHead = GENESIS): string[] {
  const lines: string[] = [];
  let head = start;
  for (let index = 0; index < count; index += 1) {
    const next = link(encodeEntry(admission({ name: `pod-${head.seq + 1}` })), source, head);
    lines.push(next.line);
    head = next.head;
  }
  return lines;
}

function kinds(verification: Verification): string[] {
  return verification.problems.map(({ kind, line, seq }) => `${line}:${kind}:${seq ?? '-'}`);
}

function check(lines: readonly string[], expected: readonly string[]): void {
  const found = verifyLines(lines);
  assert.deepEqual(kinds(found), expected);
  assert.equal(found.ok, expected.length === 0);
}

test('an untouched chain is in order, and its head is told', () => {
  const lines = chain(5);
  check(lines, []);
  const head = verifyLines(lines).heads.get('a');
  assert.equal(head?.seq, 5);
  assert.equal(head.hash, readLink(lines[4]!)?.hash);
  check([], []);
});

test('a copy with other line ends or a byte order mark is no line, and it says why', () => {
  const lines = chain(2);
  const detail = (line: string) => verifyLines([line]).problems.map((problem) => problem.detail);
  assert.deepEqual(detail('{}'), ['not a line of an audit log']);
  assert.match(detail(`${lines[0]!}\r`)[0]!, /not a line of an audit log: .*CR LF$/);
  assert.match(detail(`\uFEFF${lines[0]!}`)[0]!, /not a line of an audit log: a byte order mark/);
  check([`${lines[0]!}\r`, `${lines[1]!}\r`], ['1:malformed:-', '2:malformed:-']);
});

test('the hash is SHA-256 of the line without its hash field', () => {
  const line = chain(1)[0]!;
  const bare = line.replace(/,"hash":"[0-9a-f]{64}"\}$/, '}');
  assert.equal(readLink(line)?.hash, createHash('sha256').update(bare).digest('hex'));
  assert.equal((JSON.parse(line) as { seq: number }).seq, 1);
});

test('a chain may begin anywhere: older files are rotated away', () => {
  check(chain(6).slice(3), []);
});

test('a changed line is named, its neighbours are not', () => {
  const lines = chain(5);
  for (const index of [0, 2, 4]) {
    const changed = lines.with(index, lines[index]!.replace('"shop"', '"shoq"'));
    check(changed, [`${index + 1}:changed:${index + 1}`]);
  }
});

test('a changed number or hash is one change, not a gap', () => {
  const lines = chain(5);
  check(lines.with(2, lines[2]!.replace('"seq":3', '"seq":9')), ['3:changed:9']);
  check(lines.with(2, lines[2]!.replace('"seq":3', '"seq":1')), ['3:changed:1']);
  const hash = readLink(lines[2]!)!.hash;
  check(lines.with(2, lines[2]!.replace(hash, GENESIS.hash)), ['3:changed:3']);
});

test('dropped lines are named by their numbers', () => {
  const lines = chain(8);
  const found = verifyLines(lines.toSpliced(2, 3));
  assert.deepEqual(kinds(found), ['3:dropped:6']);
  assert.equal(found.problems[0]?.detail, 'seq 3 to 5 are missing');
  assert.equal(verifyLines(lines.toSpliced(3, 1)).problems[0]?.detail, 'seq 4 is missing');
});

test('swapped lines are reordered, not dropped', () => {
  const lines = chain(5);
  check([lines[0]!, lines[2]!, lines[1]!, lines[3]!, lines[4]!], ['3:reordered:2']);
  check(
    [lines[0]!, lines[4]!, lines[1]!, lines[2]!],
    ['2:dropped:5', '3:reordered:2', '4:reordered:3'],
  );
});

test('a line that stands twice is duplicated', () => {
  const lines = chain(4);
  check([lines[0]!, lines[1]!, lines[1]!, lines[2]!, lines[3]!], ['3:duplicated:2']);
  check([lines[0]!, lines[1]!, lines[0]!, lines[2]!, lines[3]!], ['3:duplicated:1']);
});

test('a line rewritten together with its hash breaks the next one', () => {
  const lines = chain(4);
  const forged = link(encodeEntry(admission({ name: 'other' })), 'a', {
    seq: 1,
    hash: readLink(lines[0]!)!.hash,
  });
  check(lines.with(1, forged.line), ['3:replaced:3']);
  check(
    [link(encodeEntry(admission()), 'a', { seq: 0, hash: '1'.repeat(64) }).line],
    ['1:replaced:1'],
  );
});

test('a new chain in the middle and foreign text are told', () => {
  check([...chain(2), ...chain(2)], ['3:duplicated:1', '4:duplicated:2']);
  const other = link(encodeEntry(admission({ name: 'anew' })), 'a', GENESIS).line;
  check([...chain(2), other], ['3:restarted:1']);
  check(
    [...chain(1), 'hello', '', '{"seq":1}', '[1]'],
    ['2:malformed:-', '3:malformed:-', '4:malformed:-', '5:malformed:-'],
  );
});

test('interleaved writers have chains of their own', () => {
  const a = chain(3, 'a');
  const b = chain(3, 'b\u2028');
  check([a[0]!, b[0]!, b[1]!, a[1]!, a[2]!, b[2]!], []);
  check([a[0]!, b[0]!, b[2]!, a[1]!], ['3:dropped:3']);
});

test('a cut tail shows against a head kept elsewhere', () => {
  const lines = chain(5);
  const expectedHeads = verifyLines(lines).heads;
  assert.equal(verifyLines(lines, { expectedHeads }).ok, true);
  assert.deepEqual(kinds(verifyLines(lines.slice(0, 3), { expectedHeads })), ['4:cut:5']);
  assert.deepEqual(kinds(verifyLines([], { expectedHeads })), ['1:cut:5']);
  const rewritten = [
    ...lines.slice(0, 4),
    link(encodeEntry(admission({ name: 'other' })), 'a', {
      seq: 4,
      hash: readLink(lines[3]!)!.hash,
    }).line,
  ];
  assert.deepEqual(kinds(verifyLines(rewritten, { expectedHeads })), ['5:replaced:5']);
});

test('property: any change of one character of one line is found on that line', () => {
  const lines = chain(4);
  fc.assert(
    fc.property(fc.nat(3), fc.nat(), fc.string({ unit: 'binary', minLength: 1 }), (at, pos, by) => {
      const line = lines[at]!;
      const cut = pos % line.length;
      fc.pre(line[cut] !== by);
      const changed = line.slice(0, cut) + by + line.slice(cut + 1);
      const { problems } = verifyLines(lines.with(at, changed));
      assert.ok(
        problems.some((problem) => problem.line === at + 1),
        changed,
      );
    }),
  );
});

test('property: any order but the right one is found', () => {
  const lines = chain(6);
  fc.assert(
    fc.property(fc.shuffledSubarray(lines, { minLength: 1 }), (some) => {
      const first = lines.indexOf(some[0]!);
      const right = some.every((line, index) => line === lines[first + index]);
      assert.equal(verifyLines(some).ok, right);
    }),
  );
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { GENESIS, LINE_FORMAT, link, writeLink } from '#audit/chain.ts';
import { oneLine } from '#audit/encode.ts';
import { LineBuffer } from '#audit/line-buffer.ts';

/** The documented form of a line, made from whole texts. */
function documented(payload: string, source: string, seq: number, prev: string): string {
  const open = `{"format":${LINE_FORMAT},"source":${oneLine(source)},"seq":${seq},"prev":"${prev}",${payload.slice(1, -1)}`;
  const hash = createHash('sha256').update(`${open}}`).digest('hex');
  return `${open},"hash":"${hash}"}`;
}

const payloads = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 9000 }), {
    minKeys: 1,
  })
  .map((fields) => oneLine(fields));
const sources = fc.string({ unit: 'binary', maxLength: 80 });

test('the lines of a batch are as documented, whatever they hold and whatever was there before', () => {
  const lines = new LineBuffer();
  fc.assert(
    fc.property(fc.array(payloads, { maxLength: 6 }), sources, (batch, source) => {
      lines.clear();
      let head = GENESIS;
      let expected = '';
      for (const payload of batch) {
        const line = documented(payload, source, head.seq + 1, head.hash);
        head = writeLink(lines, payload, source, head);
        assert.ok(line.endsWith(`,"hash":"${head.hash}"}`));
        expected += `${line}\n`;
      }
      assert.equal(lines.bytes.toString('utf8'), expected);
      assert.equal(lines.length, Buffer.byteLength(expected));
    }),
  );
});

test('a line by itself is that of a batch without its line end', () => {
  fc.assert(
    fc.property(payloads, sources, fc.nat(), (payload, source, seq) => {
      const head = { seq, hash: 'a'.repeat(64) };
      const { line, head: next } = link(payload, source, head);
      assert.equal(line, documented(payload, source, seq + 1, head.hash));
      assert.equal(next.seq, seq + 1);
    }),
  );
});

test('a batch larger than any before it keeps the lines that it had', () => {
  const lines = new LineBuffer();
  const small = writeLink(lines, '{"a":1}', 'one', GENESIS);
  const first = lines.bytes.toString('utf8');
  writeLink(lines, JSON.stringify({ b: 'é'.repeat(100_000) }), 'one', small);
  assert.equal(lines.bytes.toString('utf8').split('\n')[0], first.trimEnd());
});

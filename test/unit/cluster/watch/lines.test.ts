// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LineReader, type WatchLine } from '#cluster/watch/lines.ts';

function* chunked(bytes: Uint8Array, cuts: readonly number[]): Generator<Uint8Array> {
  let start = 0;
  for (const cut of [...new Set(cuts)].sort((left, right) => left - right)) {
    const end = Math.min(cut, bytes.length);
    yield bytes.subarray(start, end);
    start = end;
  }
  yield bytes.subarray(start);
}

function read(text: string | Uint8Array, cuts: readonly number[] = []): WatchLine[] {
  const reader = new LineReader();
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const lines = [...chunked(bytes, cuts)].flatMap((chunk) => reader.push(chunk));
  return [...lines, ...reader.end()];
}

const line = (name: string) => `${JSON.stringify({ type: 'ADDED', object: { name } })}\n`;
const event = (name: string) => ({ kind: 'event', type: 'ADDED', object: { name } });

describe('the lines of a watch', () => {
  it('are the same wherever the chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 }),
        fc.array(fc.nat({ max: 400 })),
        (names, cuts) => {
          assert.deepEqual(read(names.map(line).join(''), cuts), names.map(event));
        },
      ),
    );
  });

  it('survive UTF-8 split between any two bytes', () => {
    const text = line('Grüße, 🦊');
    const cuts = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index);
    assert.deepEqual(read(text, cuts), [event('Grüße, 🦊')]);
  });

  it('leave out a line that was cut off, but not a whole one without its end', () => {
    assert.deepEqual(read(`${line('a')}{"type":"ADD`), [event('a')]);
    assert.deepEqual(read(`${line('a')}${line('b').trimEnd()}`), [event('a'), event('b')]);
  });

  it('report what is no event, and go on', () => {
    const odd = [
      'not json',
      '[]',
      '1',
      '{"type":"ADDED"}',
      '{"object":{}}',
      '{"type":"","object":{}}',
    ];
    for (const text of odd) {
      assert.deepEqual(read(`${text}\n${line('a')}`), [{ kind: 'garbage' }, event('a')], text);
    }
    assert.deepEqual(read(`\n\r\n${line('a')}`), [event('a')]);
  });

  it('end at bytes that are no UTF-8 rather than pass on altered names', () => {
    const bytes = Buffer.concat([Buffer.from(line('a')), Buffer.from([0xff, 0xfe, 0x0a])]);
    assert.deepEqual(read(bytes, [Buffer.byteLength(line('a'))]).at(-1), {
      kind: 'garbage',
    });
  });

  it('end at a line without end', () => {
    const reader = new LineReader();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    let lines: readonly WatchLine[] = [];
    while (lines.length === 0) lines = reader.push(chunk);
    assert.deepEqual(lines, [{ kind: 'garbage' }]);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { watchLines, type WatchLine } from '#cluster/watch-stream.ts';

async function* chunked(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const cut of [...new Set(cuts)].sort((left, right) => left - right)) {
    const end = Math.min(cut, bytes.length);
    yield bytes.subarray(start, end);
    start = end;
    await Promise.resolve();
  }
  yield bytes.subarray(start);
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

async function read(text: string | Uint8Array, cuts: readonly number[] = []): Promise<WatchLine[]> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return collect(watchLines(chunked(bytes, cuts)));
}

const line = (name: string) => `${JSON.stringify({ type: 'ADDED', object: { name } })}\n`;
const event = (name: string) => ({ kind: 'event', type: 'ADDED', object: { name } });

describe('the lines of a watch', () => {
  it('are the same wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 }),
        fc.array(fc.nat({ max: 400 })),
        async (names, cuts) => {
          assert.deepEqual(await read(names.map(line).join(''), cuts), names.map(event));
        },
      ),
    );
  });

  it('survive UTF-8 split between any two bytes', async () => {
    const text = line('Grüße, 🦊');
    const cuts = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index);
    assert.deepEqual(await read(text, cuts), [event('Grüße, 🦊')]);
  });

  it('leave out a line that was cut off, but not a whole one without its end', async () => {
    assert.deepEqual(await read(`${line('a')}{"type":"ADD`), [event('a')]);
    assert.deepEqual(await read(`${line('a')}${line('b').trimEnd()}`), [event('a'), event('b')]);
  });

  it('report what is no event, and go on', async () => {
    const odd = [
      'not json',
      '[]',
      '1',
      '{"type":"ADDED"}',
      '{"object":{}}',
      '{"type":"","object":{}}',
    ];
    for (const text of odd) {
      assert.deepEqual(
        await read(`${text}\n${line('a')}`),
        [{ kind: 'garbage' }, event('a')],
        text,
      );
    }
    assert.deepEqual(await read(`\n\r\n${line('a')}`), [event('a')]);
  });

  it('end at bytes that are no UTF-8 rather than pass on altered names', async () => {
    const bytes = Buffer.concat([Buffer.from(line('a')), Buffer.from([0xff, 0xfe, 0x0a])]);
    assert.deepEqual((await read(bytes, [Buffer.byteLength(line('a'))])).at(-1), {
      kind: 'garbage',
    });
  });

  it('end at a line without end', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      for (;;) {
        yield chunk;
        await Promise.resolve();
      }
    }
    assert.deepEqual(await collect(watchLines(endless())), [{ kind: 'garbage' }]);
  });
});

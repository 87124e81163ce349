// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { gathered } from '#cluster/watch/gathered.ts';

/** So long that only something else than the clock can end a pause within the test. */
const LONG = { pauseMilliseconds: 1_000_000, now: () => 0 };

const texts = (chunks: readonly Uint8Array[]) =>
  chunks.map((chunk) => Buffer.from(chunk).toString());

/** The next batch, as texts. */
async function textsOf(batches: AsyncGenerator<readonly Uint8Array[]>): Promise<string[]> {
  const next = await batches.next();
  assert.ok(next.done !== true);
  return texts(next.value);
}

/** Takes one chunk after the other, so that the next one meets a busy stream. */
async function busy(stream: PassThrough): Promise<AsyncGenerator<readonly Uint8Array[]>> {
  const batches = gathered(stream, LONG);
  for (const text of ['a', 'b']) {
    stream.write(text);
    assert.deepEqual(await textsOf(batches), [text]);
  }
  return batches;
}

describe('gathered chunks', () => {
  it('are all of them, in order, whatever the pauses', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 30 }),
        fc.nat({ max: 2 }),
        async (wanted, pauseMilliseconds) => {
          const found: string[] = [];
          const stream = Readable.from(wanted.map((text) => Buffer.from(text)));
          const options = { pauseMilliseconds, now: () => performance.now() };
          for await (const chunks of gathered(stream, options)) found.push(...texts(chunks));
          assert.deepEqual(found, wanted);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('come at once after silence', async () => {
    const stream = new PassThrough();
    let now = 0;
    const batches = gathered(stream, { pauseMilliseconds: 1_000_000, now: () => now });
    for (const text of ['a', 'b', 'c']) {
      stream.write(text);
      assert.deepEqual(await textsOf(batches), [text]);
      now += 10_000_000;
    }
    await batches.return(undefined);
  });

  it('come together while the stream is busy, and at the latest when a lot has arrived', async () => {
    const stream = new PassThrough({ highWaterMark: 2 ** 20 });
    const batches = await busy(stream);
    const next = textsOf(batches);
    for (const text of ['c', 'd', 'x'.repeat(256 * 1024)]) stream.write(text);
    assert.deepEqual(
      (await next).map((text) => text[0]),
      ['c', 'd', 'x'],
    );
    await batches.return(undefined);
    assert.ok(stream.destroyed);
  });

  it('come at the latest at the end of the stream', async () => {
    const stream = new PassThrough();
    const batches = await busy(stream);
    const next = textsOf(batches);
    stream.write('c');
    stream.end('d');
    assert.deepEqual(await next, ['c', 'd']);
    assert.equal((await batches.next()).done, true);
  });

  it('come before the failure of the stream is thrown', async () => {
    const stream = new PassThrough();
    const batches = gathered(stream, LONG);
    stream.write('a');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await textsOf(batches), ['a']);
    stream.destroy(new Error('reset'));
    await assert.rejects(batches.next(), /reset/);
  });

  it('tell of a stream that is cut off without an error', async () => {
    const stream = new PassThrough();
    const batches = gathered(stream, LONG);
    const next = batches.next();
    stream.destroy();
    await assert.rejects(next, { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });
});

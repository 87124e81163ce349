// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { GENESIS } from '#audit/chain.ts';
import { QueuedSink } from '#audit/queued-sink.ts';
import { admission } from './entries.ts';

/** A time that no test of these could wait for. */
const FOR_EVER = 3_600_000;
const PLENTY = 20_000;
const LINE_END = 0x0a;

/** A sink that gathers, and the number of lines of each append. */
function gathering(batchEntries: number): { sink: QueuedSink; appends: number[] } {
  const appends: number[] = [];
  const sink = new QueuedSink({
    target: {
      rotations: 0,
      open: () => Promise.resolve(GENESIS),
      append: (bytes) => {
        appends.push(bytes.filter((byte) => byte === LINE_END).length);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    },
    source: 'replica-a',
    now: () => 0,
    queue: { entries: 1000, bytes: 1_000_000 },
    batch: { entries: batchEntries, bytes: 1_000_000 },
    maxEntryBytes: 100_000,
    retryMilliseconds: 1,
    gatherMilliseconds: FOR_EVER,
    closeTimeoutMilliseconds: PLENTY,
  });
  return { sink, appends };
}

/** Turns of the event loop, enough for everything that does not wait for a timer. */
async function turns(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await turn();
}

test('entries of several turns wait for each other; a flush ends the waiting', async () => {
  const { sink, appends } = gathering(100);
  sink.write(admission());
  await turns();
  sink.write(admission());
  await turns();
  assert.deepEqual(appends, []);
  assert.equal(sink.stats.queued, 2);
  await sink.flush(PLENTY);
  assert.deepEqual(appends, [2]);
  assert.equal(sink.stats.written, 2);
  await sink.close();
});

test('half a batch does not wait', async () => {
  const { sink, appends } = gathering(10);
  for (let count = 0; count < 5; count += 1) sink.write(admission());
  await turns();
  assert.deepEqual(appends, [5]);
  await sink.close();
});

test('closing ends the waiting and loses nothing', async () => {
  const { sink, appends } = gathering(100);
  sink.write(admission());
  await turns();
  await sink.close();
  assert.deepEqual(appends, [1]);
  assert.equal(sink.stats.dropped['write-error'], 0);
});

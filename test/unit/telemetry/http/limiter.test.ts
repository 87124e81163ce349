// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimiter } from '#telemetry/http/limiter.ts';

test('never more than so many run at once, all run, and a failure frees its place', async () => {
  const limit = createLimiter(3);
  let running = 0;
  let most = 0;
  const task = async (index: number): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (index % 5 === 0) throw new Error('no');
    return index;
  };
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => limit(() => task(index))),
  );
  assert.equal(most, 3);
  assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 16);
  assert.equal(await limit(() => task(1)), 1);
});

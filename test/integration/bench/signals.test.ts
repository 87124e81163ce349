// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const FRONT = new URL('../../../bench/shared/front.ts', import.meta.url).href;
/** A bench that waits for ever, and says when it begins and when it ends what it started. */
const BENCH = `
  import { exitOnSignals } from ${JSON.stringify(FRONT)};
  exitOnSignals();
  process.once('exit', () => process.stdout.write('ended what it started'));
  process.stdout.write('begun,');
  setInterval(() => undefined, 1000);
`;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`a bench that is ended by ${signal} runs what ends its programs`, async (t) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', BENCH]);
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    child.kill(signal);
    assert.deepEqual(await ended, [code, null]);
    assert.equal(said, 'begun,ended what it started');
  });
}

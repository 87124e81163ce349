// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { Traffic } from '#admission/server/traffic.ts';

test('it is quiet once no request came or went for a while', () => {
  let now = 100;
  const traffic = new Traffic(() => now);
  const response = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));
  assert.equal(traffic.cameAt, 100);
  assert.equal(traffic.quietFor(2), true, 'before the first one');
  now = 110;
  const first = response();
  assert.equal(traffic.came(first), 110);
  assert.equal(traffic.cameAt, 110);
  assert.equal(traffic.quietFor(2), false);
  now = 112;
  assert.equal(traffic.quietFor(2), true, 'under way, but stuck');
  first.emit('close');
  assert.equal(traffic.quietFor(2), false);
  assert.equal(traffic.cameAt, 110);
  now = 114;
  assert.equal(traffic.quietFor(2), true);
});

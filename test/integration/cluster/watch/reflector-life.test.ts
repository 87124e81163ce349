// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { sleep } from '#cluster/api/backoff.ts';
import { until } from '../../../support/until.ts';
import { json, refuse } from '../scripted-server.ts';
import { event, list, open, rigs, thing } from './reflector-rig.ts';

const rig = rigs();

describe('the life of a reflector', { timeout: 120_000 }, () => {
  it('opens no watch when it is stopped while a list is under way', async () => {
    let release: () => void = () => undefined;
    const made = await rig({
      list: (response) => {
        release = () => json(response, 200, list('10', thing('a', '1')));
      },
    });
    await until(() => made.lists().length === 1);
    const stopped = made.reflector.stop();
    release();
    await stopped;
    assert.equal(await made.reflector.synced, false);
    assert.equal(made.reflector.state, 'stopped');
    await sleep(30);
    assert.equal(made.watches().length, 0);
    assert.deepEqual(made.names(), []);
  });

  it('closes its watch when it is stopped, and calls no listener afterwards', async () => {
    const responses: ServerResponse[] = [];
    const made = await rig({
      watch: (response) => {
        open(response);
        responses.push(response);
      },
    });
    await until(() => responses.length === 1);
    let told = 0;
    made.reflector.store.subscribe(() => (told += 1));
    const waiting = made.reflector.untilResourceVersion('99');
    const closed = new Promise((resolve) => responses[0]?.on('close', resolve));
    await made.reflector.stop();
    await closed;
    assert.equal(await waiting, false);
    assert.equal(told, 0);
  });

  it('can be stopped before it starts, during a wait, and twice', async () => {
    const made = await rig(
      { list: (response) => refuse(response, 500, 'InternalError') },
      { times: { backoffBaseMilliseconds: 3_600_000, backoffCapMilliseconds: 3_600_000 } },
    );
    await until(() => made.reflector.state === 'backoff');
    await made.reflector.stop();
    await made.reflector.stop();
    made.reflector.start();
    await sleep(20);
    assert.equal(made.server.asked.length, 1);
  });

  it('is one loop, however often it is started', async () => {
    const made = await rig({});
    made.reflector.start();
    made.reflector.start();
    await made.reflector.synced;
    await until(() => made.watches().length > 0);
    await sleep(20);
    assert.equal(made.lists().length, 1);
    assert.equal(made.watches().length, 1);
  });

  it('takes in many events that come together in their order, and none after it was stopped', async () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      event('MODIFIED', thing('a', String(20 + index), `c${index}`)),
    );
    const seen: string[] = [];
    let answer: ServerResponse | undefined;
    const { reflector, count } = await rig({
      watch: (response) => {
        answer = response;
        open(response, many.slice(0, 1).join(''));
      },
    });
    reflector.store.subscribe(({ after }) => seen.push(after?.color ?? 'gone'));
    await until(() => count('event') === 1);
    for (const line of many.slice(1)) answer?.write(line);
    await until(() => reflector.resourceVersion === '319');
    assert.deepEqual(
      seen.slice(-299),
      many.slice(1).map((_, index) => `c${index + 1}`),
    );
    const before = seen.length;
    answer?.write(event('MODIFIED', thing('a', '400', 'late')));
    await reflector.stop();
    answer?.write(event('MODIFIED', thing('a', '401', 'later')));
    const atStop = seen.length;
    await sleep(60);
    assert.ok(atStop - before <= 1);
    assert.equal(seen.length, atStop);
  });
});

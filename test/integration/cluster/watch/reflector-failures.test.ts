// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../../../support/until.ts';
import { json, refuse } from '../scripted-server.ts';
import { bookmark, event, gone, list, open, rigs, thing } from './reflector-rig.ts';

const rig = rigs();

describe('a reflector whose server fails', { timeout: 120_000 }, () => {
  it('goes on after a clean end where it stopped, without a list', async () => {
    const { lists, watches } = await rig({
      watch: (response, n) =>
        n === 1 ? response.writeHead(200).end(bookmark('15')) : open(response),
    });
    await until(() => watches().length === 2);
    assert.equal(watches()[1]?.query.get('resourceVersion'), '15');
    assert.equal(lists().length, 1);
  });

  it('goes on after a reset of the connection in the middle', async () => {
    const { reflector, names, lists, watches, count } = await rig({
      watch: (response, n) => {
        if (n > 1) {
          open(response, event('ADDED', thing('c', '12')));
          return;
        }
        open(response, event('ADDED', thing('b', '11')));
        setTimeout(() => response.socket?.resetAndDestroy(), 5);
      },
    });
    assert.equal(await reflector.untilResourceVersion('12'), true);
    assert.equal(watches()[1]?.query.get('resourceVersion'), '11');
    assert.deepEqual(names(), ['a=red', 'b=red', 'c=red']);
    assert.equal(lists().length, 1);
    assert.equal(count('failed'), 1);
  });

  it('survives 500 for a watch, and lists again when that does not help', async () => {
    const { reflector, lists, count } = await rig({
      watch: (response, n) =>
        n <= 5 ? refuse(response, 500, 'InternalError') : open(response, bookmark('20')),
    });
    assert.equal(await reflector.untilResourceVersion('20'), true);
    assert.equal(count('failed'), 5);
    assert.equal(lists().length, 3);
  });

  it('survives refusals of the list, with waits that grow up to the cap', async () => {
    const { reflector, waits, names } = await rig({
      list: (response, n) => {
        if (n === 1) refuse(response, 429, 'TooManyRequests');
        else if (n === 2) refuse(response, 500, 'InternalError');
        else if (n === 3) response.socket?.destroy();
        else if (n === 4) response.writeHead(200).end('not json');
        else json(response, 200, list('10', thing('a', '1')));
      },
    });
    assert.equal(await reflector.synced, true);
    assert.deepEqual(names(), ['a=red']);
    assert.deepEqual(waits, [2, 4, 8, 8]);
  });

  it('waits as long as an overloaded server asks for, for a list as for a watch', async () => {
    const { reflector, waits } = await rig({
      list: (response, n) =>
        n === 1
          ? refuse(response, 429, 'TooManyRequests', { 'retry-after': '1' })
          : json(response, 200, list('10')),
      watch: (response, n) =>
        n === 1
          ? refuse(response, 503, 'ServiceUnavailable', { 'retry-after': '2' })
          : open(response, bookmark('20')),
    });
    assert.equal(await reflector.untilResourceVersion('20'), true);
    assert.deepEqual(waits, [1002, 2004]);
  });

  it('takes nothing for deleted because of an answer that is no list', async () => {
    const changes: string[] = [];
    const { reflector, names, count } = await rig({
      list: (response, n) => {
        if (n === 1) json(response, 200, list('10', thing('a', '1'), thing('b', '1')));
        // Of a proxy, for example, that answers for a server that is away.
        else if (n === 2) json(response, 200, {});
        else if (n === 3) json(response, 200, { status: 'ok', metadata: {}, items: [] });
        else json(response, 200, list('30', thing('a', '1'), thing('b', '1')));
      },
      watch: (response, n) => {
        if (n === 1) {
          reflector.store.subscribe(({ before, after }) =>
            changes.push(`${before?.name ?? ''}>${after?.name ?? ''}`),
          );
          response.writeHead(200).end(gone);
        } else open(response);
      },
    });
    assert.equal(await reflector.untilResourceVersion('30'), true);
    assert.deepEqual(names(), ['a=red', 'b=red']);
    assert.deepEqual(changes, []);
    assert.equal(count('failed'), 2);
  });

  it('lists again at 410 in the stream, and finds what was deleted and made anew meanwhile', async () => {
    const changes: string[] = [];
    const { reflector, names, count } = await rig({
      list: (response, n) =>
        json(
          response,
          200,
          n === 1
            ? list('10', thing('a', '1'), thing('b', '1'), thing('c', '1'))
            : list('30', thing('a', '1'), thing('c', '21', 'red', 'c2'), thing('d', '22')),
        ),
      watch: (response, n) => {
        if (n === 1) {
          reflector.store.subscribe(({ before, after }) =>
            changes.push(`${before?.name ?? ''}>${after?.name ?? ''}`),
          );
          response.writeHead(200).end(gone);
        } else open(response);
      },
    });
    assert.equal(await reflector.untilResourceVersion('30'), true);
    assert.deepEqual(names(), ['a=red', 'c=red', 'd=red']);
    assert.deepEqual(changes, ['b>', 'c>', '>c', '>d']);
    assert.equal(count('expired'), 1);
  });

  it('lists again at 410 as a status', async () => {
    const { reflector, lists, count } = await rig({
      list: (response, n) => json(response, 200, list(String(n * 10))),
      watch: (response, n) => (n === 1 ? refuse(response, 410, 'Expired') : open(response)),
    });
    assert.equal(await reflector.untilResourceVersion('20'), true);
    assert.equal(lists().length, 2);
    assert.equal(count('expired'), 1);
  });

  it('begins a list anew when its next page has expired', async () => {
    const { reflector, names, lists } = await rig({
      list: (response, n, { query }) => {
        if (query.get('continue') !== null) refuse(response, 410, 'Expired');
        else if (n === 1) {
          json(response, 200, {
            metadata: { resourceVersion: '9', continue: 'next' },
            items: [thing('old', '1')],
          });
        } else json(response, 200, list('10', thing('a', '1')));
      },
    });
    assert.equal(await reflector.synced, true);
    assert.deepEqual(names(), ['a=red']);
    assert.equal(lists().length, 3);
  });

  it('reports an ERROR event of another kind and goes on', async () => {
    const error = event('ERROR', { kind: 'Status', code: 500, reason: 'InternalError' });
    const { reflector, lists, count } = await rig({
      watch: (response, n) =>
        n === 1 ? response.writeHead(200).end(error) : open(response, bookmark('12')),
    });
    assert.equal(await reflector.untilResourceVersion('12'), true);
    assert.equal(count('failed'), 1);
    assert.equal(lists().length, 1);
  });

  it('asks again for what an unreadable line may have said', async () => {
    const { reflector, names, watches, count } = await rig({
      watch: (response, n) => {
        if (n === 1) open(response, `${event('ADDED', thing('b', '11'))}{"type":"ADD\u0001\n`);
        else open(response, event('ADDED', thing('c', '12')));
      },
    });
    assert.equal(await reflector.untilResourceVersion('12'), true);
    assert.equal(count('garbage'), 1);
    assert.equal(watches()[1]?.query.get('resourceVersion'), '11');
    assert.deepEqual(names(), ['a=red', 'b=red', 'c=red']);
  });

  it('opens a silent watch again and keeps a lively one', async () => {
    const made = await rig(
      {
        watch: (response, n) => {
          if (n === 1) {
            open(response);
            return;
          }
          open(response);
          let version = 20;
          const timer = setInterval(() => response.write(bookmark(String(version++))), 10);
          response.on('close', () => clearInterval(timer));
        },
      },
      // Far more than a busy machine keeps this process from reading what it has sent itself.
      { times: { inactivityMilliseconds: 2000 } },
    );
    assert.equal(await made.reflector.untilResourceVersion('60'), true);
    assert.equal(made.count('idle'), 1);
    assert.equal(made.watches().length, 2);
    assert.equal(made.lists().length, 1);
  });

  it('waits before it opens again a watch that ends at once', async () => {
    const made = await rig({ watch: (response) => response.writeHead(200).end() });
    await until(() => made.watches().length === 5);
    assert.deepEqual(made.waits.slice(0, 4), [2, 4, 8, 8]);
  });

  it('begins its waits anew after progress', async () => {
    const made = await rig({
      watch: (response, n) => {
        if (n === 3) response.writeHead(200).end(bookmark('20'));
        else if (n === 6) open(response, bookmark('30'));
        else refuse(response, 503, 'ServiceUnavailable');
      },
    });
    assert.equal(await made.reflector.untilResourceVersion('30'), true);
    assert.deepEqual(made.waits, [2, 4, 2, 4]);
  });

  it('takes a collection that is not there for empty where it is optional, and finds it later', async () => {
    const made = await rig(
      {
        list: (response, n) =>
          n < 4
            ? refuse(response, 404, 'NotFound')
            : json(response, 200, list('10', thing('a', '1'))),
      },
      { optional: true },
    );
    assert.equal(await made.reflector.synced, true);
    assert.deepEqual(made.names(), []);
    assert.equal(await made.reflector.untilResourceVersion('10'), true);
    assert.deepEqual(made.names(), ['a=red']);
  });

  it('waits for a collection that is not there where it is needed', async () => {
    const made = await rig({ list: (response) => refuse(response, 404, 'NotFound') });
    await until(() => made.lists().length === 3);
    assert.equal(made.reflector.isSynced, false);
  });

  it('empties its store when an optional collection is taken away', async () => {
    const made = await rig(
      {
        list: (response, n) =>
          n === 1
            ? json(response, 200, list('10', thing('a', '1')))
            : refuse(response, 404, 'NotFound'),
        watch: (response) => refuse(response, 404, 'NotFound'),
      },
      { optional: true },
    );
    await until(() => made.count('listed') >= 2);
    assert.deepEqual(made.names(), []);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { sleep } from '#cluster/backoff.ts';
import { bookmark, event, gone, list, open, rigs, thing } from './reflector-rig.ts';
import { json, refuse, until } from './scripted-server.ts';

const rig = rigs();

describe('a reflector', { timeout: 20_000 }, () => {
  it('lists in pages, projects at arrival and watches from there with bookmarks', async () => {
    const { server, reflector, names, watches } = await rig({
      list: (response, _n, { query }) => {
        assert.equal(query.get('limit'), '500');
        const second = query.get('continue') === 'next';
        const metadata = { resourceVersion: '10', ...(second ? {} : { continue: 'next' }) };
        json(response, 200, { metadata, items: [thing(second ? 'b' : 'a', '3')] });
      },
    });
    assert.equal(await reflector.synced, true);
    assert.deepEqual(names(), ['a=red', 'b=red']);
    await until(() => watches().length === 1);
    assert.equal(server.asked.length, 3);
    const [{ query } = assert.fail()] = watches();
    assert.equal(query.get('resourceVersion'), '10');
    assert.equal(query.get('allowWatchBookmarks'), 'true');
    assert.equal(query.get('timeoutSeconds'), '450');
    assert.equal(reflector.resourceVersion, '10');
  });

  it('takes in what is added, changed and deleted', async () => {
    const { reflector, names } = await rig({
      watch: (response) =>
        open(
          response,
          event('ADDED', thing('b', '11')) +
            event('MODIFIED', thing('a', '12', 'blue')) +
            event('DELETED', thing('b', '13')),
        ),
    });
    assert.equal(await reflector.untilResourceVersion('13'), true);
    assert.deepEqual(names(), ['a=blue']);
    assert.equal(reflector.state, 'watching');
  });

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

  it('puts together lines and UTF-8 that arrive in pieces', async () => {
    const bytes = Buffer.from(event('ADDED', thing('b', '11', 'grün 🟢')));
    const { reflector, names } = await rig({
      watch: (response) => {
        response.writeHead(200);
        response.socket?.setNoDelay(true);
        void (async () => {
          for (const byte of bytes) {
            response.write(Buffer.of(byte));
            await sleep(0);
          }
        })();
      },
    });
    assert.equal(await reflector.untilResourceVersion('11'), true);
    assert.deepEqual(names(), ['a=red', 'b=grün 🟢']);
  });

  it('drops a line cut off by the end and gets it again', async () => {
    const { reflector, names, count } = await rig({
      watch: (response, n) => {
        const whole = event('ADDED', thing('b', '11'));
        if (n === 1) response.writeHead(200).end(whole.slice(0, 30));
        else open(response, whole);
      },
    });
    assert.equal(await reflector.untilResourceVersion('11'), true);
    assert.deepEqual(names(), ['a=red', 'b=red']);
    assert.equal(count('garbage'), 0);
  });

  for (const phase of ['list', 'watch'] as const) {
    it(`counts a listener that throws during the ${phase}, and goes on`, async () => {
      const { reflector, names, count } = await rig(
        { watch: (response) => open(response, event('ADDED', thing('b', '11')) + bookmark('12')) },
        {},
      );
      let armed = phase === 'list';
      reflector.store.subscribe(() => {
        if (armed) throw new Error('listener');
      });
      await reflector.synced;
      armed = true;
      assert.equal(await reflector.untilResourceVersion('12'), true);
      assert.deepEqual(names(), ['a=red', 'b=red']);
      assert.equal(count('listener-failed'), phase === 'list' ? 2 : 1);
    });
  }

  it('keeps what it knew of an object that became unreadable, in a watch and in a list', async () => {
    const { reflector, names, count } = await rig({
      list: (response, n) =>
        json(
          response,
          200,
          list(String(n * 10), thing('a', String(n), n === 1 ? 'red' : 'broken')),
        ),
      watch: (response, n) => {
        if (n === 1)
          response.writeHead(200).end(event('MODIFIED', thing('a', '11', 'broken')) + gone);
        else open(response);
      },
    });
    assert.equal(await reflector.untilResourceVersion('20'), true);
    assert.deepEqual(names(), ['a=red']);
    assert.equal(count('unreadable'), 2);
  });

  it('forgets an object that its projection leaves out', async () => {
    const { reflector, names } = await rig({
      watch: (response) => open(response, event('MODIFIED', thing('a', '11', 'hidden'))),
    });
    assert.equal(await reflector.untilResourceVersion('11'), true);
    assert.deepEqual(names(), []);
  });

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
      { times: { inactivityMilliseconds: 200 } },
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

  it('lists again now and then, as a net under lost events', async () => {
    const made = await rig(
      {
        list: (response, n) =>
          json(
            response,
            200,
            list(String(n * 10), thing('a', String(n), n === 1 ? 'red' : 'blue')),
          ),
        watch: (response, n) =>
          n === 1 ? response.writeHead(200).end(bookmark('11')) : open(response),
      },
      { times: { relistMilliseconds: 0 } },
    );
    assert.equal(await made.reflector.untilResourceVersion('20'), true);
    assert.deepEqual(made.names(), ['a=blue']);
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

  it('asks for metadata only where that is enough', async () => {
    const made = await rig({}, { metadataOnly: true });
    await until(() => made.watches().length === 1);
    assert.equal(
      made.lists()[0]?.accept,
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    );
    assert.equal(
      made.watches()[0]?.accept,
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    );
  });

  it('passes on its selectors to the list and the watch', async () => {
    const made = await rig({}, { query: { labelSelector: 'a=b' } });
    await until(() => made.watches().length === 1);
    for (const { query } of made.server.asked) assert.equal(query.get('labelSelector'), 'a=b');
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

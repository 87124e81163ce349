// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '#cluster/api/backoff.ts';
import { until } from '../../../support/until.ts';
import { json } from '../scripted-server.ts';
import { bookmark, event, gone, list, open, rigs, thing } from './reflector-rig.ts';

const rig = rigs();

describe('a reflector', { timeout: 120_000 }, () => {
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
});

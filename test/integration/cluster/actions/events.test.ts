// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventRecorder, type EventDrop } from '#cluster/actions/events.ts';
import { asObject, asText } from '#cluster/wire/json.ts';
import { objectServer } from '../object-server.ts';

const OWNER = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'frontend',
  uid: 'u1',
};
const TEXT = {
  type: 'Normal',
  reason: 'PlacementPreferred',
  action: 'Place',
  note: 'to worker-1',
} as const;
const PATH = '/apis/events.k8s.io/v1/namespaces/shop/events';

describe('the event recorder', { timeout: 120_000 }, () => {
  it('writes about the owner, within its rate, and never fails', async () => {
    const server = await objectServer();
    try {
      let now = 1_700_000_000_000;
      let id = 0;
      const dropped: EventDrop[] = [];
      const recorder = new EventRecorder(
        'perihelion-0',
        {
          api: server.client,
          now: () => now,
          newId: () => `ID-${(id += 1)}`,
          onDropped: (why) => dropped.push(why),
        },
        { capacity: 2, refillSeconds: 10 },
      );
      assert.equal(await recorder.record(OWNER, TEXT), true);
      assert.deepEqual(server.objects.get(`${PATH}/frontend.id-1`), {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace: 'shop', name: 'frontend.id-1', resourceVersion: '1' },
        eventTime: '2023-11-14T22:13:20.000000Z',
        reportingController: 'perihelion.dev/perihelion',
        reportingInstance: 'perihelion-0',
        type: 'Normal',
        reason: 'PlacementPreferred',
        action: 'Place',
        note: 'to worker-1',
        regarding: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          namespace: 'shop',
          name: 'frontend',
          uid: 'u1',
        },
      });
      assert.equal(
        await recorder.record({ ...OWNER, uid: '' }, { ...TEXT, note: 'ü'.repeat(600) }),
        true,
      );
      const second = server.objects.get(`${PATH}/frontend.id-2`);
      assert.equal(asText(second?.['note']), 'ü'.repeat(512));
      assert.ok(!('uid' in asObject(second?.['regarding'])));
      assert.equal(await recorder.record(OWNER, TEXT), false);
      now += 10_000;
      assert.equal(await recorder.record(OWNER, TEXT), true);
      now += 10_000;
      await server.close();
      assert.equal(await recorder.record(OWNER, TEXT), false);
      assert.deepEqual(dropped, ['rate-limited', 'failed']);
    } finally {
      await server.close();
    }
  });
});

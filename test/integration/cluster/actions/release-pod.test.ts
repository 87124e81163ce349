// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { releasePod, type StuckPod } from '#cluster/actions/release-pod.ts';
import { asObject } from '#cluster/wire/json.ts';
import { objectServer } from '../object-server.ts';
import { refuse } from '../scripted-server.ts';

const PATH = '/api/v1/namespaces/shop/pods/web-1';
const STUCK: StuckPod = { namespace: 'shop', name: 'web-1', uid: 'u-1', decisionId: 'd-1' };
const UNSCHEDULABLE = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' };

type Fields = Record<string, unknown>;

interface Over {
  readonly metadata?: Fields;
  readonly spec?: Fields;
  readonly status?: Fields;
}

const server = await objectServer();
after(() => server.close());

/** Puts a Pod on the server that waits for room. */
function stand({ metadata = {}, spec = {}, status = {} }: Over = {}): void {
  const annotations = { 'perihelion.dev/decision-id': 'd-1' };
  server.objects.set(PATH, {
    metadata: { name: 'web-1', uid: 'u-1', annotations, resourceVersion: '7', ...metadata },
    spec,
    status: { phase: 'Pending', conditions: [UNSCHEDULABLE], ...status },
  });
}

describe('releasing a Pod', () => {
  it('evicts exactly the version that was looked at', async () => {
    stand();
    server.intercept = undefined;
    assert.equal(await releasePod(server.client, STUCK), 'evicted');
    const { metadata, ...eviction } = server.objects.get(`${PATH}/eviction/web-1`) ?? {};
    assert.deepEqual(eviction, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      deleteOptions: { preconditions: { uid: 'u-1', resourceVersion: '7' } },
    });
    assert.equal(asObject(metadata)['namespace'], 'shop');
  });

  const kept: [string, Over, string][] = [
    ['is bound', { spec: { nodeName: 'w1' } }, 'bound'],
    ['is going away', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }, 'gone'],
    ['is another Pod of that name', { metadata: { uid: 'u-2' } }, 'changed'],
    [
      'has another decision',
      { metadata: { annotations: { 'perihelion.dev/decision-id': 'd-2' } } },
      'changed',
    ],
    ['was not looked at by the scheduler', { status: { conditions: [] } }, 'waiting'],
    [
      'waits for a gate',
      {
        spec: { schedulingGates: [{ name: 'quota' }] },
        status: { conditions: [{ ...UNSCHEDULABLE, reason: 'SchedulingGated' }] },
      },
      'waiting',
    ],
    [
      'has room made for it',
      { status: { nominatedNodeName: 'w1', conditions: [UNSCHEDULABLE] } },
      'waiting',
    ],
  ];
  for (const [name, over, expected] of kept) {
    it(`leaves one alone that ${name}`, async () => {
      stand(over);
      server.intercept = ({ method }) => {
        assert.notEqual(method, 'POST');
        return false;
      };
      assert.equal(await releasePod(server.client, STUCK), expected);
    });
  }

  const answers: [number, string, string][] = [
    [409, 'Conflict', 'changed'],
    [404, 'NotFound', 'gone'],
    [403, 'Forbidden', 'refused'],
    [429, 'TooManyRequests', 'refused'],
  ];
  for (const [status, reason, expected] of answers) {
    it(`takes ${status} for ${expected}, and asks once`, async () => {
      stand();
      let asked = 0;
      server.intercept = ({ method, response }) => {
        if (method !== 'POST') return false;
        asked += 1;
        refuse(response, status, reason);
        return true;
      };
      assert.equal(await releasePod(server.client, STUCK), expected);
      assert.equal(asked, 1);
    });
  }

  it('fails where the server does', async () => {
    stand();
    server.intercept = ({ method, response }) => {
      if (method !== 'POST') return false;
      refuse(response, 500, 'InternalError');
      return true;
    };
    await assert.rejects(releasePod(server.client, STUCK), { code: 'PERI_KUBERNETES_REQUEST' });
  });
});

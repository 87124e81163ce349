// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PREFERRED } from '#admission/patch/merge.ts';
import {
  NAMESPACE,
  node,
  observationOf,
  rawPod,
  reviewOf,
  slimPod,
} from '../../unit/admission/world.ts';
import { post } from './attack.ts';
import { startSubject, type Subject } from './subject.ts';

/*
 * The API server validates a Pod only after it was admitted, so a Pod of 3 MiB may bring as many
 * rules as fit. Rules times nodes, or rules times Pods, must not hold up the Pods of others for
 * longer than the API server waits for this one. The clock here moves by 25 ms with every look at it,
 * so that a decision which works on without looking is one that does not run out of time.
 */

const NODES = 700;
const PODS = 4000;
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

function repeated<T>(count: number, item: T): T[] {
  return Array.from({ length: count }, () => item);
}

const POD_TERM = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'x' } } };
const LATE = 'failed/deadline';

const COSTLY: Readonly<Record<string, readonly [string, object]>> = {
  'anti-affinity terms': [LATE, { podAntiAffinity: { [REQUIRED]: repeated(30_000, POD_TERM) } }],
  'anti-affinity terms over all namespaces': [
    LATE,
    {
      podAntiAffinity: { [REQUIRED]: repeated(25_000, { ...POD_TERM, namespaceSelector: {} }) },
    },
  ],
  'expressions of one affinity term': [
    LATE,
    {
      podAffinity: {
        [REQUIRED]: [
          {
            topologyKey: 'zone',
            labelSelector: {
              matchExpressions: repeated(15_000, { key: 'none', operator: 'DoesNotExist' }),
            },
          },
        ],
      },
    },
  ],
  'terms of node affinity': [
    LATE,
    {
      nodeAffinity: {
        [REQUIRED]: {
          nodeSelectorTerms: repeated(20_000, {
            matchExpressions: [{ key: 'none', operator: 'Exists' }],
          }),
        },
      },
    },
  ],
  'preferred terms': [
    'injected/greedy',
    {
      nodeAffinity: { [PREFERRED]: repeated(60_000, { weight: 1, preference: {} }) },
    },
  ],
};

describe('rules that cost much', () => {
  let subject: Subject;
  before(async () => {
    let looks = 0;
    subject = await startSubject(() => {
      looks += 1;
      return looks * 25;
    });
    const { world } = subject;
    const names = Array.from({ length: NODES }, (_, index) => `n${String(index)}`);
    for (const name of names) world.addNode(node(name, { labels: { zone: 'z' } }));
    for (let index = 0; index < PODS; index += 1) {
      const labels = { app: 'y' };
      const nodeName = names[index % NODES];
      world.addPod(slimPod(`p${String(index)}`, { labels, nodeName, namespace: NAMESPACE }));
    }
    const all = ['w1', 'w2', 'infra', ...names];
    world.observation = observationOf(Object.fromEntries(all.map((name) => [name, 'healthy'])));
  });
  after(() => subject.stop());

  for (const [name, [expected, affinity]] of Object.entries(COSTLY)) {
    it(`${name}: ${expected}`, async () => {
      const body = JSON.stringify(reviewOf(rawPod({ affinity }), { uid: name }));
      assert.ok(body.length < 3 * 2 ** 20, `${String(body.length)} bytes`);
      const { reviews } = await post(body)(subject);
      assert.equal(reviews[0]?.response.allowed, true);
      await subject.ordinary();
      const line = (await subject.newLines()).find((one) => one.requestUid === name);
      assert.equal(`${line?.outcome ?? ''}/${line?.reason ?? ''}`, expected);
    });
  }
});

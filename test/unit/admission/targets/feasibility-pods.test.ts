// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IncomingPod } from '#admission/pod/incoming-pod.ts';
import { HOSTNAME, pending, reasons, REQUIRED, WEB } from './feasibility-rig.ts';
import { incoming, node, observationOf, slimPod, World } from '../world.ts';

describe('verdictsOf: other Pods', () => {
  const zones = (): World =>
    new World([
      node('w1', { labels: { zone: 'a' } }),
      node('w2', { labels: { zone: 'a' } }),
      node('w3', { labels: { zone: 'b' } }),
    ]);
  const anti = (term: object): IncomingPod =>
    incoming(
      { affinity: { podAntiAffinity: { [REQUIRED]: [{ topologyKey: HOSTNAME, ...term }] } } },
      { labels: { app: 'web' } },
    );
  const near = (...terms: object[]): IncomingPod =>
    incoming(
      {
        affinity: {
          podAffinity: { [REQUIRED]: terms.map((t) => ({ topologyKey: 'zone', ...t })) },
        },
      },
      { labels: { app: 'web' } },
    );
  const web = (name: string, nodeName: string | undefined, overrides = {}) =>
    slimPod(name, { nodeName, labels: { app: 'web' }, ...overrides });

  it('stays away from the nodes of the Pods it avoids', () => {
    const world = zones();
    world.addPod(web('a', 'w1'));
    world.addPod(slimPod('b', { nodeName: 'w2' }));
    assert.deepEqual(reasons(world, anti({ labelSelector: WEB })), {
      w1: 'anti-affinity',
      w2: 'ok',
      w3: 'ok',
    });
  });

  it('stays out of the whole domain', () => {
    const world = zones();
    world.addPod(web('a', 'w1'));
    assert.deepEqual(reasons(world, anti({ labelSelector: WEB, topologyKey: 'zone' })), {
      w1: 'anti-affinity',
      w2: 'anti-affinity',
      w3: 'ok',
    });
  });

  it('passes over Pods that are unbound, finished or of another namespace', () => {
    const world = zones();
    world.addPod(web('a', undefined));
    world.addPod(web('b', 'w1', { phase: 'Succeeded' }));
    world.addPod(web('c', 'w2', { namespace: 'other', uid: 'c' }));
    assert.deepEqual(reasons(world, anti({ labelSelector: WEB })), {
      w1: 'ok',
      w2: 'ok',
      w3: 'ok',
    });
  });

  it('reaches the namespaces that it names or selects', () => {
    const world = zones();
    world.addNamespace('other', { team: 'x' });
    world.addPod(web('a', 'w1', { namespace: 'other' }));
    world.addPod(web('b', 'w2'));
    const named = anti({ labelSelector: WEB, namespaces: ['other'] });
    assert.deepEqual(reasons(world, named), { w1: 'anti-affinity', w2: 'ok', w3: 'ok' });
    const selected = anti({
      labelSelector: WEB,
      namespaceSelector: { matchLabels: { team: 'x' } },
    });
    assert.deepEqual(reasons(world, selected), { w1: 'anti-affinity', w2: 'ok', w3: 'ok' });
    const all = anti({ labelSelector: WEB, namespaceSelector: {} });
    assert.deepEqual(reasons(world, all), { w1: 'anti-affinity', w2: 'anti-affinity', w3: 'ok' });
  });

  it('is kept away by Pods that avoid it', () => {
    const world = zones();
    world.addPod(
      slimPod('shy', {
        nodeName: 'w3',
        requiredAntiAffinity: [{ topologyKey: 'zone', labelSelector: WEB }],
      }),
    );
    const pod = incoming({}, { labels: { app: 'web' } });
    assert.deepEqual(reasons(world, pod), { w1: 'ok', w2: 'ok', w3: 'anti-affinity' });
    assert.deepEqual(reasons(world, incoming()), { w1: 'ok', w2: 'ok', w3: 'ok' });
  });

  it('counts its own decisions on their way, in both directions', () => {
    const world = zones();
    const avoiding = anti({ labelSelector: WEB });
    const there = pending('w1', { labels: { app: 'web' } });
    assert.equal(reasons(world, avoiding, { pending: [there] })['w1'], 'anti-affinity');
    const shy = pending('w2', {
      requiredAntiAffinity: [{ topologyKey: HOSTNAME, labelSelector: WEB }],
    });
    const pod = incoming({}, { labels: { app: 'web' } });
    assert.equal(reasons(world, pod, { pending: [shy] })['w2'], 'anti-affinity');
  });

  it('knows the domain of a decision on its way only where its target settles it', () => {
    const world = zones();
    world.observation = observationOf({ a: 'healthy', b: 'healthy' });
    const toZone = pending('a', { topologyKey: 'zone', labels: { app: 'web' } });
    const byHost = anti({ labelSelector: WEB });
    const byZone = anti({ labelSelector: WEB, topologyKey: 'zone' });
    const options = { key: 'zone', pending: [toZone] };
    assert.deepEqual(reasons(world, byHost, options), { a: 'ok', b: 'ok' });
    assert.deepEqual(reasons(world, byZone, options), { a: 'anti-affinity', b: 'ok' });
  });

  it('writes matchLabelKeys out for this Pod', () => {
    const world = zones();
    world.addPod(web('old', 'w1', { labels: { app: 'web', rev: '1' } }));
    world.addPod(web('new', 'w2', { labels: { app: 'web', rev: '2' } }));
    const pod = incoming(
      {
        affinity: {
          podAntiAffinity: {
            [REQUIRED]: [
              { topologyKey: HOSTNAME, labelSelector: WEB, matchLabelKeys: ['rev', 'absent'] },
            ],
          },
        },
      },
      { labels: { app: 'web', rev: '2' } },
    );
    assert.deepEqual(reasons(world, pod), { w1: 'ok', w2: 'anti-affinity', w3: 'ok' });
  });

  it('goes where the Pods are that it must be with', () => {
    const world = zones();
    world.addPod(slimPod('db', { nodeName: 'w3', labels: { app: 'db' } }));
    const pod = near({ labelSelector: { matchLabels: { app: 'db' } } });
    assert.deepEqual(reasons(world, pod), { w1: 'affinity', w2: 'affinity', w3: 'ok' });
  });

  it('has nowhere to go where nobody is whom it must be with', () => {
    const pod = near({ labelSelector: { matchLabels: { app: 'db' } } });
    assert.deepEqual(reasons(zones(), pod), { w1: 'affinity', w2: 'affinity', w3: 'affinity' });
  });

  it('may open the first domain of its own group', () => {
    const world = zones();
    assert.deepEqual(reasons(world, near({ labelSelector: WEB })), {
      w1: 'ok',
      w2: 'ok',
      w3: 'ok',
    });
    world.addPod(web('first', 'w3'));
    assert.deepEqual(reasons(world, near({ labelSelector: WEB })), {
      w1: 'affinity',
      w2: 'affinity',
      w3: 'ok',
    });
  });

  it('counts only Pods that match all of its terms', () => {
    const world = zones();
    world.addPod(slimPod('db', { nodeName: 'w3', labels: { app: 'db' } }));
    const db = { labelSelector: { matchLabels: { app: 'db' } } };
    const both = near(db, { labelSelector: { matchLabels: { tier: 'gold' } } });
    assert.equal(reasons(world, both)['w3'], 'affinity');
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { modelLabels, observationName, shardName } from '#cluster/model/name.ts';

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const names = fc.oneof(
  fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?$/),
  fc.stringMatching(/^[a-c.-]{1,5}$/),
  fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }),
);
const kinds = fc.constantFrom('Deployment', 'StatefulSet', 'Tier', 'deployment', 'Gizmo', 'GIZMO');

describe('names of stored models', () => {
  it('are readable where nothing stands against it', () => {
    assert.equal(shardName('default', 'Deployment/frontend'), 'default.deployment.frontend');
    assert.equal(shardName('default', 'Tier/data'), 'default.tier.data');
    assert.equal(observationName('default'), 'default.observation');
  });

  it('are DNS subdomains whatever they are made of', () => {
    fc.assert(
      fc.property(names, kinds, names, (policy, kind, name) => {
        for (const made of [shardName(policy, `${kind}/${name}`), observationName(policy)]) {
          assert.match(made, DNS_SUBDOMAIN);
          assert.ok(made.length <= 253);
        }
      }),
    );
  });

  it('differ where policy or workload differ', () => {
    const parts = fc.tuple(names, kinds, names);
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        fc.pre(left.join('\0') !== right.join('\0'));
        assert.notEqual(
          shardName(left[0], `${left[1]}/${left[2]}`),
          shardName(right[0], `${right[1]}/${right[2]}`),
        );
        if (left[0] !== right[0]) {
          assert.notEqual(observationName(left[0]), observationName(right[0]));
        }
      }),
    );
  });

  it('keep apart what a plain joining would mix up', () => {
    const made = [
      shardName('a.deployment.b', 'Deployment/c'),
      shardName('a', 'Deployment/b.deployment.c'),
      shardName('a', 'Deployment/b'),
      shardName('a', 'deployment/b'),
      shardName('a', 'Deployment/B'),
      observationName('a'),
      observationName('a.observation'),
    ];
    assert.equal(new Set(made).size, made.length);
  });

  it('carry labels that the API accepts', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?$/), (policy) => {
        const value = modelLabels(policy, 'shard')['perihelion.dev/policy']!;
        assert.match(value, /^[a-z0-9]([-a-z0-9._]*[a-z0-9])?$/);
        assert.ok(value.length <= 63);
      }),
    );
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEEDS } from '../../e2e/trust/needs.ts';
import { nameOfRight, rightsOf, trialRoles } from '../../e2e/trust/rights.ts';
import { manifests } from './base.ts';

/*
 * What each right is for, and that the product shows it when it is gone, is proven on a real API
 * server by the act `trust` of the end-to-end run. Here is held that no right escapes it.
 */

const objects = manifests.map(({ kind, name, body }) => ({ ...body, kind, metadata: { name } }));
const rights = (['admission', 'learner'] as const).flatMap((role) => rightsOf(objects, role));

test('every right of the base is one that something is known to need, and the other way round', () => {
  assert.deepEqual(rights.map(nameOfRight).sort(), Object.keys(NEEDS).sort());
  for (const [name, { loss }] of Object.entries(NEEDS)) assert.notEqual(loss, '', name);
});

test('taking a right away takes that one and no other', () => {
  for (const right of rights) {
    const trial = { name: 'trial', role: right.role, configuration: 'perihelion', account: 'a' };
    const namesOf = (without: typeof right | undefined): string[] => {
      const roles = trialRoles(objects, trial, without)
        .filter(({ kind }) => kind === right.kind)
        .map((role) => ({ ...role, metadata: { name: right.role } }));
      return rightsOf(roles, right.role).map(nameOfRight).sort();
    };
    const [all, left] = [namesOf(undefined), namesOf(right)];
    all.splice(all.indexOf(nameOfRight(right)), 1);
    assert.deepEqual(left, all, nameOfRight(right));
  }
});

test('a trial keeps the names that rights are limited to, but for its own configuration', () => {
  const trial = { name: 'trial', configuration: 'perihelion', account: 'a' } as const;
  const text = JSON.stringify(trialRoles(objects, { ...trial, role: 'admission' }, undefined));
  assert.match(text, /"resourceNames":\["perihelion-webhook"\]/);
  assert.match(text, /"resourceNames":\["trial"\]/);
  assert.doesNotMatch(text, /"resourceNames":\["perihelion"\]/);
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { DEFAULT_POLICY_SPEC, parsePolicySpec, policyProblems } from '#cluster/policy/parse.ts';
import { InputError } from '#errors';
import { mutateJson } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

const POLICIES = [
  'mode: Prefer\ntopologyKey: kubernetes.io/hostname\ntargets: [a, b]\nholdoutPercent: 5\n',
  'learning:\n  algorithm: UCB1\n  seed: 7\n  epsilonThousandths: 100\n  epsilonFloorThousandths: 10\n',
  'reward: {sustainabilityPercent: 50, performancePercent: 40, resourcesPercent: 10, sloP99Milliseconds: 250}\n',
  'tiers:\n  - name: data\n    matchLabels: {app: mongodb}\n  - &t\n    name: rest\n    matchLabels: {}\nextra: *t\n',
  'measurement: {warmUpSeconds: 30, windowSeconds: 120}\nexploration: {budgetPerHour: 60}\n',
];

/**
 * Policies as people write them and as the API server sends them (JSON): either the text is neither, or the policy is refused by one line
 * that names a field, or a whole policy comes out, which is accepted again as it is.
 */
export function policyTarget(): FuzzTarget {
  const documents = POLICIES.map((text) => parse(text) as unknown);
  return {
    name: 'policy',
    seeds: POLICIES.map((text) => Buffer.from(text)),
    generate: (random) => Buffer.from(JSON.stringify(mutateJson(random.pick(documents), random))),
    run: (input) => {
      const value = valueOf(input.toString('utf8'));
      const problems = policyProblems(value);
      try {
        const spec = parsePolicySpec(value);
        assert.deepEqual(problems, []);
        assert.deepEqual(Object.keys(spec).sort(), Object.keys(DEFAULT_POLICY_SPEC).sort());
        assert.deepEqual(parsePolicySpec(spec), spec);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        assert.equal(error.code, 'PERI_POLICY_INVALID');
        assert.match(error.field, /^spec/);
        assert.ok(problems.length > 0 && problems[0] === error.message);
        assert.ok(error.message.length < 2000, `a message of ${String(error.message.length)}`);
      }
    },
  };
}

/** What the text says; text that is neither JSON nor YAML says nothing. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return yamlOf(text);
  }
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}

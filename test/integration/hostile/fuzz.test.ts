// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz, fuzzSettings, TARGET_NAMES } from '../../fuzz/fuzz.ts';

/* A short search, the same with every run; `npm run fuzz` searches for longer, and elsewhere each time. */

const { seconds, seed } = fuzzSettings({ seconds: 10, seed: 1 });

describe('fuzzing', () => {
  for (const target of TARGET_NAMES) {
    it(`finds nothing in ${target}`, async (t) => {
      t.diagnostic(`FUZZ_SEED=${String(seed)}`);
      const finding = await fuzz(target, { seconds: seconds / TARGET_NAMES.length, seed });
      assert.equal(finding.problem, undefined, `seed ${String(seed)}: ${finding.problem ?? ''}`);
      assert.ok(finding.runs >= 50, `only ${String(finding.runs)} inputs`);
      t.diagnostic(`${String(finding.runs)} inputs`);
    });
  }
});

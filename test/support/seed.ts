// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';

/*
 * Loaded before every test of `npm run unit` and `npm run integration`: properties draw the same inputs
 * in each run, so that a run fails for what was changed and not for what was drawn. `PROPERTY_SEED`
 * draws others: a number those of that seed, `random` new ones (the seed is printed with a failure).
 */

const { PROPERTY_SEED = '1' } = process.env;
const seed = Number(PROPERTY_SEED);

if (PROPERTY_SEED !== 'random') {
  if (!Number.isInteger(seed)) {
    throw new Error(`PROPERTY_SEED: found "${PROPERTY_SEED}", expected an integer or "random"`);
  }
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}

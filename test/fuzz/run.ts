// SPDX-License-Identifier: Apache-2.0
import { fuzz, fuzzSettings, TARGET_NAMES } from './fuzz.ts';

/* `npm run fuzz`: every target, one after the other; exit code 1 when one failed. */

const { seconds, seed } = fuzzSettings({ seconds: 20, seed: Date.now() % 2 ** 32 });
process.stdout.write(`seed ${String(seed)} (repeat with FUZZ_SEED), ${String(seconds)} s in all\n`);
let failures = 0;
for (const target of TARGET_NAMES) {
  const finding = await fuzz(target, { seconds: seconds / TARGET_NAMES.length, seed });
  const verdict = finding.problem === undefined ? 'ok  ' : 'FAIL';
  process.stdout.write(`${verdict} ${target}: ${String(finding.runs)} inputs\n`);
  if (finding.problem === undefined) continue;
  failures += 1;
  process.stdout.write(`${finding.problem}\n`);
}
process.exitCode = failures === 0 ? 0 : 1;

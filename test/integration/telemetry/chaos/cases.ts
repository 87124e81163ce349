// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { TargetHealth } from '#cluster/model/observation.ts';
import type { World } from '../../../unit/learner/world.ts';
import type { Backend } from './backends.ts';
import { type Failure, FAILURES, type SourceName, SOURCES } from './fleet.ts';
import { assertTrue, ILL, start, taught, WELL } from './run.ts';

/** What is to be seen of each illness: of the target's health (power), and why nothing is learned. */
const SEEN: Readonly<
  Record<SourceName, Readonly<Record<Failure, { health: TargetHealth[]; reasons: string[] }>>>
> = {
  power: {
    gone: { health: ['stale', 'absent'], reasons: ['stale', 'absent'] },
    NaN: { health: ['not-a-number'], reasons: ['not-a-number'] },
    zero: { health: ['zero'], reasons: ['no-energy', 'too-few-samples'] },
    '9e14': { health: ['absurd'], reasons: ['absurd'] },
    'hour-old': { health: ['stale', 'absent'], reasons: ['stale', 'absent'] },
    '10 s': { health: ['stale', 'absent'], reasons: ['stale', 'absent'] },
  },
  latency: {
    gone: { health: ['healthy'], reasons: ['stale', 'absent'] },
    NaN: { health: ['healthy'], reasons: ['not-a-number'] },
    zero: { health: ['healthy'], reasons: ['too-few-samples', 'too-few-requests'] },
    '9e14': { health: ['healthy'], reasons: ['absurd'] },
    'hour-old': { health: ['healthy'], reasons: ['stale', 'absent'] },
    '10 s': { health: ['healthy'], reasons: ['stale', 'absent'] },
  },
  load: {
    gone: { health: ['healthy'], reasons: ['stale', 'absent'] },
    NaN: { health: ['healthy'], reasons: ['not-a-number'] },
    zero: { health: ['healthy'], reasons: ['not-a-number', 'absurd'] },
    '9e14': { health: ['healthy'], reasons: ['not-a-number', 'absurd'] },
    'hour-old': { health: ['healthy'], reasons: ['stale', 'absent'] },
    '10 s': { health: ['healthy'], reasons: ['stale', 'absent'] },
  },
};

/** Source times failure, over one backend. */
export function chaosCases(
  name: string,
  open: (t: TestContext, world: World) => Promise<Backend>,
): void {
  describe(`over ${name}, the exporters of the better node`, () => {
    for (const source of SOURCES) {
      for (const failure of FAILURES) {
        test(`${source}: ${failure}`, async (t) => {
          const run = await start(t, open);
          const { world } = run;
          world.rollOut(4);
          // It falls ill in the middle of a window, which is the hardest to tell.
          await run.pass(60);
          run.backend.illness = { source, failure, node: ILL };
          await run.pass(60);
          const learnedBefore = run.learned(ILL);
          const during = await run.rollOut(2);
          const seen = SEEN[source][failure];
          const onIll = during.filter(({ landed }) => landed === ILL);
          assert.ok(onIll.length > 0, 'no Pod landed on the ill node');
          for (const record of onIll) {
            assert.equal(record.status, 'censored', JSON.stringify(record));
            assert.ok(
              seen.reasons.includes(record.reason),
              `censored: ${record.reason} ${JSON.stringify(record.readings)}`,
            );
          }
          // A state that is seen for the first time takes over what was known, and no more.
          const known = new Set(learnedBefore.map((cell) => JSON.stringify(cell)));
          for (const cell of run.learned(ILL)) assert.ok(known.has(JSON.stringify(cell)));
          assert.ok(
            during.some((record) => record.landed === WELL && taught(record)),
            'the healthy node taught nothing either',
          );
          assert.ok(seen.health.includes(run.health(ILL)!), `health ${run.health(ILL)}`);
          assert.equal(run.health(WELL), 'healthy');
          if (source === 'power') {
            for (const { asked: target } of during) assert.notEqual(target, ILL);
            assert.equal(run.condition().status, 'False');
            assert.match(run.condition().message, new RegExp(ILL));
          }

          world.rollOut(4);
          await run.pass(60);
          run.backend.illness = undefined;
          await run.pass(60);
          const after = await run.rollOut(5);
          assert.equal(run.health(ILL), 'healthy');
          assert.equal(run.condition().status, 'True');
          assert.ok(after.filter(({ landed }) => landed === ILL).some(taught), 'no recovery');
          assert.notDeepEqual(run.learned(ILL), learnedBefore);
          world.records.filter(taught).forEach(assertTrue);
        });
      }
    }
  });
}

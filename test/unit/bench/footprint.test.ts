// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { footprintOf } from '../../../bench/footprint.ts';

const figure = (mean: number, low: number, high: number, unit: string) => ({
  ...{ mean, low, high, n: 4, unit },
});

const admission = {
  cpuMicrosecondsPerRequest: {
    perihelion: figure(500, 400, 600, 'microseconds'),
    perihelionPools: figure(250, 200, 300, 'microseconds'),
  },
  idleMillicores: figure(10, 5, 15, 'millicores'),
};
const cycle = {
  cpuSeconds: figure(1, 1, 1, 'seconds'),
  queries: figure(6, 6, 6, 'queries'),
  settled: figure(10_000, 10_000, 10_000, 'placements'),
};
const settleCycle = { '10000': cycle };

function setting(load: string, before: [number, number], after: [number, number]) {
  const joules = ([low, high]: [number, number]) => ({
    joulesPerRequest: figure((low + high) / 2, low, high, 'joules'),
  });
  const policies = { default: joules(before), agent: joules(after) };
  return { application: 'app', cluster: 'seed', load, policies };
}

function near(found: number | undefined, expected: number): void {
  assert.ok(found !== undefined && Math.abs(found - expected) < 1e-9 * expected, String(found));
}

describe('footprintOf', () => {
  it('charges the dynamic power of the machine by CPU time', () => {
    const result = footprintOf(admission, { settleCycle });
    const { wattsPerBusyCore, cores, utilisation } = result.assumptions;
    // P(u) of the experiment's machine at one half: 120 W of dynamic power on a concave curve.
    const share = (1 - Math.exp(-2.9613 * 0.5)) / (1 - Math.exp(-2.9613));
    near(wattsPerBusyCore, (120 * share) / (cores * utilisation));
    near(result.joulesPer1000Admissions['hostnames']?.mean, 0.5 * wattsPerBusyCore);
    near(result.joulesPer1000Admissions['pools']?.high, 0.3 * wattsPerBusyCore);
    near(result.joulesPer1000Settled.mean, 0.1 * wattsPerBusyCore);
    near(result.standingWattsPerReplica?.low, 0.005 * wattsPerBusyCore);
    assert.equal(result.savedJoulesPer1000Requests, undefined);
  });

  it('says how many requests repay a Pod only where it surely saves', () => {
    const settings = [
      setting('sure', [0.3, 0.32], [0.2, 0.22]),
      setting('open', [0.3, 0.32], [0.29, 0.33]),
      setting('dearer', [0.3, 0.32], [0.4, 0.42]),
    ];
    const result = footprintOf(admission, { settleCycle }, { settings });
    const saved = result.savedJoulesPer1000Requests ?? {};
    near(saved['app, seed, sure']?.mean, 100);
    near(saved['app, seed, sure']?.low, 80);
    near(-(saved['app, seed, dearer']?.mean ?? 0), 100);
    const repaid = result.requestsToRepayAPod ?? {};
    assert.deepEqual(Object.keys(repaid), ['app, seed, sure']);
    near(repaid['app, seed, sure']?.mean, (0.6 * result.assumptions.wattsPerBusyCore) / 100);
  });

  it('leaves out what was not measured', () => {
    const { cpuMicrosecondsPerRequest } = admission;
    const rest = { cpuMicrosecondsPerRequest };
    assert.equal('standingWattsPerReplica' in footprintOf(rest, { settleCycle }), false);
  });
});

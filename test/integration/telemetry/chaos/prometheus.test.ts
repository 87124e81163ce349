// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { prometheusBackend } from './backends.ts';
import { chaosCases } from './cases.ts';
import { assertTrue, ILL, start, taught, WELL } from './run.ts';

chaosCases('Prometheus', prometheusBackend);

/*
 * The server itself is slow for what is asked of one source, or for all. Where only a source is
 * silent what the others say is still true, but it is no reward.
 */
describe('the Prometheus server', () => {
  const cases: [name: string, queries: RegExp, reasons: string[]][] = [
    ['takes 10 s for power', /kepler_node_cpu_watts|kepler_pod/, []],
    ['takes 10 s for latency', /istio_/, []],
    ['takes 10 s for all of latency but who is up', /^(?!.*unless).*istio_/, ['absent', 'stale']],
    ['takes 10 s for load', /node_|machine_|container_/, []],
    ['takes 10 s for everything', /./, []],
  ];
  for (const [name, queries, reasons] of cases) {
    test(name, async (t) => {
      const run = await start(t, prometheusBackend);
      const learned = [run.learned(ILL), run.learned(WELL)];
      run.backend.slowQuery = queries;
      const during = await run.rollOut(1);
      assert.deepEqual(during.filter(taught), []);
      for (const { reason } of during) assert.ok(reasons.includes(reason), reason);
      // Nothing to measure it by: what could not be asked about stays open.
      assert.equal(during.length, reasons.length === 0 ? 0 : 4);
      if (during.length === 0) assert.deepEqual([run.learned(ILL), run.learned(WELL)], learned);
      assert.ok(run.backend.warnings.length > 0);

      run.backend.slowQuery = undefined;
      await run.pass(60);
      const after = await run.rollOut(3);
      assert.ok(after.some(taught), 'no recovery');
      assert.equal(run.condition().status, 'True');
      run.world.records.filter(taught).forEach(assertTrue);
    });
  }
});

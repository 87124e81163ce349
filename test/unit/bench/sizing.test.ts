// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { sizingPage } from '../../../bench/page.ts';
import { coresOf, memoryLimitMebibytes, unitCostsOf } from '../../../bench/sizing.ts';

const ROOT = new URL('../../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const results = (name: string): object => JSON.parse(text(`bench/results/${name}.json`)) as object;
const SOURCES = { admission: results('admission'), scale: results('scale') };
const COSTS = unitCostsOf(SOURCES);

describe('sizing', () => {
  it('stands on the page as it follows from the committed results', () => {
    const page = text('docs/how-to/sizing.md');
    assert.equal(sizingPage(page), page, 'run `node bench/page.ts`');
    assert.match(page, /\| 100,000 +\| 1,000,000 +\| \d+Mi/);
  });

  it('begins at the limits that ship, and has room for what is live', () => {
    const values = parse(text('charts/perihelion/values.yaml')) as {
      admission: { resources: { limits: { memory: string } } };
    };
    const least = memoryLimitMebibytes(COSTS, { nodes: 1, pods: 1 });
    assert.equal(values.admission.resources.limits.memory, `${least}Mi`);
    const clusters = [1e4, 1e5, 3e5, 1e6, 3e6].map((pods) => ({ nodes: pods / 10, pods }));
    for (const cluster of clusters) {
      const live = cluster.nodes * COSTS.nodeBytes + cluster.pods * COSTS.podBytes;
      assert.ok(memoryLimitMebibytes(COSTS, cluster) * 2 ** 20 >= 3 * live);
    }
  });

  it('holds what the page says of what ships', () => {
    const page = text('docs/how-to/sizing.md').replaceAll('\n', ' ');
    assert.match(page, /a hundred thousand Pods and forty new ones a second/);
    const cluster = { nodes: 10_000, pods: 100_000 };
    assert.equal(memoryLimitMebibytes(COSTS, cluster), 768);
    assert.ok(coresOf(COSTS, 40) < 0.1);
  });

  it('counts cores from idle upwards, in proportion to the Pods', () => {
    const idle = coresOf(COSTS, 0);
    assert.equal(idle, COSTS.idleMillicores / 1000);
    const [ten, twenty] = [coresOf(COSTS, 10) - idle, coresOf(COSTS, 20) - idle];
    assert.ok(Math.abs(twenty - 2 * ten) < 1e-12);
  });

  it('names a figure that the results lack', () => {
    assert.throws(
      () => unitCostsOf({ ...SOURCES, admission: {} }),
      /^RangeError: cpuMicro.*perihelion: not in/,
    );
  });
});

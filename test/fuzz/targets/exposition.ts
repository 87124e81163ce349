// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseExposition } from '#telemetry/series/exposition.ts';
import type { Series } from '#telemetry/series/series.ts';
import type { FuzzTarget } from '../target.ts';

const KEPLER = new URL('../../fixtures/kepler/kepler-metrics.txt', import.meta.url);
const TEXTS = [
  '# HELP a b\n# TYPE a counter\na 1\na{b="c"} 2 1700000000000\n',
  'h_bucket{le="0.5",x="1"} 3 # {trace="t"} 0.4 1.2\nh_bucket{le="+Inf"} 4\nh_sum NaN\nh_count 4\n# EOF\n',
  'esc{v="a\\\\b\\"c\\nd"} -Inf\r\nesc{__proto__="x",constructor="y"} +inf\n',
  'istio_requests_total{response_code="200",destination_workload="a"} 12\n{} 1\nx{a="b" 1\n',
];

/**
 * Replies of exporters: nothing throws, no line is counted twice, a metric's name and labels are
 * well formed, and what was read is read the same way once it is written again.
 */
export function expositionTarget(): FuzzTarget {
  const kepler = readFileSync(KEPLER, 'utf8').split('\n');
  const excerpts = [0, 50, 200].map((from) => kepler.slice(from, from + 40).join('\n'));
  return {
    name: 'exposition',
    seeds: [...TEXTS, ...excerpts].map((text) => Buffer.from(text)),
    run: (input) => {
      const text = input.toString('utf8');
      const lines = text.split('\n').length;
      const { series, malformed, malformedCount, damaged } = parseExposition(text);
      assert.ok(series.length + malformedCount <= lines);
      assert.ok(malformed.length <= malformedCount && damaged.size <= malformedCount);
      for (const { error } of malformed) assert.equal(error.code, 'PERI_EXPOSITION_MALFORMED');
      for (const { name, labels } of series) {
        assert.match(name, /^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
        for (const [label, value] of Object.entries(labels)) {
          assert.match(label, /^[a-zA-Z_][a-zA-Z0-9_]*$/);
          assert.equal(typeof value, 'string');
        }
      }
      const again = parseExposition(series.map(written).join('\n'), { openMetrics: false });
      assert.deepEqual(again.series, series);
    },
  };
}

function written({ name, labels, value, timestamp }: Series): string {
  const pairs = Object.entries(labels).map(([label, text]) => {
    const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${label}="${escaped}"`;
  });
  const number = Number.isNaN(value) ? 'NaN' : Object.is(value, -0) ? '-0' : String(value);
  const time = timestamp === undefined ? '' : ` ${String(timestamp)}`;
  return `${name}{${pairs.join(',')}} ${number.replace('Infinity', 'Inf')}${time}`;
}

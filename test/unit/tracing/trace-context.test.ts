// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseTraceparent } from '#tracing/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('parseTraceparent', () => {
  it('reads the example of the standard', () => {
    assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), {
      traceId: TRACE,
      parentSpanId: SPAN,
      sampled: true,
    });
    assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled, false);
    // Bits that this version does not know say nothing of sampling.
    assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-fe`)?.sampled, false);
    assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-ff`)?.sampled, true);
  });

  it('reads the same fields of versions to come', () => {
    assert.equal(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-will-be`)?.traceId, TRACE);
    assert.equal(parseTraceparent(`cc-${TRACE}-${SPAN}-01`)?.traceId, TRACE);
  });

  it('takes nothing that the standard calls invalid', () => {
    const invalid = [
      undefined,
      '',
      ['00', TRACE],
      `00-${TRACE}-${SPAN}`,
      `00-${TRACE}-${SPAN}-01-more`,
      `cc-${TRACE}-${SPAN}-01.more`,
      `ff-${TRACE}-${SPAN}-01`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${'0'.repeat(32)}-${SPAN}-01`,
      `00-${TRACE}-${'0'.repeat(16)}-01`,
      ` 00-${TRACE}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-01\n`,
      `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1000)}`,
    ];
    for (const header of invalid) assert.equal(parseTraceparent(header), undefined, String(header));
  });

  it('never throws, and never makes up an id', () => {
    const pieces = fc.constantFrom('-', '00', 'ff', TRACE, SPAN, '01', '0', 'g', '\n');
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (header) => {
        const context = parseTraceparent(header);
        if (context !== undefined) {
          assert.ok(header.includes(`-${context.traceId}-${context.parentSpanId}-`));
        }
      }),
    );
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exportRequest, rejectedSpans } from '#tracing/otlp.ts';
import type { Span } from '#tracing/span.ts';

const SPAN: Span = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: undefined,
  remoteParent: false,
  name: 'decide',
  kind: 'internal',
  startMilliseconds: 1_700_000_000_000.25,
  endMilliseconds: 1_700_000_000_001.5,
  attributes: {},
  error: undefined,
};
const ORIGIN = { version: '1.2.3', resource: { 'service.name': 'perihelion', nothing: undefined } };

describe('exportRequest', () => {
  it('writes OTLP as JSON, field by field', () => {
    const server: Span = {
      ...SPAN,
      kind: 'server',
      parentSpanId: 'b7ad6b7169203331',
      remoteParent: true,
      attributes: { text: 'x', yes: true, whole: 7, part: 0.5, endless: Infinity, none: undefined },
      error: 'deadline',
    };
    assert.deepEqual(JSON.parse(exportRequest([server, SPAN], ORIGIN)), {
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'perihelion' } }] },
          scopeSpans: [
            {
              scope: { name: 'perihelion', version: '1.2.3' },
              spans: [
                {
                  traceId: SPAN.traceId,
                  spanId: SPAN.spanId,
                  parentSpanId: 'b7ad6b7169203331',
                  flags: 0x301,
                  name: 'decide',
                  kind: 2,
                  startTimeUnixNano: '1700000000000250000',
                  endTimeUnixNano: '1700000000001500000',
                  attributes: [
                    { key: 'text', value: { stringValue: 'x' } },
                    { key: 'yes', value: { boolValue: true } },
                    { key: 'whole', value: { intValue: '7' } },
                    { key: 'part', value: { doubleValue: 0.5 } },
                    { key: 'endless', value: { doubleValue: 'Infinity' } },
                  ],
                  status: { code: 2, message: 'deadline' },
                },
                {
                  traceId: SPAN.traceId,
                  spanId: SPAN.spanId,
                  flags: 0x101,
                  name: 'decide',
                  kind: 1,
                  startTimeUnixNano: '1700000000000250000',
                  endTimeUnixNano: '1700000000001500000',
                  attributes: [],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('never ends a span before its beginning', () => {
    const text = exportRequest([{ ...SPAN, endMilliseconds: 0 }], ORIGIN);
    assert.equal(text.split('1700000000000250000').length, 3);
  });
});

describe('rejectedSpans', () => {
  it('reads what a receiver says, and takes silence for success', () => {
    assert.equal(rejectedSpans('{"partialSuccess":{"rejectedSpans":"3"}}'), 3);
    assert.equal(rejectedSpans('{"partialSuccess":{"rejectedSpans":2,"errorMessage":"x"}}'), 2);
    const silent = ['', '{}', 'null', '\u0008', '{"partialSuccess":null}'];
    for (const answer of silent) assert.equal(rejectedSpans(answer), 0, answer);
    assert.equal(rejectedSpans('{"partialSuccess":{"rejectedSpans":"-1"}}'), 0);
    assert.equal(rejectedSpans('{"partialSuccess":{"rejectedSpans":"x"}}'), 0);
  });
});

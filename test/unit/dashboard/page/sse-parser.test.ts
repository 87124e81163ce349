// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EventParser, reconnectPause } from '../../../../src/dashboard/page/sse-parser.ts';

describe('the reader of events', () => {
  it('gives the same events however the text is cut', () => {
    const text =
      'event: beat\ndata: {"time":1}\n\n: a comment\n\nevent: changed\r\ndata: a\r\ndata: b\r\n\r\ndata\n\nid: 3\n\n';
    const whole = new EventParser().push(text);
    assert.deepEqual(whole, [
      { name: 'beat', data: '{"time":1}' },
      { name: 'changed', data: 'a\nb' },
      { name: 'message', data: '' },
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 12 }), (cuts) => {
        const parser = new EventParser();
        const ends = [...new Set([...cuts, text.length])].sort((a, b) => a - b);
        let from = 0;
        const events = ends.flatMap((to) => {
          const piece = text.slice(from, to);
          from = to;
          return parser.push(piece);
        });
        assert.deepEqual(events, whole);
      }),
    );
  });

  it('waits longer each time, within bounds', () => {
    for (let attempt = 0; attempt < 40; attempt += 1) {
      for (const random of [0, 0.5, 0.999]) {
        const pause = reconnectPause(attempt, random);
        assert.ok(pause >= 500 && pause <= 30_000, `${attempt}: ${pause}`);
      }
    }
    assert.ok(reconnectPause(0, 0.999) <= 1000);
    assert.ok(reconnectPause(9, 0) >= 15_000);
  });
});

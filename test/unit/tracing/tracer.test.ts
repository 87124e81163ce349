// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Span } from '#tracing/span.ts';
import { Tracer } from '#tracing/tracer.ts';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7';
/** Of the epoch; the monotonic clock begins at 0 there. */
const MIDNIGHT = 1_700_000_000_000;

interface World {
  elapsed: number;
  drawn: number;
  readonly spans: Span[];
  readonly tracer: Tracer;
}

function worldWith(share: number): World {
  let ids = 0;
  const world: World = {
    elapsed: 0,
    drawn: 0,
    spans: [],
    tracer: new Tracer({
      share,
      now: () => MIDNIGHT + world.elapsed,
      elapsed: () => world.elapsed,
      random: () => world.drawn,
      randomHex: (bytes) => (ids += 1).toString(16).padStart(2 * bytes, '0'),
      ended: (spans) => world.spans.push(...spans),
    }),
  };
  return world;
}

describe('a tracer', () => {
  it('makes one span for the request and one for each step, without gaps', () => {
    const world = worldWith(1);
    world.elapsed = 10;
    const trace = world.tracer.begin('POST /mutate', `${PARENT}-01`, 8.5);
    trace?.step('read');
    world.elapsed = 12.25;
    trace?.step('decide');
    trace?.set({ 'perihelion.outcome': 'injected' });
    world.elapsed = 15;
    assert.equal(world.spans.length, 0, 'nothing leaves before the end');
    trace?.end();
    const [whole, read, decide] = world.spans;
    assert.ok(whole !== undefined && read !== undefined && decide !== undefined);
    assert.deepEqual(
      world.spans.map(({ name }) => name),
      ['POST /mutate', 'read', 'decide'],
    );
    assert.equal(whole.kind, 'server');
    assert.equal(whole.remoteParent, true);
    assert.equal(whole.parentSpanId, '00f067aa0ba902b7');
    assert.equal(whole.startMilliseconds, MIDNIGHT + 8.5);
    assert.equal(whole.endMilliseconds, MIDNIGHT + 15);
    assert.deepEqual(whole.attributes, { 'perihelion.outcome': 'injected' });
    for (const step of [read, decide]) {
      assert.equal(step.parentSpanId, whole.spanId);
      assert.equal(step.traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
    }
    assert.equal(read.endMilliseconds, decide.startMilliseconds);
    assert.equal(new Set(world.spans.map(({ spanId }) => spanId)).size, 3);
  });

  it('ends once, and marks the step that failed', () => {
    const world = worldWith(1);
    const trace = world.tracer.begin('POST /mutate', undefined, 0);
    trace?.step('read');
    trace?.step('parse');
    trace?.end('400');
    trace?.step('never');
    trace?.end();
    assert.deepEqual(
      world.spans.map(({ name, error }) => [name, error]),
      [
        ['POST /mutate', '400'],
        ['read', undefined],
        ['parse', '400'],
      ],
    );
    assert.equal(world.spans[0]?.parentSpanId, undefined);
    assert.equal(world.spans[0]?.remoteParent, false);
  });

  it('leaves it to the caller, and draws where the caller says nothing', () => {
    const never = worldWith(0);
    assert.ok(never.tracer.begin('x', `${PARENT}-01`, 0));
    assert.equal(never.tracer.begin('x', undefined, 0), undefined);
    const always = worldWith(1);
    assert.equal(always.tracer.begin('x', `${PARENT}-00`, 0), undefined);
    assert.ok(always.tracer.begin('x', 'rubbish', 0));
    const half = worldWith(0.5);
    half.drawn = 0.49;
    assert.ok(half.tracer.begin('x', undefined, 0));
    half.drawn = 0.5;
    assert.equal(half.tracer.begin('x', undefined, 0), undefined);
  });
});

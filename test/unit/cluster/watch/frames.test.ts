// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from '#cluster/watch/frames.ts';
import type { WatchLine } from '#cluster/watch/lines.ts';
import { POD } from '#cluster/wire/protobuf-messages.ts';
import { recordedEvents, recordedRefusals } from '../recorded.ts';

const EVENTS = recordedEvents('pods');
const STREAM = Buffer.concat(EVENTS.map(({ protobuf }) => protobuf));

function read(bytes: Buffer, cuts: readonly number[] = []): WatchLine[] {
  const reader = new FrameReader(POD);
  const borders = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  borders.sort((left, right) => left - right);
  const lines = borders.slice(1).flatMap((end, index) => {
    return reader.push(bytes.subarray(borders[index], end));
  });
  return [...lines, ...reader.end()];
}

/** A field with a length, of a number below 16. */
function lengthed(number: number, content: Buffer): Buffer {
  assert.ok(content.length < 128 * 128);
  const length = [(content.length & 127) | 128, content.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content]);
}

function frame(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

describe('the frames of a watch', () => {
  it('are the same wherever the chunks are cut', () => {
    const whole = read(STREAM);
    assert.deepEqual(
      whole.map((line) => (line.kind === 'event' ? line.type : line.kind)),
      EVENTS.map(({ json }) => json.type),
    );
    fc.assert(
      fc.property(fc.array(fc.nat({ max: STREAM.length }), { maxLength: 60 }), (cuts) => {
        assert.deepEqual(read(STREAM, cuts), whole);
      }),
      { numRuns: 50 },
    );
  });

  it('may come byte by byte', () => {
    const two = Buffer.concat(EVENTS.slice(0, 2).map(({ protobuf }) => protobuf));
    assert.deepEqual(read(two, Array.from(two.keys())), read(two));
  });

  it('leave out one that was cut off', () => {
    const [first, second] = EVENTS.map(({ protobuf }) => protobuf);
    assert.ok(first !== undefined && second !== undefined);
    for (const kept of [1, 3, 4, 5, second.length - 1]) {
      assert.deepEqual(read(Buffer.concat([first, second.subarray(0, kept)])), read(first));
    }
  });

  it('keep of what is gone only which one it was', () => {
    const gone = EVENTS.filter(({ json }) => json.type === 'DELETED');
    assert.ok(gone.length > 0);
    for (const { json, protobuf } of gone) {
      const { name, namespace, uid, resourceVersion } = json.object['metadata'] as Record<
        string,
        string
      >;
      assert.deepEqual(read(protobuf), [
        {
          kind: 'event',
          type: 'DELETED',
          object: { metadata: { name, namespace, uid, resourceVersion } },
        },
      ]);
    }
  });

  it('tell why the server ends the watch', () => {
    const [refusal] = recordedRefusals();
    assert.ok(refusal !== undefined);
    const event = [lengthed(1, Buffer.from('ERROR')), lengthed(2, lengthed(1, refusal.protobuf))];
    const [line] = read(frame(Buffer.concat(event)));
    assert.ok(line?.kind === 'event' && line.type === 'ERROR');
    assert.equal(line.object['code'], 400);
    assert.equal(line.object['reason'], 'BadRequest');
  });

  it('report what is no event, and go on', () => {
    const [first] = EVENTS.map(({ protobuf }) => protobuf);
    assert.ok(first !== undefined);
    const odd = [
      Buffer.alloc(0),
      Buffer.from('{"type":"ADDED"}'),
      lengthed(1, Buffer.from('ADDED')),
      Buffer.concat([
        lengthed(1, Buffer.from('ADDED')),
        lengthed(2, lengthed(1, Buffer.from('x'))),
      ]),
    ];
    for (const content of odd) {
      assert.deepEqual(read(Buffer.concat([frame(content), first])), [
        { kind: 'garbage' },
        ...read(first),
      ]);
    }
  });

  it('report a frame that was shortened inside, wherever', () => {
    const [, first] = EVENTS.map(({ protobuf }) => protobuf);
    assert.ok(first !== undefined);
    fc.assert(
      fc.property(fc.integer({ min: 5, max: first.length - 1 }), (end) => {
        assert.deepEqual(read(frame(first.subarray(4, end))), [{ kind: 'garbage' }]);
      }),
    );
  });

  it('report a frame that is longer than any object, without waiting for it', () => {
    assert.deepEqual(read(Buffer.from('7fffffff', 'hex')), [{ kind: 'garbage' }]);
    assert.deepEqual(read(Buffer.from('{"type":"ADDED","object":{}}\n')), [{ kind: 'garbage' }]);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { projectOwner } from '#cluster/objects/project-metadata.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import { projectNode } from '#cluster/objects/project.ts';
import { FrameReader } from '#cluster/watch/frames.ts';
import { entryOf, keyOf } from '#cluster/watch/raw-entry.ts';
import { asObjects, type JsonObject } from '#cluster/wire/json.ts';
import { decodeObject, isProtobuf, protobufFirst } from '#cluster/wire/protobuf-envelope.ts';
import {
  listOf,
  NODE,
  PARTIAL_OBJECT_METADATA,
  POD,
  STATUS,
} from '#cluster/wire/protobuf-messages.ts';
import { decodeMessage, field, messageOf, nested, type Message } from '#cluster/wire/protobuf.ts';
import { recordedEvents, recordedList, recordedRefusals } from '../recorded.ts';

const projectReplicaSet = projectOwner('ReplicaSet');
const CODE = { code: 'PERI_KUBERNETES_OBJECT' };

function sameAsJson(
  recording: Parameters<typeof recordedEvents>[0],
  message: Message,
  project: (raw: JsonObject) => unknown,
): number {
  let compared = 0;
  for (const { json, protobuf } of recordedEvents(recording)) {
    const [line] = new FrameReader(message).push(protobuf);
    assert.ok(line?.kind === 'event', json.type);
    assert.equal(line.type, json.type);
    assert.equal(keyOf(line.object), keyOf(json.object));
    assert.deepEqual(entryOf(line.object, undefined), entryOf(json.object, undefined));
    if (json.type !== 'ADDED' && json.type !== 'MODIFIED') continue;
    assert.deepEqual(project(line.object), project(json.object));
    compared += 1;
  }
  return compared;
}

describe('objects of a kube-apiserver in protobuf', () => {
  it('project to what their JSON does: Pods with everything that counts', () => {
    // Init containers, sidecars, overhead, requests of the whole Pod, a resize, anti-affinity.
    assert.equal(sameAsJson('pods', POD, projectPod), 19);
    assert.equal(sameAsJson('meshed-pod-life', POD, projectPod), 5);
  });

  it('project to what their JSON does: Nodes and owners', () => {
    assert.equal(sameAsJson('nodes', NODE, projectNode), 8);
    assert.equal(sameAsJson('replicasets', PARTIAL_OBJECT_METADATA, projectReplicaSet), 4);
  });

  it('have the same lists', () => {
    const lists = [
      ['podlist', POD, projectPod],
      ['nodelist', NODE, projectNode],
      ['rslist', PARTIAL_OBJECT_METADATA, projectReplicaSet],
    ] satisfies [Parameters<typeof recordedList>[0], Message, (raw: JsonObject) => unknown][];
    for (const [name, message, project] of lists) {
      const { json, protobuf } = recordedList(name);
      const list = decodeObject(protobuf, listOf(message));
      const items = asObjects(list['items']);
      assert.ok(items.length > 0, name);
      assert.deepEqual(
        items.map((item) => project(item)),
        asObjects(json['items']).map((item) => project(item)),
      );
      const metadata = list['metadata'] as JsonObject;
      const wanted = json['metadata'] as JsonObject;
      assert.equal(metadata['resourceVersion'], wanted['resourceVersion']);
      assert.equal(metadata['continue'] ?? '', wanted['continue'] ?? '');
    }
  });

  it('say why a call was refused', () => {
    const [bad, broken] = recordedRefusals();
    assert.ok(bad !== undefined && broken !== undefined);
    const status = decodeObject(bad.protobuf, STATUS);
    assert.equal(status['code'], 400);
    assert.equal(status['reason'], 'BadRequest');
    assert.match(String(status['message']), /^invalid continue token/);
    assert.equal(decodeObject(broken.protobuf, STATUS)['code'], 500);
  });

  it('are asked for before the JSON of the same shape', () => {
    assert.equal(
      protobufFirst('application/json;as=X;v=v1'),
      'application/vnd.kubernetes.protobuf;as=X;v=v1,application/json;as=X;v=v1',
    );
    assert.ok(isProtobuf('application/vnd.kubernetes.protobuf;stream=watch'));
    assert.ok(!isProtobuf('application/json'));
  });

  it('are refused without the mark or the envelope', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('k8'), Buffer.from('{"kind":"Pod"}')]) {
      assert.throws(() => decodeObject(bytes, POD), CODE);
    }
    assert.throws(() => decodeObject(Buffer.from('6b3873000a00', 'hex'), POD), CODE);
  });
});

/** A message of every kind that the decoder knows, within itself once. */
const INNER = messageOf({ 1: field('text', 'text'), 15: field('flag', 'boolean') });
const EVERY = messageOf({
  1: field('text', 'text'),
  2: field('texts', 'texts'),
  3: field('map', 'textMap'),
  4: field('amounts', 'quantityMap'),
  5: field('number', 'integer'),
  6: field('at', 'time'),
  16: nested('inner', INNER),
  2047: nested('inners', INNER, 'messages'),
});

const decode = (hex: string) => decodeMessage(Buffer.from(hex, 'hex'), EVERY);

describe('a message', () => {
  it('is read by the rules of the encoding', () => {
    assert.deepEqual(decode(''), {});
    assert.deepEqual(decode('0a03c3bc61'), { text: 'üa' });
    assert.deepEqual(decode('12016112001201 62'.replaceAll(' ', '')), { texts: ['a', '', 'b'] });
    assert.deepEqual(decode('1a060a0161120162'), { map: { a: 'b' } });
    assert.deepEqual(decode('1a030a0161'), { map: { a: '' } });
    assert.deepEqual(decode('220c0a036370751205 0a03323530'.replaceAll(' ', '')), {
      amounts: { cpu: '250' },
    });
    assert.deepEqual(decode('2896 01'.replaceAll(' ', '')), { number: 150 });
    assert.deepEqual(decode('28ffffffffffffffffff01'), { number: -1 });
    assert.deepEqual(decode('28ffffffffffffff0f'), { number: 2 ** 53 - 1 });
    assert.deepEqual(decode('3200'), {});
    assert.deepEqual(decode('320408001000'), { at: new Date(0) });
    assert.deepEqual(decode('320608 8080a0b706'.replaceAll(' ', '')), {
      at: new Date(0x66e8_0000 * 1000),
    });
    assert.deepEqual(decode('8201027801'), { inner: { flag: true } });
    assert.deepEqual(decode('fa7f00fa7f030a0178'), { inners: [{}, { text: 'x' }] });
  });

  it('leaves out what it does not name, of any wire type', () => {
    const unknown = [
      '3801',
      '3a0161',
      '39 0102030405060708',
      '3d 01020304',
      '38ffffffffffffffffff01',
    ];
    for (const bytes of unknown) {
      assert.deepEqual(decode(`${bytes.replaceAll(' ', '')}0a0161`), { text: 'a' }, bytes);
    }
  });

  it('is refused where a length, a wire type or a number cannot be', () => {
    const broken = [
      '0a05 61', // longer than the message
      '0a', // no length
      '8201 020a05', // an inner one that reaches beyond its own end
      '3b', // a group
      '0801', // a text as a number
      '2a0161', // a number as a text
      '28 ffffffffffffffffffff01', // eleven bytes
      '39 0102', // eight bytes that are two
      '1a030a0561', // a key beyond its entry
      '320208', // a time that is cut off
    ];
    for (const bytes of broken) {
      assert.throws(() => decode(bytes.replaceAll(' ', '')), CODE, bytes);
    }
  });

  it('gives a key called __proto__ as an own one, as JSON does', () => {
    const key = Buffer.from('__proto__').toString('hex');
    const { map } = decode(`1a0e0a09${key}120178`) as { map: Record<string, string> };
    assert.deepEqual(Object.entries(map), [['__proto__', 'x']]);
    assert.equal(Object.getPrototypeOf(map), Object.prototype);
  });

  it('never loops or fails otherwise, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeMessage(Buffer.from(bytes), EVERY);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'PERI_KUBERNETES_OBJECT');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

// SPDX-License-Identifier: Apache-2.0
import { createSecretKey, randomUUID, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { annotationsOf } from '#cluster/decision/codec.ts';
import { DECISION_ANNOTATIONS, SIGNATURE_ANNOTATION } from '#cluster/decision/annotations.ts';

/** How the events of a watch are written. */
export type Encoding = 'json' | 'protobuf';

/** One event of a watch in both encodings, as a kube-apiserver sent it. */
interface Recorded {
  readonly json: { readonly type: string; readonly object: RecordedPod };
  /** A frame, base64. */
  readonly protobuf: string;
}

interface RecordedPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly { readonly uid: string }[];
  };
}

/** A text of the template and the texts of one Pod that stand in for it, of the same length. */
interface Slot {
  readonly text: string;
  readonly offsets: readonly number[];
}

const RECORDING = new URL('../../test/fixtures/watch/meshed-pod-life.jsonl', import.meta.url);

/**
 * The life of Pods as a watch tells it: created with a decision, bound, running, deleted in three
 * steps. Recorded from a kube-apiserver; each Pod gets a name, a UID and a signed decision of its
 * own, each as long as the recorded one, so that both encodings stay what they are.
 */
export class PodLives {
  readonly #recorded: readonly Recorded[];
  readonly #templates: Readonly<Record<Encoding, readonly Template[]>>;
  readonly #pod: RecordedPod['metadata'];
  readonly #key: KeyObject;

  /** @param key what the decisions are signed with */
  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
    this.#recorded = readFileSync(RECORDING, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Recorded);
    const [first] = this.#recorded;
    if (first === undefined) throw new Error('the recording is empty');
    this.#pod = first.json.object.metadata;
    const own = this.#ownTexts();
    this.#templates = {
      json: this.#recorded.map(
        ({ json }) => new Template(Buffer.from(`${JSON.stringify(json)}\n`), own),
      ),
      protobuf: this.#recorded.map(
        ({ protobuf }) => new Template(Buffer.from(protobuf, 'base64'), own),
      ),
    };
  }

  /** When the recorded Pod was created, milliseconds since the epoch: that of every Pod. */
  get createdAt(): number {
    return Date.parse(this.#pod.creationTimestamp);
  }

  /** Events of one life. */
  get events(): number {
    return this.#recorded.length;
  }

  /** Events of the life of a Pod, each as it is sent. */
  of(index: number, encoding: Encoding): Buffer[] {
    const { name, namespace, ownerReferences, annotations } = this.#pod;
    const id = randomUUID();
    const text = (field: keyof typeof DECISION_ANNOTATIONS): string =>
      annotations[DECISION_ANNOTATIONS[field]] ?? '';
    const record = {
      id,
      decidedAt: Number(text('decidedAt')),
      workload: text('workload'),
      tier: text('tier'),
      state: text('state'),
      action: text('action'),
      propensity: Number(text('propensity')),
      holdout: text('holdout') === 'true',
      policy: text('policy'),
      modelVersion: Number(text('modelVersion')),
    };
    const subject = { namespace, ownerUid: ownerReferences[0]?.uid, podName: undefined };
    const signature = annotationsOf(record, subject, this.#key)[SIGNATURE_ANNOTATION] ?? '';
    const suffix = index.toString(36).padStart(5, '0').slice(-5);
    const texts = [name.slice(0, -5) + suffix, randomUUID(), id, signature];
    return this.#templates[encoding].map((template) => template.with(texts));
  }

  #ownTexts(): string[] {
    const { name, uid, annotations } = this.#pod;
    return [
      name,
      uid,
      annotations[DECISION_ANNOTATIONS.id] ?? '',
      annotations[SIGNATURE_ANNOTATION] ?? '',
    ];
  }
}

/** Bytes in which some texts can be exchanged for others of their length. */
class Template {
  readonly #bytes: Buffer;
  readonly #slots: readonly Slot[];

  constructor(bytes: Buffer, texts: readonly string[]) {
    this.#bytes = bytes;
    this.#slots = texts.map((text) => ({ text, offsets: offsetsOf(bytes, text) }));
  }

  with(texts: readonly string[]): Buffer {
    const copy = Buffer.from(this.#bytes);
    this.#slots.forEach(({ text, offsets }, index) => {
      const other = texts[index] ?? '';
      if (other.length !== text.length) throw new Error(`${other} is not as long as ${text}`);
      for (const offset of offsets) copy.write(other, offset, 'latin1');
    });
    return copy;
  }
}

function offsetsOf(bytes: Buffer, text: string): number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) offsets.push(at);
  if (offsets.length === 0) throw new Error(`${text} is not in the recording`);
  return offsets;
}

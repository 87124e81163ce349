// SPDX-License-Identifier: Apache-2.0
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { API_GROUP, resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { microTime } from '#cluster/wire/micro-time.ts';

/** The object that an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Empty where it is not known. */
  readonly uid: string;
}

/** One thing to say to the people who look at an object with `kubectl describe`. */
export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for example `PlacementPreferred`. */
  readonly reason: string;
  /** CamelCase: what was done, for example `Place`. */
  readonly action: string;
  /** One sentence; cut at 1024 bytes. */
  readonly note: string;
}

/** Why an Event was not written. */
export type EventDrop = 'rate-limited' | 'failed';

/** What the recorder is given from outside. */
export interface EventPorts {
  readonly api: KubeApi;
  readonly now: () => number;
  /** Unique ids, for the names of Events. */
  readonly newId: () => string;
  /** Told of every Event that was not written. Must not throw. */
  readonly onDropped?: (why: EventDrop, error?: unknown) => void;
}

/** A token bucket: bursts up to `capacity`, in the long run one Event in `refillSeconds`. */
export interface EventRate {
  readonly capacity: number;
  readonly refillSeconds: number;
}

const DEFAULT_RATE: EventRate = { capacity: 50, refillSeconds: 2 };
const NOTE_BYTES = 1024;
const INSTANCE_CHARACTERS = 128;
const NAME_CHARACTERS = 200;
const TIMEOUT_MILLISECONDS = 5000;

/**
 * Writes Events (`events.k8s.io/v1`) about owners. Events are a courtesy: they are rate-limited,
 * a failure is counted and forgotten, and nothing waits for them but who wants to.
 */
export class EventRecorder {
  readonly #instance: string;
  readonly #ports: EventPorts;
  readonly #rate: EventRate;
  #tokens: number;
  #filledAt: number;

  /** @param instance name of this process, for example its Pod's */
  constructor(instance: string, ports: EventPorts, rate: EventRate = DEFAULT_RATE) {
    this.#instance = instance.slice(0, INSTANCE_CHARACTERS) || 'unknown';
    this.#ports = ports;
    this.#rate = rate;
    this.#tokens = rate.capacity;
    this.#filledAt = ports.now();
  }

  /** Writes an Event about `subject`; true when it was written. Never rejects. */
  async record(subject: EventSubject, text: EventText): Promise<boolean> {
    if (!this.#takeToken()) {
      this.#ports.onDropped?.('rate-limited');
      return false;
    }
    const { namespace } = subject;
    const path = resourcePath(RESOURCES.events, { namespace });
    try {
      await this.#ports.api.create(path, this.#body(subject, text), {
        timeoutMilliseconds: TIMEOUT_MILLISECONDS,
        retries: 0,
      });
      return true;
    } catch (error) {
      this.#ports.onDropped?.('failed', error);
      return false;
    }
  }

  #body(subject: EventSubject, text: EventText): Record<string, unknown> {
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: {
        namespace: subject.namespace,
        name: `${subject.name.slice(0, NAME_CHARACTERS)}.${this.#ports.newId().toLowerCase()}`,
      },
      eventTime: microTime(this.#ports.now()),
      reportingController: `${API_GROUP}/perihelion`,
      reportingInstance: this.#instance,
      type: text.type,
      reason: text.reason,
      action: text.action,
      note: cut(text.note),
      regarding: {
        apiVersion: subject.apiVersion,
        kind: subject.kind,
        namespace: subject.namespace,
        name: subject.name,
        ...(subject.uid === '' ? {} : { uid: subject.uid }),
      },
    };
  }

  #takeToken(): boolean {
    const now = this.#ports.now();
    const gained = Math.max(0, now - this.#filledAt) / 1000 / this.#rate.refillSeconds;
    this.#tokens = Math.min(this.#rate.capacity, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** At most {@link NOTE_BYTES} bytes of UTF-8, never half a character. */
function cut(note: string): string {
  const bytes = Buffer.from(note, 'utf8');
  if (bytes.length <= NOTE_BYTES) return note;
  let end = NOTE_BYTES;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8');
}

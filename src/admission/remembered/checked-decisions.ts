// SPDX-License-Identifier: Apache-2.0
import { readDecision, type DecisionReading } from '#cluster/decision/codec.ts';
import { subjectOf, type SigningKey } from '#cluster/decision/signature.ts';
import type { SlimPod } from '#cluster/objects/slim.ts';
import { AgedMap } from './aged-map.ts';

/** Bounds of {@link CheckedDecisions}. */
export interface CheckedLimits {
  /** Pods remembered at most; beyond it the one remembered longest goes. */
  readonly pods: number;
  /** How long a check is remembered, in milliseconds. */
  readonly lifetimeMilliseconds: number;
}

/** What was checked, and what came of it. */
interface Checked {
  readonly at: number;
  readonly namespace: string;
  readonly ownerUid: string | undefined;
  readonly podName: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly reading: DecisionReading;
}

/**
 * Decisions as they stand on Pods, each signature checked once and not with every event of its Pod:
 * while annotations and subject are letter by letter what was checked, so is the answer.
 */
export class CheckedDecisions {
  readonly #keys: SigningKey | readonly SigningKey[];
  readonly #limits: CheckedLimits;
  /** By UID of the Pod. */
  readonly #checked = new AgedMap<Checked>();

  constructor(keys: SigningKey | readonly SigningKey[], limits: CheckedLimits) {
    this.#keys = keys;
    this.#limits = limits;
  }

  /** Pods remembered. */
  get size(): number {
    return this.#checked.size;
  }

  /**
   * The decision on a Pod.
   * @param now milliseconds since the epoch
   */
  read(pod: SlimPod, now: number): DecisionReading {
    const known = this.#checked.get(pod.uid);
    const { annotations } = pod;
    const { namespace, ownerUid, podName } = subjectOf(pod);
    if (
      known?.namespace === namespace &&
      known.ownerUid === ownerUid &&
      known.podName === podName &&
      areEqual(known.annotations, annotations)
    ) {
      return known.reading;
    }
    const subject = { namespace, ownerUid, podName };
    const reading = readDecision(annotations, subject, this.#keys);
    this.#checked.put(pod.uid, { at: now, ...subject, annotations, reading });
    this.#expire(now);
    return reading;
  }

  /** Forgets a Pod: it is gone, or will not be asked about again. */
  forget(pod: Pick<SlimPod, 'uid'>): void {
    this.#checked.take(pod.uid);
  }

  #expire(now: number): void {
    const { pods, lifetimeMilliseconds } = this.#limits;
    for (let { oldest } = this.#checked; oldest !== undefined; { oldest } = this.#checked) {
      const { at } = oldest.value;
      if (this.#checked.size <= pods && now - at <= lifetimeMilliseconds) return;
      this.#checked.take(oldest.key);
    }
  }
}

function areEqual(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && left[key] === right[key])
  );
}

// SPDX-License-Identifier: Apache-2.0
import type { KubeApi } from '#cluster/api/kube-api.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { leaseBody, leaseRecord, type LeaseRecord, type ReadLease } from './record.ts';
import type { LeaseTimes } from './times.ts';

/** `leaseTransitions` is an int32: a Lease with a larger one is refused. */
const LARGEST = 2 ** 31 - 1;

/** Which lease is fought for, and as whom. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
  /** Unique for each process, not only for each Pod: the Pod's name and a random part. */
  readonly identity: string;
}

/** Of one call. */
interface Options {
  readonly timeoutMilliseconds: number;
  readonly retries: number;
  readonly signal?: AbortSignal;
}

/** What a claim is given from outside. */
export interface ClaimPorts {
  readonly api: KubeApi;
  /** Wall clock, only written into the lease for people to read. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps; every judgement is made on it. */
  readonly monotonic: () => number;
  /** Told of failed tries. Must not throw. */
  readonly onError?: (error: unknown) => void;
  /** The epoch must be at least this: one more than any epoch seen in stored objects. */
  readonly leastEpoch?: () => number;
}

/**
 * What this process knows of a Lease, and its hold on it. It trusts only its own clock since it last
 * saw the lease change (clocks of machines differ), for as long as the lease itself says; every write
 * is guarded by resourceVersion.
 */
export class Claim {
  readonly #lease: LeaseName;
  readonly #ports: ClaimPorts;
  readonly #times: LeaseTimes;
  /** The lease as last seen, and when it was seen to change. */
  #seen: ReadLease | undefined;
  #changedAt = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;

  constructor(lease: LeaseName, ports: ClaimPorts, times: LeaseTimes) {
    this.#lease = lease;
    this.#ports = ports;
    this.#times = times;
  }

  /** How long it may still be taken for held, in milliseconds; 0 or less = it may not. */
  get leftMilliseconds(): number {
    return this.#heldUntil - this.#ports.monotonic();
  }

  /** Who held the lease when it was last seen; empty = it was free; undefined = never seen. */
  get holder(): string | undefined {
    return this.#seen?.record.holder;
  }

  /** `leaseTransitions` as last seen; 0 = never seen. */
  get epoch(): number {
    return this.#seen?.record.transitions ?? 0;
  }

  /**
   * One try to take or renew the lease; false when it is another's or the call failed. No call gets
   * more than half of the deadline: one that is never answered, since the API server at the other end
   * of its connection has died, leaves time for a second, which goes over another.
   */
  async tryToHold(leftMilliseconds: number, signal: AbortSignal): Promise<boolean> {
    const longest = (this.#times.renewDeadlineSeconds * 1000) / 2;
    const timeoutMilliseconds = Math.ceil(Math.min(leftMilliseconds, longest));
    const options = { timeoutMilliseconds, signal, retries: 0 };
    try {
      const renewing = this.leftMilliseconds > 0 && this.#seen !== undefined;
      if (!renewing || !(await this.#write(options))) {
        await this.#look(options);
        if (!this.#mayTake() || !(await this.#write(options))) return false;
      }
      return true;
    } catch (error) {
      if (!signal.aborted) this.#ports.onError?.(error);
      return false;
    }
  }

  async #look(options: Options): Promise<void> {
    try {
      const raw = await this.#ports.api.get(this.#path(), options);
      this.#note(leaseRecord(raw));
    } catch (error) {
      if (!KubernetesError.is(error, 404)) throw error;
      this.#seen = undefined;
    }
  }

  #note(held: ReadLease): void {
    if (this.#seen?.resourceVersion !== held.resourceVersion) {
      this.#changedAt = this.#ports.monotonic();
    }
    this.#seen = held;
  }

  #mayTake(): boolean {
    if (this.#seen === undefined) return true;
    const { holder, durationSeconds } = this.#seen.record;
    if (holder === '' || holder === this.#lease.identity) return true;
    return this.#ports.monotonic() >= this.#changedAt + durationSeconds * 1000;
  }

  /** Takes or renews the lease as last seen; false when it has changed since. */
  async #write(options: Options): Promise<boolean> {
    const { identity } = this.#lease;
    const now = this.#ports.now();
    const before = this.#seen?.record;
    const own = before?.holder === identity;
    const least = this.#ports.leastEpoch?.() ?? 0;
    // Counted from before the call: the lease cannot have been written earlier.
    const startedAt = this.#ports.monotonic();
    const written = await this.#put(
      {
        holder: identity,
        durationSeconds: this.#times.leaseDurationSeconds,
        acquiredAt: own ? before.acquiredAt : now,
        renewedAt: now,
        transitions: own
          ? before.transitions
          : Math.min(LARGEST, Math.max(before === undefined ? 0 : before.transitions + 1, least)),
      },
      options,
    );
    if (written) this.#heldUntil = startedAt + this.#times.renewDeadlineSeconds * 1000;
    return written;
  }

  /** Gives it back, where it is ours, so that others need not wait. */
  async release(): Promise<void> {
    const before = this.#seen?.record;
    this.#heldUntil = Number.NEGATIVE_INFINITY;
    if (before?.holder !== this.#lease.identity) return;
    const record: LeaseRecord = {
      ...before,
      holder: '',
      durationSeconds: 1,
      renewedAt: this.#ports.now(),
    };
    try {
      await this.#put(record, {
        timeoutMilliseconds: this.#times.retryPeriodSeconds * 1000,
        retries: 0,
      });
    } catch (error) {
      this.#ports.onError?.(error);
    }
  }

  async #put(record: LeaseRecord, options: Options): Promise<boolean> {
    const body = leaseBody(this.#lease, record, this.#seen);
    const { namespace } = this.#lease;
    try {
      const answer =
        this.#seen === undefined
          ? await this.#ports.api.create(
              resourcePath(RESOURCES.leases, { namespace }),
              body,
              options,
            )
          : await this.#ports.api.update(this.#path(), body, options);
      this.#note(leaseRecord(answer));
      return true;
    } catch (error) {
      if (KubernetesError.is(error, 409) || KubernetesError.is(error, 404)) return false;
      throw error;
    }
  }

  #path(): string {
    const { namespace, name } = this.#lease;
    return resourcePath(RESOURCES.leases, { namespace, name });
  }
}

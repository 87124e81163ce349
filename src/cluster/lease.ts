// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import { resourcePath, RESOURCES } from './api-group.ts';
import type { Sleep } from './backoff.ts';
import type { KubeApi } from './client.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { leaseBody, leaseRecord, type LeaseRecord } from './lease-record.ts';

/** Which lease is fought for, and as whom. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
  /** Unique for each process, not only for each Pod: the Pod's name and a random part. */
  readonly identity: string;
}

/** Times of the election; the defaults are those of client-go. */
export interface LeaseTimes {
  /** Others wait this long after the last sign of life. */
  readonly leaseDurationSeconds: number;
  /** The leader stops when it could not renew for this long. */
  readonly renewDeadlineSeconds: number;
  /** Pause between tries. */
  readonly retryPeriodSeconds: number;
}

/** See {@link LeaseTimes}. */
export const DEFAULT_LEASE_TIMES: LeaseTimes = {
  leaseDurationSeconds: 15,
  renewDeadlineSeconds: 10,
  retryPeriodSeconds: 2,
};

/** What the election is given from outside. */
export interface LeasePorts {
  readonly api: KubeApi;
  /** Wall clock, only written into the lease for people to read. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps; every judgement is made on it. */
  readonly monotonic: () => number;
  readonly random: () => number;
  readonly sleep: Sleep;
  /** Told of failed tries and of errors of the leader's work. Must not throw. */
  readonly onError?: (error: unknown) => void;
  /**
   * Why this process must not lead now, for example a clock that is wrong; undefined = it may. A
   * leader that is told so gives the lease back.
   */
  readonly unfit?: () => string | undefined;
  /** The epoch must be at least this: one more than any epoch seen in stored objects. */
  readonly leastEpoch?: () => number;
}

/** A term of leadership. */
export interface Leadership {
  /** `leaseTransitions`: rises with every new leader; goes with every write as a fence. */
  readonly epoch: number;
  /** Aborted when leadership ends; the work must then end before another can lead. */
  readonly signal: AbortSignal;
  /** Whether the lease is still safely held at this moment; to be asked before each write. */
  readonly holds: () => boolean;
}

const JITTER = 1.2;

interface Held {
  readonly record: LeaseRecord;
  readonly resourceVersion: string;
}

/**
 * Leader election on a Lease, with the rules of client-go: a follower trusts only its own clock
 * since it last saw the lease change (clocks of machines differ), for as long as the lease itself
 * says; a leader that cannot renew stops before anyone else may begin; every write is guarded by
 * resourceVersion; a leader that is stopped gives the lease back at once.
 */
export class LeaderElector {
  readonly #lease: LeaseName;
  readonly #ports: LeasePorts;
  readonly #times: LeaseTimes;
  /** The lease as last seen, and when it was seen to change. */
  #seen: Held | undefined;
  #changedAt = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;

  /** @throws InputError `PERI_SETTINGS_INVALID` when the times do not keep two leaders apart */
  constructor(lease: LeaseName, ports: LeasePorts, times: LeaseTimes = DEFAULT_LEASE_TIMES) {
    const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = times;
    if (!(leaseDurationSeconds > renewDeadlineSeconds)) {
      const expected = `more than renewDeadlineSeconds (${renewDeadlineSeconds})`;
      throw invalid('leaseDurationSeconds', leaseDurationSeconds, expected);
    }
    if (!(renewDeadlineSeconds > retryPeriodSeconds * JITTER)) {
      const expected = `more than ${JITTER} times retryPeriodSeconds (${retryPeriodSeconds})`;
      throw invalid('renewDeadlineSeconds', renewDeadlineSeconds, expected);
    }
    if (!(retryPeriodSeconds > 0)) {
      throw invalid('retryPeriodSeconds', retryPeriodSeconds, 'more than 0');
    }
    this.#lease = lease;
    this.#ports = ports;
    this.#times = times;
  }

  /** Whether this process leads at this moment. */
  get isLeader(): boolean {
    return this.#ports.monotonic() < this.#heldUntil;
  }

  /** Who held the lease when it was last seen; undefined = nobody, or never seen. */
  get holder(): string | undefined {
    return this.#seen?.record.holder === '' ? undefined : this.#seen?.record.holder;
  }

  /**
   * Stands for election until `signal` is aborted; calls `lead` for every term and waits for it to
   * end before it stands again. The lease is given back when a term ends by itself or by `signal`.
   */
  async run(lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const deadline = this.#times.renewDeadlineSeconds * 1000;
      if (this.#isFit() && (await this.#tryToHold(deadline, signal))) {
        await this.#term(lead, signal);
      }
      const pause = this.#times.retryPeriodSeconds * 1000 * (1 + JITTER * this.#ports.random());
      await this.#ports.sleep(pause, signal);
    }
  }

  async #term(lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const termSignal = AbortSignal.any([signal, ended.signal]);
    const leadership: Leadership = {
      epoch: this.#seen?.record.transitions ?? 0,
      signal: termSignal,
      holds: () => !termSignal.aborted && this.isLeader,
    };
    const work = this.#work(lead, leadership).finally(() => ended.abort());
    await this.#keep(termSignal);
    ended.abort();
    // Others may lead only after the work is done, so the lease is given back after it.
    await work;
    await this.#release();
  }

  #isFit(): boolean {
    return this.#ports.unfit?.() === undefined;
  }

  async #work(
    lead: (leadership: Leadership) => Promise<void>,
    leadership: Leadership,
  ): Promise<void> {
    try {
      await lead(leadership);
    } catch (error) {
      this.#ports.onError?.(error);
    }
  }

  /** Renews until the signal is aborted or the deadline passes. */
  async #keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const left = this.#heldUntil - this.#ports.monotonic();
      if (left <= 0) return;
      await this.#ports.sleep(Math.min(left, this.#times.retryPeriodSeconds * 1000), signal);
      const rest = this.#heldUntil - this.#ports.monotonic();
      if (isAborted(signal) || rest <= 0 || !this.#isFit()) return;
      await this.#tryToHold(rest, signal);
      // Somebody else has it: no need to wait for the deadline.
      if (this.#seen !== undefined && this.#seen.record.holder !== this.#lease.identity) return;
    }
  }

  /** One try to take or renew the lease; false when it is another's or the call failed. */
  async #tryToHold(timeoutMilliseconds: number, signal: AbortSignal): Promise<boolean> {
    const options = { timeoutMilliseconds: Math.ceil(timeoutMilliseconds), signal, retries: 0 };
    try {
      const renewing = this.isLeader && this.#seen !== undefined;
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

  #note(held: Held): void {
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
          : Math.max(before === undefined ? 0 : before.transitions + 1, least),
      },
      options,
    );
    if (written) this.#heldUntil = startedAt + this.#times.renewDeadlineSeconds * 1000;
    return written;
  }

  async #release(): Promise<void> {
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
    const body = leaseBody(this.#lease, record, this.#seen?.resourceVersion);
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

interface Options {
  readonly timeoutMilliseconds: number;
  readonly retries: number;
  readonly signal?: AbortSignal;
}

/** Asks anew: a signal may be aborted during a wait. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function invalid(field: string, found: number, expected: string): InputError {
  return new InputError('PERI_SETTINGS_INVALID', field, found, expected);
}

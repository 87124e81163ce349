// SPDX-License-Identifier: Apache-2.0
import type { Sleep } from '#cluster/api/backoff.ts';
import { Claim, type ClaimPorts, type LeaseName } from './claim.ts';
import { checkTimes, DEFAULT_LEASE_TIMES, JITTER, type LeaseTimes } from './times.ts';

/** What the election is given from outside. */
export interface LeasePorts extends ClaimPorts {
  readonly random: () => number;
  readonly sleep: Sleep;
  /** Told of failed tries and of errors of the leader's work. Must not throw. */
  readonly onError?: (error: unknown) => void;
  /**
   * Why this process must not lead now, for example a clock that is wrong; undefined = it may. A
   * leader that is told so gives the lease back.
   */
  readonly unfit?: () => string | undefined;
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

/**
 * Leader election on a Lease, with the rules of client-go: a leader that cannot renew stops before
 * anyone else may begin; one that is stopped gives the lease back at once. What it trusts is said
 * at {@link Claim}.
 */
export class LeaderElector {
  readonly #claim: Claim;
  readonly #identity: string;
  readonly #ports: LeasePorts;
  readonly #times: LeaseTimes;

  /** @throws InputError `PERI_SETTINGS_INVALID` when the times do not keep two leaders apart */
  constructor(lease: LeaseName, ports: LeasePorts, times: LeaseTimes = DEFAULT_LEASE_TIMES) {
    checkTimes(times);
    this.#claim = new Claim(lease, ports, times);
    this.#identity = lease.identity;
    this.#ports = ports;
    this.#times = times;
  }

  /** Whether this process leads at this moment. */
  get isLeader(): boolean {
    return this.#claim.leftMilliseconds > 0;
  }

  /** Who held the lease when it was last seen; undefined = nobody, or never seen. */
  get holder(): string | undefined {
    return this.#claim.holder === '' ? undefined : this.#claim.holder;
  }

  /**
   * Stands for election until `signal` is aborted; calls `lead` for every term and waits for it to
   * end before it stands again. The lease is given back when a term ends by itself or by `signal`.
   */
  async run(lead: (leadership: Leadership) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const deadline = this.#times.renewDeadlineSeconds * 1000;
      if (this.#isFit() && (await this.#claim.tryToHold(deadline, signal))) {
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
      epoch: this.#claim.epoch,
      signal: termSignal,
      holds: () => !termSignal.aborted && this.isLeader,
    };
    const work = this.#work(lead, leadership).finally(() => ended.abort());
    await this.#keep(termSignal);
    ended.abort();
    // Others may lead only after the work is done, so the lease is given back after it.
    await work;
    await this.#claim.release();
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
      const left = this.#claim.leftMilliseconds;
      if (left <= 0) return;
      await this.#ports.sleep(Math.min(left, this.#times.retryPeriodSeconds * 1000), signal);
      const rest = this.#claim.leftMilliseconds;
      if (isAborted(signal) || rest <= 0 || !this.#isFit()) return;
      await this.#claim.tryToHold(rest, signal);
      // Somebody else has it: no need to wait for the deadline.
      const { holder } = this.#claim;
      if (holder !== undefined && holder !== this.#identity) return;
    }
  }
}

/** Asks anew: a signal may be aborted during a wait. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

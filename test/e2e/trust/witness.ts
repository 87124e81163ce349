// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';
import { readServerRecord } from '../audit-lines.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Program } from '../processes.ts';

/** What the API server says of the webhook's failures since the witness was called. */
export interface Testimony {
  /** Calls passed over, by its audit log. */
  readonly failedOpen: number;
  /** Lines of its log about failed calls, cut. */
  readonly complaints: readonly string[];
}

/** The API server as a witness: it writes down every call that failed, in two places. */
export class Witness {
  readonly #controlPlane: ControlPlane;
  readonly #apiserver: Program;
  readonly #before: number;
  readonly #offset: number;

  constructor(controlPlane: ControlPlane) {
    this.#controlPlane = controlPlane;
    const apiserver = controlPlane.programs.find(({ name }) => name === 'kube-apiserver');
    if (apiserver === undefined) throw new Error('there is no kube-apiserver');
    this.#apiserver = apiserver;
    this.#before = readServerRecord(controlPlane.auditLog).failedOpen;
    this.#offset = statSync(apiserver.logFile).size;
  }

  testimony(): Testimony {
    const { failedOpen } = readServerRecord(this.#controlPlane.auditLog);
    const log = readFileSync(this.#apiserver.logFile).subarray(this.#offset).toString('utf8');
    const complaints = log
      .split('\n')
      .filter((line) => /failed calling webhook/i.test(line))
      .map((line) => line.slice(0, 300));
    return { failedOpen: failedOpen - this.#before, complaints };
  }

  /** One line when a call failed; undefined when none did. */
  complaint(): string | undefined {
    const { failedOpen, complaints } = this.testimony();
    if (failedOpen === 0 && complaints.length === 0) return undefined;
    return `the API server passed over the webhook ${failedOpen} times: ${complaints[0] ?? ''}`;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What the figures of a result file were measured on. */
export interface Machine {
  readonly measuredAt: string;
  readonly command: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Before the run: well above 0 says that the machine was shared, and figures are too high. */
  readonly loadAverage: number;
}

/** Describes this machine. @param command what a person types to get the same file */
export function describeMachine(command: string): Machine {
  const [first] = cpus();
  return {
    measuredAt: new Date().toISOString(),
    command,
    processor: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    loadAverage: loadavg()[0] ?? 0,
  };
}

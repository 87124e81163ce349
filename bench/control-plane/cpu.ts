// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { Program } from '../../test/e2e/processes.ts';

/** CPU seconds since their start, by program; what ends in a number is one program's replicas. */
export type CpuSeconds = ReadonlyMap<string, number>;

/** Linux counts CPU time in hundredths of a second, whatever the machine. */
const TICKS_PER_SECOND = 100;

/** CPU time of programs, user and system, as the kernel has it; of one that has just ended 0. */
export function cpuSecondsOf(programs: readonly Program[]): CpuSeconds {
  const sums = new Map<string, number>();
  for (const { name, pid } of programs) {
    const role = name.replace(/-\d+$/, '');
    sums.set(role, (sums.get(role) ?? 0) + cpuSeconds(pid));
  }
  return sums;
}

/** What was used between two readings. */
export function usedBetween(before: CpuSeconds, after: CpuSeconds): CpuSeconds {
  return new Map([...after].map(([name, seconds]) => [name, seconds - (before.get(name) ?? 0)]));
}

function cpuSeconds(pid: number): number {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return 0;
  }
  // The second field is the program's name in brackets, which may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = NaN, system = NaN] = [fields[11], fields[12]].map(Number);
  return (user + system) / TICKS_PER_SECOND;
}

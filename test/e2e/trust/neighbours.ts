// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';

/** Time of the machine and of some of its processes, in ticks since it started. */
interface Ticks {
  /** Of all cores, idle or not. */
  readonly all: number;
  /** In which a program ran, or another machine had the core. */
  readonly busy: number;
  /** Of the busy ones, those of our own processes. */
  readonly own: number;
}

/** What others took of the machine while something of ours was measured by the clock. */
export class Neighbours {
  readonly #own: () => readonly number[];
  readonly #before: Ticks | undefined;

  /** @param own ids of our processes; none of them may end meanwhile */
  constructor(own: () => readonly number[]) {
    this.#own = own;
    this.#before = ticks(own());
  }

  /**
   * The share of all cores' time that other programs and other machines have had since this was
   * made, 0 to 1; 0 where the system does not tell.
   */
  share(): number {
    const now = ticks(this.#own());
    if (now === undefined || this.#before === undefined) return 0;
    const since = (name: keyof Ticks): number => now[name] - (this.#before?.[name] ?? 0);
    return Math.max(0, since('busy') - since('own')) / Math.max(1, since('all'));
  }
}

/** Undefined where there is no `/proc`. */
function ticks(own: readonly number[]): Ticks | undefined {
  if (!existsSync('/proc/stat')) return undefined;
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  // user, nice, system, idle, iowait, irq, softirq, steal; interrupts are nobody's.
  const columns = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = columns;
  return {
    all: columns.reduce((sum, one) => sum + one, 0),
    busy: user + nice + system + steal,
    own: own.reduce((sum, pid) => sum + ticksOf(pid), 0),
  };
}

/** utime and stime of a process: the 14th and 15th field, the second of which may hold spaces. */
function ticksOf(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return 0;
  const text = readFileSync(file, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

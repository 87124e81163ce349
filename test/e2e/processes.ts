// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HopelessError } from './wait.ts';

/** How to start one program. */
export interface ProgramSpec {
  /** Unique name; also the name of its log file. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Variables added to the environment of this process; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** A program that this run has started. */
export class Program {
  readonly name: string;
  readonly logFile: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  constructor(name: string, logFile: string, child: ChildProcess) {
    this.name = name;
    this.logFile = logFile;
    this.pid = child.pid ?? -1;
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  get running(): boolean {
    return this.pid > 0 && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** `code 1`, `signal SIGKILL`, or `running`. */
  get ended(): string {
    if (this.running) return 'running';
    if (this.#child.signalCode !== null) return `signal ${this.#child.signalCode}`;
    return `code ${this.#child.exitCode ?? 'unknown'}`;
  }

  /** Exit code; null while running or when ended by a signal. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** The last lines of its log, for error messages. */
  logTail(lines = 15): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Asks it to end, and ends it after the grace time; resolves when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMilliseconds = 10_000): Promise<void> {
    if (!this.running) return;
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMilliseconds);
    await this.#exited;
    clearTimeout(timer);
  }
}

/**
 * The programs of one run. Each is ended through its own process id, in reverse order of start,
 * whatever way the run ends.
 */
export class Processes {
  readonly #logFolder: string;
  readonly #programs: Program[] = [];
  readonly #onExit = (): void => {
    for (const program of this.#programs) program.signal('SIGKILL');
  };

  constructor(logFolder: string) {
    this.#logFolder = logFolder;
    mkdirSync(logFolder, { recursive: true });
    process.on('exit', this.#onExit);
  }

  /** Starts a program; output goes to `<logFolder>/<name>.log`, appended after a restart. */
  start(spec: ProgramSpec): Program {
    const logFile = join(this.#logFolder, `${spec.name}.log`);
    const log = openSync(logFile, 'a');
    const env: NodeJS.ProcessEnv = { ...process.env, ...spec.env };
    const child = spawn(spec.file, [...spec.args], {
      stdio: ['ignore', log, log],
      env,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    });
    closeSync(log);
    const program = new Program(spec.name, logFile, child);
    this.#programs.push(program);
    return program;
  }

  /** Programs that have not ended, in the order of their start. */
  get running(): readonly Program[] {
    return this.#programs.filter(({ running }) => running);
  }

  /** Fails with the tail of its log if any of these programs has ended. */
  assertRunning(...programs: readonly Program[]): void {
    for (const program of programs) {
      if (!program.running) {
        throw new HopelessError(`${program.name} ended (${program.ended}):\n${program.logTail()}`);
      }
    }
  }

  /** Ends everything, last started first. */
  async stopAll(): Promise<void> {
    for (const program of this.#programs.toReversed()) await program.stop('SIGTERM', 3000);
    process.off('exit', this.#onExit);
  }
}

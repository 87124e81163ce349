// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Where a script lies, by its URL relative to a module (`import.meta.url`). */
export function scriptBeside(module: string, name: string): string {
  return fileURLToPath(new URL(name, module));
}

/** Starts a script of this project on the Node.js of this process. */
export function forked(
  script: string,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): ChildProcess {
  return fork(script, args, { execArgv: [...execArgv] });
}

/** The next message of a child that has the field. Rejects when the child ends before. */
export function message<T extends object>(
  child: ChildProcess,
  field: keyof T & string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onExit = (code: number | null): void => {
      forget();
      reject(new Error(`a process ended with code ${code ?? 'none'} before it sent its ${field}`));
    };
    const onMessage = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || !(field in value)) return;
      forget();
      resolve(value as T);
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

/** Asks a child to go and waits for it. */
export async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await gone(child);
}

/** Waits for a child to be gone. */
export async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

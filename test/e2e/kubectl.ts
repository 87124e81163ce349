// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs the kubectl of the run against the control plane of the run. */
export class Kubectl {
  readonly #file: string;
  readonly #kubeconfig: string;
  readonly #home: string;

  constructor(file: string, kubeconfig: string, home: string) {
    this.#file = file;
    this.#kubeconfig = kubeconfig;
    this.#home = home;
  }

  /** Standard output. Rejects with what it wrote to standard error. */
  async run(...args: readonly string[]): Promise<string> {
    try {
      const { stdout } = await execute(this.#file, ['--kubeconfig', this.#kubeconfig, ...args], {
        // Its discovery cache belongs into the temporary folder.
        env: { ...process.env, HOME: this.#home },
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    } catch (error) {
      const stderr = (error as { stderr?: unknown }).stderr;
      const text = typeof stderr === 'string' && stderr !== '' ? stderr.trim() : String(error);
      throw new Error(`kubectl ${args.join(' ')}: ${text}`, { cause: error });
    }
  }
}

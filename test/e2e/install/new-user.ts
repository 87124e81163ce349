// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect } from '../checks.ts';

/** What somebody has who tries the product for the first time. */
export interface NewUserSpec {
  /** Of the repository. */
  readonly root: string;
  /** Temporary; their working directory is made in it. */
  readonly folder: string;
  /** Of an administrator of the cluster. */
  readonly kubeconfig: string;
  readonly kubectl: string;
  /** Undefined = not on this machine. */
  readonly helm: string | undefined;
  /** The program, as `perihelion` stands for it in the documentation. */
  readonly main: string;
}

/** Folders of a checkout that the documentation names. */
const CHECKOUT = ['charts', 'docs', 'manifests', 'simulations'];

/** The longest that one block of commands may take, with room for a busy machine. */
const MOST_MILLISECONDS = 180_000;

/**
 * Types commands as the documentation has them, in a shell, with kubectl, helm and perihelion at
 * hand and nothing else prepared.
 */
export class NewUser {
  readonly folder: string;
  readonly #spec: NewUserSpec;

  private constructor(spec: NewUserSpec, folder: string) {
    this.#spec = spec;
    this.folder = folder;
  }

  /** Makes the working directory, which shows the checkout as it is. */
  static async at(spec: NewUserSpec): Promise<NewUser> {
    const folder = join(spec.folder, 'checkout');
    const programs = join(folder, 'bin');
    await mkdir(programs, { recursive: true });
    for (const name of CHECKOUT) await symlink(join(spec.root, name), join(folder, name));
    await symlink(spec.kubectl, join(programs, 'kubectl'));
    if (spec.helm !== undefined) await symlink(spec.helm, join(programs, 'helm'));
    return new NewUser(spec, folder);
  }

  /**
   * Types it; the first command that fails ends it.
   *
   * @returns standard output
   * @throws CheckFailure with what stood on standard error, where it ends with another code
   */
  async type(commands: string, expectedCode = 0): Promise<string> {
    const { code, stdout, stderr } = await this.#shell(commands);
    const said = `${stderr.trim()}\n${stdout.trim()}`.trim().slice(-1500);
    expect(code === expectedCode, `ended with ${code}: ${said}`);
    return stdout;
  }

  #shell(commands: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const { main, folder, kubeconfig } = this.#spec;
    const prelude = `set -euo pipefail\nperihelion() { ${quoted(process.execPath)} ${quoted(main)} "$@"; }\n`;
    const child = spawn('bash', ['-c', prelude + commands], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: MOST_MILLISECONDS,
      env: {
        ...process.env,
        PATH: `${join(this.folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
        KUBECONFIG: kubeconfig,
        // Caches of kubectl and helm belong into the temporary folder.
        HOME: folder,
        NO_COLOR: '1',
      },
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
    }
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...texts }));
    });
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'undici';
import { readSecret } from './secret.ts';

/**
 * Connections to servers that must show a certificate of a CA bundle. The bundle is read anew for
 * every request, because a CA is rotated, too; connections are made anew when it has changed.
 */
export class TrustingAgent {
  readonly #caFile: string;
  readonly #options: Omit<Agent.Options, 'connect'>;
  readonly #serverName: string | undefined;
  #current: { readonly ca: string; readonly agent: Agent } | undefined;

  /** @param serverName that certificates must be for; undefined = the address that is asked. */
  constructor(caFile: string, options: Omit<Agent.Options, 'connect'>, serverName?: string) {
    this.#caFile = caFile;
    this.#options = options;
    this.#serverName = serverName;
  }

  /** The connections that trust what is in the file now. Errors are `PERI_TELEMETRY_UNAVAILABLE`. */
  async agent(): Promise<Agent> {
    const ca = await readSecret(this.#caFile);
    if (this.#current?.ca !== ca) {
      // Ends when what is under way has been answered.
      void this.#current?.agent.close();
      const servername = this.#serverName === undefined ? {} : { servername: this.#serverName };
      const connect = { ca, ...servername };
      this.#current = { ca, agent: new Agent({ ...this.#options, connect }) };
    }
    return this.#current.agent;
  }

  /** Closes the connections; requests under way fail. */
  async destroy(): Promise<void> {
    await this.#current?.agent.destroy();
  }
}

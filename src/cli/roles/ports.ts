// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino';
import type { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';

/** What the product is given from outside: clocks, chance, identity and the way to the cluster. */
export interface ProductPorts {
  readonly kubeConfig: PooledKubeConfig;
  /** Milliseconds since the epoch; the demo passes the clock of its simulated cluster. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps; always real time. */
  readonly elapsed: () => number;
  /** A unique id of at most 63 characters that may stand in an annotation. */
  readonly newId: () => string;
  /** Uniform in [0, 1), for jitter only; decisions have seeded generators of their own. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Name of this process, for the lease, Events and the audit log: its Pod's name. */
  readonly identity: string;
  /**
   * `timer`: the learner and the scraper run by themselves. `manual`: they wait to be called
   * (`Product.scrape`, `Product.tick`), because the clock is virtual.
   */
  readonly drive: 'timer' | 'manual';
}

// SPDX-License-Identifier: Apache-2.0
import type { Checks } from './checks.ts';
import { performInstall } from './acts/install.ts';
import { performLoop } from './acts/loop.ts';
import { performChromiumTests } from './acts/chromium.ts';
import { performAgreement } from './acts/agreement.ts';
import { performPrometheusTests } from './acts/prometheus.ts';
import { performState } from './acts/state.ts';
import { performTrust } from './acts/trust.ts';
import type { Processes } from './processes.ts';
import type { Progress } from './progress.ts';
import type { Findings } from './results.ts';
import type { Tools } from './tools.ts';

/** What an act of the run is given. Processes and folder are its own. */
export interface ActSpec {
  readonly tools: Tools;
  readonly processes: Processes;
  readonly progress: Progress;
  readonly checks: Checks;
  /** Temporary. */
  readonly folder: string;
  /** Of the repository. */
  readonly root: string;
  /** The program to test. */
  readonly main: string;
  /** Folder of the kustomize base to install. */
  readonly manifests: string;
}

/**
 * A part of the run with a control plane of its own, so that what one act breaks is whole for the
 * next. It records checks and answers the figures that it alone knows.
 */
export interface Act {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  perform(act: ActSpec): Promise<Partial<Findings>>;
}

/** All acts, in the order in which they are played. */
export const ACTS: readonly Act[] = [
  {
    name: 'loop',
    about: 'install, inject, learn, rotate, drain, fail open, audit',
    perform: performLoop,
  },
  {
    name: 'install',
    about: 'a first day with README and the guides, with kustomize and Helm, until nothing is left',
    perform: performInstall,
  },
  {
    name: 'trust',
    about: 'cold start, faults, mass start, rotations, rollouts, rights, uninstall',
    perform: performTrust,
  },
  {
    name: 'state',
    about: 'leaders killed, API server away, two leaders, bursts, clocks, forged state',
    perform: performState,
  },
  {
    name: 'agreement',
    about: "the simulator's scheduler against the real one",
    perform: performAgreement,
  },
  {
    name: 'prometheus',
    about: 'tests that need a real Prometheus',
    perform: performPrometheusTests,
  },
  {
    name: 'chromium',
    about: 'the dashboard in a real Chromium',
    perform: performChromiumTests,
  },
];

// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';
import type { Planner } from '#simulator/trial/planner.ts';
import type { Pins } from '#simulator/application/pod-template.ts';
import type { Random } from '#simulator/random/random.ts';
import type { Trial } from '#simulator/trial/trial.ts';
import type { World } from './world.ts';

/** What one rollout gives a scheduler to work with. */
export interface RolloutContext {
  readonly planner: Planner;
  /** For ties, and for what is random on purpose. */
  readonly random: Random;
  /** Measured CPU utilisation of each node over the last window, 0..1; before it, the system's. */
  readonly utilisation: Readonly<Record<string, number>>;
}

/** One Pod that is to be placed. */
export interface PodRequest {
  readonly pod: KubeObject;
  readonly service: string;
  readonly replica: number;
}

/** Something that places an application Pod by Pod, and may learn from what came of it. */
export interface PlacementScheduler {
  /** Services in the order in which they are deployed. */
  readonly order: readonly string[];
  /** What a person wrote into the Pod templates. */
  readonly pins: Pins;
  /** The cluster or its traffic is another one from now on; what was learned stays. */
  changed?(world: World): void;
  /** A new rollout begins. */
  begin?(context: RolloutContext): void;
  /** Name of the node; undefined = the Pod stays Pending. */
  place(request: PodRequest, context: RolloutContext): string | undefined;
  /** The window of the rollout is over. */
  settle?(trial: Trial, context: RolloutContext): void;
}

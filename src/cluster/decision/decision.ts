// SPDX-License-Identifier: Apache-2.0

/** Prefix of everything Perihelion writes on or reads from user objects. */
export const PREFIX = 'perihelion.dev';

/** Namespace label: `enabled` opts the namespace in. */
export const PLACEMENT_LABEL = `${PREFIX}/placement`;

/** Pod label (or annotation): `disabled` opts the Pod out. */
export const OPT_OUT_VALUE = 'disabled';

/**
 * A decision as it travels with the Pod. At CREATE there is neither UID nor name, and
 * `request.uid` changes with every call, so this record is what joins admission, Pod and reward.
 */
export interface DecisionRecord {
  /** Unique id; also seeds the draw, so that the choice can be replayed. */
  readonly id: string;
  /** When it was taken, milliseconds since the epoch. */
  readonly decidedAt: number;
  readonly workload: string;
  readonly tier: string;
  readonly state: string;
  /** The target asked for, or `(default)`. */
  readonly action: string;
  /** Probability with which the behaviour policy takes this action in this state, (0, 1]. */
  readonly propensity: number;
  /** Left to the default scheduler on purpose. */
  readonly holdout: boolean;
  /** `name@generation` of the policy. */
  readonly policy: string;
  /** Version of the model shard that was used; 0 = none yet. */
  readonly modelVersion: number;
  /** Taken in mode Shadow or outside the canary: nothing was injected, the scheduler decided alone. */
  readonly shadow?: true | undefined;
  /** The target was required, not only preferred: the Pod may have to be released. */
  readonly required?: true | undefined;
  /** The holdout rested: the chance of being held out was the lower share, see `src/agent/choosing/holdout.ts`. */
  readonly rested?: true | undefined;
  /** Taken to learn, and counted in the namespace's exploration budget by every replica. */
  readonly explored?: true | undefined;
}

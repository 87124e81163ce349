// SPDX-License-Identifier: Apache-2.0
import type { Adherence, Figure } from './api.ts';

/*
 * The part of the dashboard's contract (see `api.ts`) that is about single decisions: the list of
 * them, and the full story of one.
 */

/** What became of a decision, as far as this process knows. */
export type DecisionStatus = 'open' | 'looked-at' | 'settled' | 'censored' | 'discarded';

/** One decision in the list. */
export interface DecisionRow {
  readonly id: string;
  readonly time: number;
  readonly namespace: string;
  readonly workload: string;
  readonly tier: string;
  readonly pod?: string | undefined;
  readonly action: string;
  /** `greedy`, `explore`, ...; absent where only another process's audit log tells. */
  readonly choice?: string | undefined;
  readonly holdout: boolean;
  readonly shadow: boolean;
  /** Absent = the annotations do not say. */
  readonly propensity?: number | undefined;
  /** Target where its Pod landed; absent = not bound yet, or not on any. */
  readonly landed?: string | undefined;
  /** False = the annotations carry no valid signature: nothing is learned from it. */
  readonly signed: boolean;
  readonly status: DecisionStatus;
  readonly reason?: string | undefined;
  readonly advantage?: number | undefined;
  readonly p99Milliseconds?: number | undefined;
  readonly joulesPerRequest?: number | undefined;
}

/** `GET /api/decisions`: newest first. */
export interface DecisionPage {
  readonly rows: readonly DecisionRow[];
  /** Decisions that the filter lets through, of those held. */
  readonly matching: number;
  /** Decisions held, at most `capacity`; all that were seen since the start. */
  readonly held: number;
  readonly capacity: number;
  readonly seen: number;
  /** Id to ask for older ones with; absent = these are the oldest. */
  readonly next?: string | undefined;
}

/** One action of a decision: what is believed of it, and what spoke against it. */
export interface StoryAction {
  readonly action: string;
  readonly value?: number | undefined;
  readonly samples?: number | undefined;
  /** What was compared when the Pod was created. */
  readonly valueThen?: number | undefined;
  readonly samplesThen?: number | undefined;
  readonly telemetry?: string | undefined;
  readonly infeasible?: string | undefined;
  readonly chosen: boolean;
}

/** A reading that a settled decision rests on. */
export interface StoryReading extends Figure {
  readonly name: string;
}

/** A learned value before and after the decision was settled. */
export interface StoryCell {
  readonly shard: string;
  readonly state: string;
  readonly action: string;
  readonly before?: { readonly value: number; readonly weight: number } | undefined;
  readonly after: { readonly value: number; readonly weight: number };
}

/** What a decision has earned. */
export type StoryEarned =
  | {
      readonly kind: 'entry';
      readonly status: string;
      readonly reason: string;
      readonly reward?: number | undefined;
      readonly advantage?: number | undefined;
      readonly costs: Readonly<Record<string, number>>;
      readonly readings: readonly StoryReading[];
      readonly cells: readonly StoryCell[];
    }
  | { readonly kind: 'looked-at' }
  | { readonly kind: 'open' };

/** `GET /api/decisions/ID`: everything that is known of one decision. */
export interface Story {
  readonly decision: DecisionRow;
  readonly policy: string;
  readonly modelVersion?: number | undefined;
  readonly mode?: string | undefined;
  readonly topologyKey?: string | undefined;
  readonly stateKey: string;
  readonly stateText: string;
  /** One sentence for people. */
  readonly why: string;
  /** What the draw rested on, in words; empty where only another audit log tells. */
  readonly draw: readonly (readonly [name: string, value: string])[];
  readonly node?: string | undefined;
  readonly actions: readonly StoryAction[];
  readonly infeasibleOmitted: number;
  readonly adherence?: Adherence | undefined;
  readonly earned: StoryEarned;
  readonly admissionSeconds?: number | undefined;
  /** What this process cannot tell, and who can. */
  readonly gaps: readonly string[];
}

// SPDX-License-Identifier: Apache-2.0
import type { DecisionRow } from './api-decisions.ts';
import type { Part } from './api.ts';

/** Events of `GET /api/stream`, by name. */
export interface StreamEvents {
  /** First of all, and then every five seconds. */
  readonly beat: { readonly time: number };
  /** Ask for these again. */
  readonly changed: { readonly parts: readonly Part[] };
  /** New or changed rows, newest last; `skipped` more were left out of a burst. */
  readonly decisions: {
    readonly rows: readonly DecisionRow[];
    readonly skipped: number;
    readonly held: number;
    readonly seen: number;
  };
}

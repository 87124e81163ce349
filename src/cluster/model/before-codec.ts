// SPDX-License-Identifier: Apache-2.0
import type { StoredBefore } from './model.ts';
import type { ModelSpec } from './schema.ts';
import {
  decodeBaselines,
  decodeCells,
  decodeStatistics,
  encodeBaselines,
  encodeCells,
  encodeStatistics,
} from './table-codec.ts';

type BeforeSpec = NonNullable<NonNullable<ModelSpec['shard']>['before']>;

/** What the last write of a shard changed, as it stands in the API. */
export function encodeBefore(before: StoredBefore): BeforeSpec {
  return {
    added: before.added,
    episodes: before.episodes,
    defaultSamples: before.defaultSamples,
    load: encodeStatistics(before.load),
    cells: encodeCells(before.cells),
    baselines: encodeBaselines(before.baselines),
  };
}

/** The other way round of {@link encodeBefore}. */
export function decodeBefore(spec: BeforeSpec): StoredBefore {
  return {
    added: spec.added,
    episodes: spec.episodes,
    defaultSamples: spec.defaultSamples,
    load: decodeStatistics(spec.load),
    cells: decodeCells(spec.cells),
    baselines: decodeBaselines(spec.baselines),
  };
}

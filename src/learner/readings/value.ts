// SPDX-License-Identifier: Apache-2.0
import type { Reading } from '#telemetry/reading/reading.ts';

/** The number of a reading, undefined when there is none or it is not finite. */
export function valueOf(reading: Reading | undefined): number | undefined {
  return reading?.kind === 'measured' && Number.isFinite(reading.value) ? reading.value : undefined;
}

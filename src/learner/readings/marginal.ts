// SPDX-License-Identifier: Apache-2.0
import type { FittedCurve } from '#reward/power-curve.ts';
import type { Reading } from '#telemetry/reading/reading.ts';

/** Learned power curves by node; undefined = not learned yet. */
export interface PowerCurves {
  of(node: string): FittedCurve | undefined;
}

/** The slope of a node's power at its utilisation in the window, as a reading of that window. */
export function marginalReading(
  node: string,
  cpuRatio: Reading,
  curves: PowerCurves | undefined,
): Reading {
  if (cpuRatio.kind === 'missing') return cpuRatio;
  const curve = curves?.of(node);
  if (curve === undefined) {
    const detail = `the power curve of node ${node} is not learned yet`;
    return { kind: 'missing', reason: 'too-few-samples', detail };
  }
  const { watts, confidence } = curve.marginalAt(cpuRatio.value);
  return { ...cpuRatio, value: watts, quality: confidence < 0.5 ? 'modelled' : 'measured' };
}

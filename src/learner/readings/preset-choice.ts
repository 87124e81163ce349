// SPDX-License-Identifier: Apache-2.0
import type { PlacementPolicy, PolicySpec } from '#cluster/policy/policy.ts';
import { ownMesh, ownMeter } from '#telemetry/presets/catalogue.ts';
import type { MeshPreset, MeterPreset, PresetChoice, Presets } from '#telemetry/presets/preset.ts';

/**
 * Definitions of policies that are read at the same time, meters and meshes each. Every one costs
 * queries of its own; policies that bring the same definition share them.
 */
export const MOST_OWN_PRESETS = 16;

/** How a policy reads a window. */
export interface ReadingChoice extends PresetChoice {
  /** How old samples may be at either end of it; undefined = as the sources say. */
  readonly staleAfterSeconds?: number | undefined;
}

/** The presets that a policy reads by, by name, and how old samples may be. */
export function choiceOf({
  telemetry,
  measurement,
}: Pick<PolicySpec, 'telemetry' | 'measurement'>): ReadingChoice {
  const { customMeter, customMesh } = telemetry;
  return {
    staleAfterSeconds: measurement.staleAfterSeconds,
    meter: customMeter === undefined ? telemetry.meter : ownMeter(customMeter).name,
    mesh: customMesh === undefined ? telemetry.mesh : ownMesh(customMesh).name,
  };
}

/**
 * The presets that policies bring, each once, the same on every replica. What is beyond
 * {@link MOST_OWN_PRESETS} is unknown, and a policy that reads by it is told so.
 */
export function ownPresets(policies: Iterable<PlacementPolicy>): Presets {
  const meters = new Map<string, MeterPreset>();
  const meshes = new Map<string, MeshPreset>();
  const inOrder = [...policies].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const { spec } of inOrder) {
    const { customMeter, customMesh } = spec.telemetry;
    if (customMeter !== undefined) add(meters, ownMeter(customMeter));
    if (customMesh !== undefined) add(meshes, ownMesh(customMesh));
  }
  return { meters: [...meters.values()], meshes: [...meshes.values()] };
}

function add<P extends { readonly name: string }>(all: Map<string, P>, preset: P): void {
  if (all.size < MOST_OWN_PRESETS) all.set(preset.name, preset);
}

function keyOf({ namespace, name }: PlacementPolicy): string {
  return `${namespace}/${name}`;
}

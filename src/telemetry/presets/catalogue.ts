// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { defineMesh, defineMeter } from './define.ts';
import type { MeshDefinition, MeterDefinition } from './definition.ts';
import { MESH_PRESETS } from './mesh.ts';
import { METER_PRESETS } from './meter.ts';
import type { MeshPreset, MeterPreset, PresetChoice, Presets } from './preset.ts';

/** What is shipped. */
export const SHIPPED: Presets = { meters: METER_PRESETS, meshes: MESH_PRESETS };

/** Presets that are declared: in the settings, by name. */
export interface Declared {
  readonly meters?: readonly MeterDefinition[] | undefined;
  readonly meshes?: readonly MeshDefinition[] | undefined;
}

/** The declared presets before the shipped ones; one of a shipped name stands in its place. */
export function presetsWith({ meters = [], meshes = [] }: Declared): Presets {
  return {
    meters: before(meters.map(defineMeter), METER_PRESETS),
    meshes: before(meshes.map(defineMesh), MESH_PRESETS),
  };
}

function before<P extends { readonly name: string }>(
  own: readonly P[],
  shipped: readonly P[],
): P[] {
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...shipped.filter(({ name }) => !names.has(name))];
}

/** A definition without a name, as a policy brings one of its own. */
export type Nameless<D> = Omit<D, 'name'>;

/**
 * The meter of a policy's own, named after its content: policies that bring the same one are
 * answered by the same queries.
 */
export function ownMeter(definition: Nameless<MeterDefinition>): MeterPreset {
  return defineMeter({ ...definition, name: `Custom-${digest(definition)}` });
}

/** See {@link ownMeter}. */
export function ownMesh(definition: Nameless<MeshDefinition>): MeshPreset {
  return defineMesh({ ...definition, name: `Custom-${digest(definition)}` });
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 12);
}

/** JSON with sorted keys: the API server may give fields in any order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Both, the first ones first. */
export function everyPreset(first: Presets, second: Presets): Presets {
  return {
    meters: [...first.meters, ...second.meters],
    meshes: [...first.meshes, ...second.meshes],
  };
}

/** What is wrong with a choice: the name that is no preset's; undefined = nothing. */
export function unknownPreset(choice: PresetChoice, presets: Presets): string | undefined {
  const knows = (name: string | undefined, all: readonly { readonly name: string }[]): boolean =>
    name === undefined || name === 'Auto' || all.some((preset) => preset.name === name);
  if (!knows(choice.meter, presets.meters)) return `no meter is called ${choice.meter}`;
  if (!knows(choice.mesh, presets.meshes)) return `no mesh is called ${choice.mesh}`;
  return undefined;
}

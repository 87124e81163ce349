// SPDX-License-Identifier: Apache-2.0
import type { ExporterDefinition } from './definition.ts';

/**
 * Which series of a metric are meant, and where the reader's own labels stand in it: own name ->
 * labels of the exporter, of which the first that is not empty counts.
 */
export interface SeriesOf {
  readonly metric: string;
  readonly where?: Readonly<Record<string, readonly string[]>>;
  /** Label -> values, of which the series must have none. */
  readonly except?: Readonly<Record<string, readonly string[]>>;
  /** Labels that must not be empty. */
  readonly present?: readonly string[];
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** Series whose presence tells that an exporter is there. */
export type Sign = Pick<SeriesOf, 'metric' | 'where' | 'present'>;

/** Meters that are shipped; see `meter.ts`. */
export const METERS = ['KeplerNew', 'KeplerOld', 'Scaphandre'] as const;

/**
 * How a meter of power speaks. `gauge`: watts now; `counter`: joules so far. `unit` is what one of
 * the exporter's units is in watts or joules. `{zone}` in a metric's name stands for the zone.
 */
export interface MeterPreset {
  readonly name: string;
  readonly detect: readonly Sign[];
  /** Where the RAPL zone stands: in a label, in the metric's name, or nowhere. */
  readonly zones: 'label' | 'name' | 'none';
  /** Labels of the reader: `node_name`, and where there are such `zone`, `path`, `mode`, `source`. */
  readonly node: SeriesOf & { readonly kind: 'gauge' | 'counter'; readonly unit: number };
  /** Labels: `pod_id`, or `pod_namespace` and `pod_name`; `part` tells the parts of a Pod apart. */
  readonly pods: SeriesOf & {
    readonly kind: 'gauge' | 'counter';
    readonly unit: number;
    readonly identity: 'uid' | 'name';
  };
  /** Where the direct scrape finds it; undefined = it does not, or knows it anyway. */
  readonly exporter?: ExporterDefinition | undefined;
}

/** Meshes that are shipped; see `mesh.ts`. */
export const MESHES = [
  'IstioSidecar',
  'IstioAmbient',
  'Linkerd',
  'OpenTelemetry',
  'Envoy',
] as const;

/**
 * How a mesh, a proxy or an instrumented server tells of requests. Labels of the reader:
 * `namespace`, `pod`, `job`, `instance` tell the scraped endpoint; `response_code` (or its class),
 * `grpc_response_status` and `outcome` how a request ended.
 */
export interface MeshPreset {
  readonly name: string;
  readonly detect: readonly Sign[];
  /** `pod`: the endpoint is the Pod that served. `workload`: a proxy in front of many. */
  readonly scope: 'pod' | 'workload';
  readonly requests: SeriesOf;
  /** Values of `outcome` that are no failures. */
  readonly successes: readonly string[];
  /** A classic histogram (`le`), or the native one of the name `native`; `unit` in milliseconds. */
  readonly durations: SeriesOf & { readonly native: string; readonly unit: number };
  /** Who calls whom: `source_workload`, `destination_workload` and their namespaces. */
  readonly calls: SeriesOf | undefined;
  /** Which end of its calls an endpoint is. */
  readonly reportsCallsAs: 'source' | 'destination';
  /** The same for what speaks no HTTP: connections opened. */
  readonly connections: SeriesOf | undefined;
  /** Where the direct scrape finds it; undefined = as `scrape/target.ts` says. */
  readonly exporter?: ExporterDefinition | undefined;
}

/** Presets to read by; earlier ones go first. */
export interface Presets {
  readonly meters: readonly MeterPreset[];
  readonly meshes: readonly MeshPreset[];
}

/** Which preset a policy reads by; undefined = the one of the settings, `Auto` = what is there. */
export interface PresetChoice {
  readonly meter?: string | undefined;
  readonly mesh?: string | undefined;
}

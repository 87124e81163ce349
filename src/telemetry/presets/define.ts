// SPDX-License-Identifier: Apache-2.0
import {
  DURATION_UNITS,
  ENERGY_UNITS,
  type EndpointLabels,
  type MeshDefinition,
  type MeterDefinition,
  type MeteredDefinition,
  POWER_UNITS,
  type SeriesDefinition,
  type SignDefinition,
} from './definition.ts';
import type { MeshPreset, MeterPreset, SeriesOf, Sign } from './preset.ts';

type Labels = Readonly<Record<string, readonly string[] | undefined>>;

/** What the readers need of a meter's definition. */
export function defineMeter(definition: MeterDefinition): MeterPreset {
  const { name, node, pods, exporter } = definition;
  return {
    name,
    detect: signsOf(definition.detect, [
      { ...node, metric: node.metric.replace('{zone}', 'package') },
    ]),
    zones: ({ Label: 'label', MetricName: 'name', None: 'none' } as const)[definition.zones],
    node: {
      ...seriesOf(node, {
        node_name: node.labels.node,
        zone: node.labels.zone,
        path: node.labels.part,
        mode: node.labels.mode,
        source: node.labels.source,
        namespace: node.labels.namespace,
        pod: node.labels.pod,
        instance: node.labels.instance,
      }),
      ...metered(node),
    },
    pods: {
      ...seriesOf(pods, {
        node_name: pods.labels.node,
        pod_id: pods.labels.uid,
        pod_namespace: pods.labels.namespace,
        pod_name: pods.labels.name,
        zone: pods.labels.zone,
        part: pods.labels.container,
      }),
      ...metered(pods),
      identity: pods.labels.uid === undefined ? 'name' : 'uid',
    },
    exporter,
  };
}

/** What the readers need of a mesh's definition. */
export function defineMesh(definition: MeshDefinition): MeshPreset {
  const { name, scope, requests, durations, calls, connections, exporter } = definition;
  const endpoint = endpointOf(definition.endpoint);
  const served = {
    ...endpoint,
    destination_workload: definition.served?.workload,
    destination_workload_namespace: definition.served?.namespace,
  };
  const edge = ({ labels }: NonNullable<MeshDefinition['calls' | 'connections']>): Labels => ({
    ...endpoint,
    source_workload: labels.sourceWorkload,
    source_workload_namespace: labels.sourceNamespace,
    destination_workload: labels.destinationWorkload,
    destination_workload_namespace: labels.destinationNamespace,
  });
  return {
    name,
    detect: signsOf(definition.detect, [requests]),
    scope: scope === 'Pod' ? 'pod' : 'workload',
    requests: seriesOf(requests, {
      ...served,
      response_code: requests.labels.responseCode,
      grpc_response_status: requests.labels.grpcStatus,
      outcome: requests.labels.outcome,
    }),
    successes: requests.successes ?? ['success'],
    durations: {
      ...seriesOf(
        { ...durations, metric: `${durations.metric}_bucket` },
        { ...served, le: ['le'] },
      ),
      native: durations.metric,
      unit: DURATION_UNITS[durations.unit],
    },
    calls: calls && seriesOf(calls, edge(calls)),
    reportsCallsAs: calls?.reportedBy === 'Source' ? 'source' : 'destination',
    connections:
      connections && seriesOf(connections, { ...edge(connections), app: connections.labels.app }),
    exporter,
  };
}

/** A Pod may be scraped twice, and must not count twice: job and instance tell that. */
function endpointOf(labels: EndpointLabels = {}): Labels {
  return {
    namespace: labels.namespace ?? ['namespace'],
    pod: labels.pod ?? ['pod'],
    job: labels.job ?? ['job'],
    instance: labels.instance ?? ['instance'],
  };
}

function seriesOf(series: SeriesDefinition, labels: Labels): SeriesOf {
  const { metric, where, except, present } = series;
  const known = Object.entries(labels).filter(([, names]) => names !== undefined);
  return {
    metric,
    ...(where === undefined ? {} : { where }),
    ...(except === undefined ? {} : { except }),
    ...(present === undefined ? {} : { present }),
    labels: Object.fromEntries(known) as Readonly<Record<string, readonly string[]>>,
  };
}

function metered({ kind, unit }: MeteredDefinition): {
  readonly kind: 'gauge' | 'counter';
  readonly unit: number;
} {
  const units: Readonly<Record<string, number>> = { ...POWER_UNITS, ...ENERGY_UNITS };
  return { kind: kind === 'Gauge' ? 'gauge' : 'counter', unit: units[unit] ?? Number.NaN };
}

function signsOf(
  signs: readonly SignDefinition[] | undefined,
  otherwise: readonly SignDefinition[],
): readonly Sign[] {
  return (signs ?? otherwise).map(({ metric, where, present }) => ({
    metric,
    ...(where === undefined ? {} : { where }),
    ...(present === undefined ? {} : { present }),
  }));
}

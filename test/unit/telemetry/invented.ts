// SPDX-License-Identifier: Apache-2.0
import type { MeshDefinition, MeterDefinition } from '#telemetry/presets/definition.ts';
import { LISTED, TRUTH } from './samples.ts';

/*
 * A meter and a mesh that do not exist, with names, labels and units that no shipped preset has:
 * all that the product knows of them is the data below. They tell the same truth as `samples.ts`.
 */

/** The meter, as it stands in a policy under `customMeter` or with its name in the settings. */
export const WATTSON = {
  name: 'Wattson',
  zones: 'None',
  node: {
    metric: 'wattson_machine_milliwatts',
    kind: 'Gauge',
    unit: 'Milliwatts',
    where: { rail: ['cpu'] },
    labels: { node: ['machine'], part: ['socket'] },
  },
  pods: {
    metric: 'wattson_pod_wh_total',
    kind: 'Counter',
    unit: 'WattHours',
    present: ['podname'],
    labels: { namespace: ['ns'], name: ['podname'], container: ['ctr'] },
  },
  exporter: { appName: 'wattson', port: 7070, path: '/power' },
} as const satisfies MeterDefinition;

/** The mesh. */
export const WEAVE = {
  name: 'Weave',
  scope: 'Pod',
  endpoint: { namespace: ['weave_ns', 'namespace'], pod: ['weave_pod', 'pod'] },
  requests: {
    metric: 'weave_handled_total',
    where: { side: ['server'] },
    except: { purpose: ['probe', 'scrape'] },
    labels: { outcome: ['verdict'] },
    successes: ['fine', 'late'],
  },
  durations: { metric: 'weave_handled_seconds', unit: 'Seconds', where: { side: ['server'] } },
  calls: {
    metric: 'weave_handled_total',
    where: { side: ['server'] },
    labels: {
      sourceWorkload: ['caller'],
      sourceNamespace: ['caller_ns'],
      destinationWorkload: ['callee'],
      destinationNamespace: ['weave_ns'],
    },
    reportedBy: 'Destination',
  },
  exporter: { appName: 'weave-proxy', port: 7071, path: '/metrics' },
} as const satisfies MeshDefinition;

const [{ name: POD }] = LISTED;

/** Two sockets, another rail, two containers of the Pod, and work that is no Pod's. */
export function wattsonPage(seconds: number): string {
  const wattHours = (watts: number): number => 7 + (watts * seconds) / 3600;
  const node = `machine="${TRUTH.node}"`;
  return [
    `wattson_machine_milliwatts{${node},socket="0",rail="cpu"} ${TRUTH.nodeWatts * 600}`,
    `wattson_machine_milliwatts{${node},socket="1",rail="cpu"} ${TRUTH.nodeWatts * 400}`,
    `wattson_machine_milliwatts{${node},socket="0",rail="ram"} 9999999`,
    `wattson_pod_wh_total{ns="hotel",podname="${POD}",ctr="geo"} ${wattHours(TRUTH.podWatts - 10)}`,
    `wattson_pod_wh_total{ns="hotel",podname="${POD}",ctr="proxy"} ${wattHours(10)}`,
    `wattson_pod_wh_total{ns="",podname="",ctr="kernel"} ${wattHours(50)}`,
    '',
  ].join('\n');
}

/** What the Pod served, what it asked others, and probes that are nobody's requests. */
export function weavePage(seconds: number): string {
  const all = TRUTH.requestsPerSecond * seconds;
  const failed = all * TRUTH.failedShare;
  const server = `side="server",weave_ns="hotel",weave_pod="${POD}",caller="frontend",caller_ns="hotel",callee="geo"`;
  const lines = [
    `weave_handled_total{${server},verdict="fine"} ${all - 2 * failed}`,
    `weave_handled_total{${server},verdict="late"} ${failed}`,
    `weave_handled_total{${server},verdict="broken"} ${failed}`,
    `weave_handled_total{${server},verdict="broken",purpose="probe"} ${all}`,
    `weave_handled_total{side="client",weave_ns="hotel",weave_pod="${POD}",verdict="fine"} ${9 * all}`,
  ];
  for (const [le, share] of [
    ['0.001', 0],
    ['0.005', 0.5],
    ['0.01', 1],
    ['0.025', 1],
    ['+Inf', 1],
  ] as const) {
    lines.push(`weave_handled_seconds_bucket{${server},le="${le}"} ${all * share}`);
  }
  return `${lines.join('\n')}\n`;
}

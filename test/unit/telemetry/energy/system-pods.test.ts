// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Accounting, chargedJoules } from '#reward/accounting.ts';
import { createPodDirectory, type ListedPod } from '#telemetry/reading/pod-directory.ts';
import type { Reading } from '#telemetry/reading/reading.ts';
import { createFed, KEPLER } from '../support.ts';

/*
 * A node with two Pods of a workload, one of kube-system, one of Perihelion's own, and work that is
 * no Pod's. What is charged to a workload must not hold what the others use, and all Pods together
 * must add up to the node under Amortised.
 */

const NODE = 'worker-a';
const NODE_WATTS = 200;
const SECONDS = 60;
/** Utilisation of the node, and the slope of its power curve there. */
const UTILISATION = 0.5;
const SLOPE_WATTS = 80;

const PODS: readonly (readonly [namespace: string, name: string, watts: number])[] = [
  ['shop', 'frontend-1', 40],
  ['shop', 'frontend-2', 20],
  ['kube-system', 'kube-proxy-x', 30],
  ['perihelion-system', 'perihelion-0', 10],
];
const uidOf = (name: string): string => `uid-of-${name}`;

function keplerNew(seconds: number): string {
  const pods = PODS.map(
    ([namespace, name, watts]) =>
      `kepler_pod_cpu_joules_total{node_name="${NODE}",pod_id="${uidOf(name)}",pod_name="${name}",pod_namespace="${namespace}",state="running",zone="package"} ${watts * seconds}`,
  );
  return [
    `kepler_node_cpu_watts{node_name="${NODE}",path="p",zone="package"} ${NODE_WATTS}`,
    `kepler_process_cpu_joules_total{node_name="${NODE}",pid="1",comm="kubelet",zone="package"} ${9 * seconds}`,
    ...pods,
    '',
  ].join('\n');
}

function keplerOld(seconds: number): string {
  const container = (namespace: string, name: string, watts: number): string =>
    `kepler_container_package_joules_total{container_id="c-${name}",container_namespace="${namespace}",pod_name="${name}",mode="dynamic",source="rapl-sysfs"} ${watts * seconds}`;
  return [
    `kepler_node_package_joules_total{instance="${NODE}",package="0",mode="dynamic",source="rapl-sysfs"} ${NODE_WATTS * seconds}`,
    ...PODS.map(([namespace, name, watts]) => container(namespace, name, watts)),
    container('system', 'system_processes', 9),
    '',
  ].join('\n');
}

const LISTED: readonly ListedPod[] = PODS.map(([namespace, name]) => ({
  uid: uidOf(name),
  namespace,
  name,
  nodeName: NODE,
  labels: {},
  owner: undefined,
  readyAt: 1,
}));

function joules(reading: Reading | undefined): number {
  assert.ok(reading?.kind === 'measured', JSON.stringify(reading));
  return reading.value;
}

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= 1e-9 * expected, `${actual} is not ${expected}`);

for (const [meter, page] of [
  ['KeplerNew', keplerNew],
  ['KeplerOld', keplerOld],
] as const) {
  describe(`${meter}: system Pods carry their own share`, () => {
    async function charges(accounting: Accounting): Promise<ReadonlyMap<string, number>> {
      const directory = () => createPodDirectory(() => LISTED);
      const { sources, feed } = createFed({ meter, directory });
      for (const time of [100, 115, 130, 145, 160]) feed(KEPLER, time, page(time));
      const power = await sources.power({ from: 100_000, to: 160_000 });
      const attributedJoules = joules(power.attributedJoules.get(NODE));
      assert.equal(attributedJoules, 100 * SECONDS);
      return new Map(
        PODS.map(([, name]) => [
          name,
          chargedJoules(accounting, {
            podJoules: joules(power.podJoules.get(uidOf(name))),
            attributedJoules,
            nodeJoules: joules(power.nodeWatts.get(NODE)) * SECONDS,
            utilisation: UTILISATION,
            marginalWatts: SLOPE_WATTS,
            seconds: SECONDS,
          })!,
        ]),
      );
    }

    const whole = { Attributed: 100, Amortised: NODE_WATTS, Marginal: SLOPE_WATTS * UTILISATION };
    for (const accounting of ['Attributed', 'Amortised', 'Marginal'] as const) {
      test(`${accounting}: all Pods add up, and the workload is charged its 60 % only`, async () => {
        const charged = await charges(accounting);
        const sum = [...charged.values()].reduce((total, one) => total + one, 0);
        near(sum, whole[accounting] * SECONDS);
        const workload = charged.get('frontend-1')! + charged.get('frontend-2')!;
        near(workload, 0.6 * whole[accounting] * SECONDS);
        near(charged.get('kube-proxy-x')!, 0.3 * whole[accounting] * SECONDS);
        near(charged.get('perihelion-0')!, 0.1 * whole[accounting] * SECONDS);
      });
    }
  });
}

test('a system Pod whose energy is not known spoils the sum rather than being charged to others', async () => {
  const { sources, feed } = createFed({ meter: 'KeplerNew' });
  for (const time of [100, 160]) {
    feed(KEPLER, time, keplerNew(time).replace(/(kube-proxy-x.*) \S+$/m, '$1 NaN'));
  }
  const power = await sources.power({ from: 100_000, to: 160_000 });
  const sum = power.attributedJoules.get(NODE);
  assert.ok(sum?.kind === 'missing' && sum.reason === 'not-a-number', JSON.stringify(sum));
});

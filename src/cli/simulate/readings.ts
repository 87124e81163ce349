// SPDX-License-Identifier: Apache-2.0
import { joinApplications } from '#learner/readings/application.ts';
import type { WindowReadings } from '#learner/readings/outcome.ts';
import type { Application } from '#simulator/application/application.ts';
import { ISTIO_BUCKETS } from '#simulator/engine/traffic.ts';
import type { PodWindow, Trial } from '#simulator/trial/trial.ts';
import { histogramQuantile, type Bucket } from '#telemetry/counters/histogram.ts';
import type { Missing, Reading } from '#telemetry/reading/reading.ts';
import type { PodLatency, TcpOnly, Window } from '#telemetry/reading/source.ts';

/** UID of a planned Pod; one rollout stands at a time, so its name is enough. */
export function uidOf(podName: string): string {
  return `uid-${podName}`;
}

/** Whose readings, when, and from how many requests on there is a latency. */
export interface ReadingsOptions {
  readonly namespace: string;
  readonly window: Window;
  readonly minimumRequests: number;
}

/**
 * What the product's telemetry would say of a trial: Kepler's joules, Istio's histograms (with
 * their coarse buckets, not the exact latencies), CPU of nodes. Of a Pod that speaks no HTTP the
 * mesh sees connections only, so that it is given its application's requests and latency. Memory is
 * not simulated: absent.
 */
export function readingsOf(
  trial: Trial,
  { services }: Pick<Application, 'services'>,
  { namespace, window, minimumRequests }: ReadingsOptions,
): WindowReadings {
  const seconds = (window.to - window.from) / 1000;
  const measured = (value: number, samples = 1): Reading => ({
    kind: 'measured',
    value,
    windowSeconds: seconds,
    samples,
    ageSeconds: 0,
    quality: 'measured',
  });
  const attributed = new Map<string, number>();
  for (const { pod, joules } of trial.pods) {
    attributed.set(pod.node, (attributed.get(pod.node) ?? 0) + joules);
  }
  const { nodes } = trial.interval;
  for (const { name, otherPodsJoules = 0 } of nodes) {
    if (otherPodsJoules > 0) attributed.set(name, (attributed.get(name) ?? 0) + otherPodsJoules);
  }
  const tcp = new Set(
    services.filter(({ protocol }) => protocol === 'tcp').map(({ name }) => name),
  );
  return {
    window,
    power: {
      nodeWatts: new Map(nodes.map(({ name, watts }) => [name, measured(watts)])),
      podJoules: new Map(trial.pods.map(({ pod, joules }) => [uidOf(pod.name), measured(joules)])),
      attributedJoules: new Map([...attributed].map(([node, joules]) => [node, measured(joules)])),
    },
    latency: joinApplications({
      pods: new Map(
        trial.pods.flatMap((one): [string, PodLatency][] => {
          const { name, service } = one.pod;
          if (tcp.has(service)) return [];
          const latency = latencyOf(one, measured, minimumRequests);
          return [[`${namespace}/${name}`, { ...latency, workload: service }]];
        }),
      ),
      tcpOnly: new Map(
        trial.pods.flatMap(({ pod: { name, service } }): [string, TcpOnly][] =>
          tcp.has(service)
            ? [[`${namespace}/${name}`, { workload: service, seenBy: 'sidecar' }]]
            : [],
        ),
      ),
      edges: trial.edges.map((edge) => ({ namespace, ...edge })),
    }),
    load: new Map(
      nodes.map(({ name, utilisation }) => [
        name,
        { cpuRatio: measured(utilisation), memoryRatio: NO_MEMORY },
      ]),
    ),
  };
}

const NO_MEMORY: Missing = { kind: 'missing', reason: 'absent', detail: 'memory is not simulated' };

function latencyOf(
  { pod, answered, failed }: PodWindow,
  measured: (value: number, samples: number) => Reading,
  minimumRequests: number,
): PodLatency {
  const total = answered.count + failed;
  const requests = measured(total, total);
  if (total < Math.max(1, minimumRequests)) {
    const detail = `${pod.name}: ${total} requests in the window`;
    const few: Missing = { kind: 'missing', reason: 'too-few-samples', detail };
    return { requests, p50Milliseconds: few, p99Milliseconds: few, errorRatio: few };
  }
  let below = 0;
  const buckets = [...answered.buckets].map((calls, i): Bucket => {
    below += calls;
    return { bound: ISTIO_BUCKETS[i] ?? Infinity, count: below };
  });
  return {
    requests,
    p50Milliseconds: measured(histogramQuantile(0.5, buckets), answered.count),
    p99Milliseconds: measured(histogramQuantile(0.99, buckets), answered.count),
    errorRatio: measured(failed / total, total),
  };
}

// SPDX-License-Identifier: Apache-2.0
import { applicationService, type ApplicationService } from '#reward/application.ts';
import type { Measured, Reading } from '#telemetry/reading/reading.ts';
import type { LatencyWindow, PodLatency } from '#telemetry/reading/source.ts';
import { valueOf } from './value.ts';

/**
 * Gives the Pods that serve no requests of their own (databases, caches: connections only) those of
 * their application, the namespace: what its users see is what their placement acts on. Each of the
 * replicas of such a workload is charged with an equal share of the requests. The readings say
 * `application` for their scope. Where the application has no readings either, they are absent.
 */
export function joinApplications(latency: LatencyWindow): LatencyWindow {
  const { tcpOnly } = latency;
  if (tcpOnly === undefined || tcpOnly.size === 0) return latency;
  const replicas = new Map<string, number>();
  for (const [key, { workload }] of tcpOnly) {
    const name = `${namespaceOf(key)}/${workload}`;
    replicas.set(name, (replicas.get(name) ?? 0) + 1);
  }
  const applications = new Map<string, Application | undefined>();
  const pods = new Map(latency.pods);
  for (const [key, { workload, seenBy }] of tcpOnly) {
    if (pods.has(key)) continue;
    const namespace = namespaceOf(key);
    if (!applications.has(namespace))
      applications.set(namespace, applicationOf(namespace, latency));
    const share = replicas.get(`${namespace}/${workload}`) ?? 1;
    pods.set(key, readingsOf(applications.get(namespace), share, { key, seenBy }));
  }
  return { ...latency, pods };
}

interface Application {
  readonly service: ApplicationService;
  /** Provenance common to its readings. */
  readonly from: Omit<Measured, 'value'>;
}

function applicationOf(namespace: string, latency: LatencyWindow): Application | undefined {
  const serving = [...latency.pods].filter(([key]) => namespaceOf(key) === namespace);
  const measured = serving.flatMap(([, { requests }]) =>
    requests.kind === 'measured' ? [requests] : [],
  );
  const [first] = measured;
  if (first === undefined) return undefined;
  const pods = serving.map(([, pod]) => ({
    workload: pod.workload,
    requests: valueOf(pod.requests),
    p99Milliseconds: valueOf(pod.p99Milliseconds),
    errorRatio: valueOf(pod.errorRatio),
  }));
  const calls = latency.edges.filter((edge) => edge.namespace === namespace);
  const service = applicationService(pods, calls);
  if (service === undefined) return undefined;
  const from = {
    kind: 'measured' as const,
    windowSeconds:
      measured.reduce((sum, { windowSeconds }) => sum + windowSeconds, 0) / measured.length,
    samples: Math.round(service.requests),
    ageSeconds: Math.max(...measured.map(({ ageSeconds }) => ageSeconds)),
    quality: first.quality,
  };
  return { service, from };
}

function readingsOf(
  application: Application | undefined,
  replicas: number,
  who: { readonly key: string; readonly seenBy: string },
): PodLatency {
  const reading = (value: number | undefined, what: string): Reading => {
    if (application !== undefined && value !== undefined) return { ...application.from, value };
    const why =
      who.seenBy === 'ztunnel'
        ? 'ztunnel sees connections only, and no workload of the namespace has a waypoint'
        : 'it has connections only, and its application none';
    return { kind: 'missing', reason: 'absent', detail: `${what} of Pod ${who.key}: ${why}` };
  };
  const service = application?.service;
  const absent = reading(undefined, 'latency');
  return {
    scope: 'application',
    requests: reading(service === undefined ? undefined : service.requests / replicas, 'requests'),
    p50Milliseconds: absent,
    p99Milliseconds: reading(service?.p99Milliseconds, 'latency'),
    errorRatio: reading(service?.errorRatio, 'errors'),
  };
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

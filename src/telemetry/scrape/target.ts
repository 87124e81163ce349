// SPDX-License-Identifier: Apache-2.0
import type { ExporterDefinition } from '#telemetry/presets/definition.ts';
import type { Presets } from '#telemetry/presets/preset.ts';
import type { ExporterKind } from '#telemetry/presets/questions.ts';

/** One endpoint to scrape. */
export interface ScrapeTarget {
  readonly url: string;
  /** What is known of it; set on every series, as Prometheus does with target labels. */
  readonly labels: {
    readonly node?: string | undefined;
    readonly namespace?: string | undefined;
    readonly pod?: string | undefined;
  };
  readonly kind: ExporterKind;
  /** It is trusted with credentials. */
  readonly secure?: boolean | undefined;
}

/** Exporters behind a proxy that asks who calls: where they are. */
export interface SecureTargets {
  /** Nobody else's Pods are sent a token, whatever their labels say. */
  readonly namespaces: readonly string[];
  readonly port: number;
}

/** What a target needs to know of a Pod. */
export interface ScrapedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly nodeName: string | undefined;
  readonly podIP: string | undefined;
  readonly phase: string;
}

interface Endpoint {
  readonly kind: ExporterKind;
  readonly port: number;
  readonly path: string;
}

const KEPLER: Endpoint = { kind: 'kepler', port: 28_282, path: '/metrics' };
const KEPLER_OLD: Endpoint = { kind: 'kepler', port: 9102, path: '/metrics' };
const SCAPHANDRE: Endpoint = { kind: 'kepler', port: 8080, path: '/metrics' };
const NODE_EXPORTER: Endpoint = { kind: 'node-exporter', port: 9100, path: '/metrics' };
const SIDECAR: Endpoint = { kind: 'istio', port: 15_020, path: '/stats/prometheus' };
const LINKERD: Endpoint = { kind: 'istio', port: 4191, path: '/metrics' };

/** Exporters by their `app.kubernetes.io/name`. */
const BY_NAME: Readonly<Record<string, Endpoint>> = {
  kepler: KEPLER,
  'kepler-exporter': KEPLER_OLD,
  scaphandre: SCAPHANDRE,
  'node-exporter': NODE_EXPORTER,
  'prometheus-node-exporter': NODE_EXPORTER,
};

/** Set by Istio's injector on every Pod that it gives a sidecar. */
const INJECTED = 'security.istio.io/tlsMode';
/** Set by Linkerd's injector. */
const INJECTED_LINKERD = 'linkerd.io/control-plane-ns';
/** Set on the Pods of a waypoint. */
const WAYPOINT = 'gateway.networking.k8s.io/gateway-name';

/**
 * The endpoints of Pods that export what is of use, in any namespace: meters and node-exporter by
 * their `app.kubernetes.io/name` label, and every Pod with a sidecar, of a waypoint or of ztunnel,
 * or with `prometheus.io/scrape: "true"`, as one that tells of requests. `prometheus.io/port`, `path` and `scheme` override the usual address;
 * `prometheus.io/scrape: "false"` leaves a Pod out. Pods that do not run or have no address yet
 * have no endpoint.
 * @param secure meters and node-exporters that are reached through a proxy with credentials.
 * @param presets that may say where more exporters are.
 */
export function scrapeTargetsOf(
  pods: Iterable<ScrapedPod>,
  secure?: SecureTargets,
  presets?: Presets,
): ScrapeTarget[] {
  const targets: ScrapeTarget[] = [];
  const byName = exportersOf(presets);
  for (const pod of pods) {
    const target = targetOf(pod, secure, byName);
    if (target !== undefined) targets.push(target);
  }
  return targets;
}

/** The usual exporters, and those that presets tell of. */
function exportersOf(presets: Presets | undefined): ReadonlyMap<string, Endpoint> {
  const byName = new Map(Object.entries(BY_NAME));
  const add = (kind: ExporterKind, of: { readonly exporter?: ExporterDefinition | undefined }) => {
    if (of.exporter === undefined || byName.has(of.exporter.appName)) return;
    const { appName, port, path } = of.exporter;
    byName.set(appName, { kind, port, path });
  };
  for (const meter of presets?.meters ?? []) add('kepler', meter);
  for (const mesh of presets?.meshes ?? []) add('istio', mesh);
  return byName;
}

function targetOf(
  pod: ScrapedPod,
  behind: SecureTargets | undefined,
  byName: ReadonlyMap<string, Endpoint>,
): ScrapeTarget | undefined {
  const endpoint = endpointOf(pod, byName);
  if (endpoint === undefined || pod.phase !== 'Running' || !pod.podIP) return undefined;
  const proxy = endpoint.kind !== 'istio' && isTrusted(pod, behind) ? behind : undefined;
  const url = urlOf(pod, pod.podIP, { endpoint, proxy });
  if (url === undefined) return undefined;
  const labels = { namespace: pod.namespace, pod: pod.name, node: pod.nodeName };
  const target = { url, labels, kind: endpoint.kind };
  return proxy === undefined ? target : { ...target, secure: true };
}

function isTrusted(pod: ScrapedPod, behind: SecureTargets | undefined): boolean {
  return behind?.namespaces.includes(pod.namespace) ?? false;
}

function urlOf(
  pod: ScrapedPod,
  address: string,
  at: { readonly endpoint: Endpoint; readonly proxy: SecureTargets | undefined },
): string | undefined {
  const { annotations } = pod;
  const port = portOf(annotations['prometheus.io/port'], (at.proxy ?? at.endpoint).port);
  if (port === undefined) return undefined;
  const https = annotations['prometheus.io/scheme']?.toLowerCase() === 'https';
  const scheme = at.proxy !== undefined || https ? 'https' : 'http';
  const base = `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
  if (!URL.canParse(base)) return undefined;
  const url = new URL(base);
  url.pathname = annotations['prometheus.io/path'] ?? at.endpoint.path;
  return url.href;
}

function endpointOf(pod: ScrapedPod, byName: ReadonlyMap<string, Endpoint>): Endpoint | undefined {
  const scrape = pod.annotations['prometheus.io/scrape'];
  if (scrape === 'false') return undefined;
  const known = byName.get(pod.labels['app.kubernetes.io/name'] ?? '');
  if (known !== undefined) return known;
  if (INJECTED_LINKERD in pod.labels) return LINKERD;
  const ofIstio =
    INJECTED in pod.labels || WAYPOINT in pod.labels || pod.labels['app'] === 'ztunnel';
  return scrape === 'true' || ofIstio ? SIDECAR : undefined;
}

/** A port annotation that is no port is somebody's mistake: no endpoint rather than another. */
function portOf(annotation: string | undefined, usual: number): number | undefined {
  if (annotation === undefined) return usual;
  const port = /^\d{1,5}$/.test(annotation) ? Number(annotation) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

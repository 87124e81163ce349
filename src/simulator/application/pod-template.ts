// SPDX-License-Identifier: Apache-2.0
import type { ServiceSpec } from './application.ts';
import type { JsonObject, PodSpec } from '#simulator/kube/kube.ts';
import type { MeshKind } from './mesh.ts';

/** Label that names the service on Deployments, Pods and Services, as upstream's manifests do. */
export const SERVICE_LABEL = 'io.kompose.service';

/** What a user writes into a Pod template to place a service: a selector, affinity, or nothing. */
export type Pin = Pick<PodSpec, 'nodeSelector' | 'affinity' | 'tolerations'>;

/** Pins by service name; a service without one is left to the scheduler. */
export type Pins = Readonly<Record<string, Pin>>;

/** What differs between one installation of an application and another. */
export interface TemplateOptions {
  /** Whether upstream's CPU limits are kept. */
  readonly cpuLimits: boolean;
  /** Whether, and how, the mesh puts proxies between services. */
  readonly mesh: MeshKind;
  /** Port of the metrics that Pods expose. */
  readonly metricsPort: number;
}

/** The Pod spec of a service's template, before the mesh has touched it. */
export function templateSpec(service: ServiceSpec, pin: Pin, cpuLimits: boolean): JsonObject {
  return {
    containers: [
      {
        name: service.name,
        image: service.image,
        ports: [{ containerPort: service.port, protocol: 'TCP' }],
        resources: {
          requests: requestsOf(service),
          ...(cpuLimits ? { limits: { cpu: `${service.limitMillicores}m` } } : {}),
        },
      },
    ],
    ...pin,
  };
}

/** A request of nothing is no request: the scheduler then counts its default. */
function requestsOf({ requestMillicores, requestMebibytes }: ServiceSpec): Record<string, string> {
  return {
    ...(requestMillicores > 0 ? { cpu: `${requestMillicores}m` } : {}),
    ...(requestMebibytes === undefined ? {} : { memory: `${requestMebibytes}Mi` }),
  };
}

/**
 * What Istio's injector makes of a Pod: the proxy container with its default requests, and the
 * annotations through which metrics are found. The path is the Pod's own on the one port that all
 * simulated proxies share.
 */
export function injectSidecar(
  spec: JsonObject,
  metricsPath: string,
  metricsPort: number,
): { readonly spec: JsonObject; readonly annotations: Record<string, string> } {
  const proxy = {
    name: 'istio-proxy',
    image: 'docker.io/istio/proxyv2:1.24.0',
    ports: [{ containerPort: 15090, protocol: 'TCP', name: 'http-envoy-prom' }],
    resources: { requests: { cpu: '100m', memory: '128Mi' } },
  };
  const containers = spec['containers'] as readonly unknown[];
  return {
    spec: { ...spec, containers: [...containers, proxy] },
    annotations: {
      'sidecar.istio.io/status': JSON.stringify({
        containers: ['istio-proxy'],
        revision: 'default',
      }),
      ...scrapeAnnotations(metricsPath, metricsPort),
    },
  };
}

/** How a Pod says where its metrics are. */
export function scrapeAnnotations(path: string, port: number): Record<string, string> {
  return {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(port),
    'prometheus.io/path': path,
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { Application, OperationSpec, ServiceSpec } from './application.ts';
import { EXPONENTIAL } from '#simulator/random/law.ts';
import type { Overheads } from './overheads.ts';

/** How the mesh is installed: a proxy in every Pod, one for the namespace, or none. */
export type MeshKind = 'sidecar' | 'waypoint' | 'none';

/** Every {@link MeshKind}. */
export const MESH_KINDS: readonly MeshKind[] = ['sidecar', 'waypoint', 'none'];

/** What a call costs without any proxy. */
export const NO_PROXY: Partial<Overheads> = {
  sidecarHttpCpuSeconds: 0,
  sidecarTcpCpuSeconds: 0,
  sidecarDelay: { medianSeconds: 0, p99Seconds: 0 },
};

/**
 * Ambient mode: the node's ztunnel spends 0.06 ms per 1000 requests and side (Istio 1.24); its
 * delay is not published apart and assumed. The waypoint is a service, see {@link withWaypoint}.
 */
export const ZTUNNEL: Partial<Overheads> = {
  sidecarHttpCpuSeconds: 60e-6,
  sidecarTcpCpuSeconds: 60e-6,
  sidecarDelay: { medianSeconds: 0.1e-3, p99Seconds: 0.4e-3 },
  sidecarTcpDelayFactor: 1,
};

/** What each kind of mesh changes in what a call costs. */
export const MESH_OVERHEADS: Readonly<Record<MeshKind, Partial<Overheads>>> = {
  sidecar: {},
  waypoint: ZTUNNEL,
  none: NO_PROXY,
};

/** CPU of a waypoint per request, milliseconds (Istio 1.24: 0.25 vCPU per 1000 requests). */
const WAYPOINT_MILLISECONDS = 0.25;
/** CPU of nginx per request, milliseconds: 19 + 19 microseconds (uqSim). */
const NGINX_MILLISECONDS = 0.038;

/** The service that a waypoint is. */
export const WAYPOINT = 'waypoint';
const NGINX = 'nginx';

function proxy(name: string, image: string, port: number): ServiceSpec {
  return {
    name,
    tier: 'infra',
    protocol: 'http',
    port,
    image,
    requestMillicores: 100,
    limitMillicores: 2000,
    replicas: 1,
    strategy: 'RollingUpdate',
  };
}

/**
 * The application with a waypoint in it: every HTTP or gRPC call between its services goes through
 * one proxy Pod, which is scheduled like any other. TCP passes it by.
 */
export function withWaypoint(application: Application): Application {
  const protocols = new Map(application.services.map(({ name, protocol }) => [name, protocol]));
  const operations: Record<string, OperationSpec> = {};
  const through = (call: string): string => {
    const service = application.operations[call]?.service ?? '';
    return protocols.get(service) === 'tcp' ? call : `${WAYPOINT}:${call}`;
  };
  for (const [name, operation] of Object.entries(application.operations)) {
    const steps = operation.steps.map((step) => step.map(through));
    operations[name] = { ...operation, steps };
    if (through(name) !== name) {
      operations[through(name)] = {
        service: WAYPOINT,
        cpuMilliseconds: WAYPOINT_MILLISECONDS,
        law: EXPONENTIAL,
        steps: [[name]],
        relays: true,
      };
    }
  }
  return {
    ...application,
    services: [...application.services, proxy(WAYPOINT, 'docker.io/istio/proxyv2:1.24.0', 15008)],
    manifestOrder: [WAYPOINT, ...application.manifestOrder],
    operations,
  };
}

/** The application behind an nginx: every user request goes through it. */
export function withNginx(application: Application): Application {
  const operations: Record<string, OperationSpec> = { ...application.operations };
  const requests = application.requests.map((request) => {
    const operation = `${NGINX}:${request.operation}`;
    operations[operation] = {
      service: NGINX,
      cpuMilliseconds: NGINX_MILLISECONDS,
      law: EXPONENTIAL,
      steps: [[request.operation]],
    };
    return { ...request, operation };
  });
  return {
    ...application,
    services: [...application.services, proxy(NGINX, 'nginx:1.27', 80)],
    manifestOrder: [NGINX, ...application.manifestOrder],
    operations,
    requests,
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { Application, ServiceSpec } from './application.ts';
import type { Pin, Pins } from './pod-template.ts';

/** Pins a service to one node the way most people do it. */
export function onNode(node: string): Pin {
  return { nodeSelector: { 'kubernetes.io/hostname': node } };
}

function pinned(
  application: Application,
  nodeOf: (service: ServiceSpec) => string | undefined,
): Pins {
  const pins: Record<string, Pin> = {};
  for (const service of application.services) {
    const node = nodeOf(service);
    if (node !== undefined) pins[service.name] = onNode(node);
  }
  return pins;
}

/** Scenario `default`: nothing is pinned. */
export const DEFAULT_PLACEMENT: Pins = {};

/** Scenario `split`: data stores on one node, everything else on another. */
export function splitPlacement(application: Application, dataNode: string, other: string): Pins {
  return pinned(application, ({ tier }) => (tier === 'data' ? dataNode : other));
}

/** Scenario `data-pinned`: data stores on one node, everything else left to the scheduler. */
export function dataPinned(application: Application, dataNode: string): Pins {
  return pinned(application, ({ tier }) => (tier === 'data' ? dataNode : undefined));
}

/** Manifest order with one tier moved to the front. */
export function tierFirst(application: Application, tier: ServiceSpec['tier']): string[] {
  const first = new Set(
    application.services.filter((service) => service.tier === tier).map(({ name }) => name),
  );
  return [
    ...application.manifestOrder.filter((name) => first.has(name)),
    ...application.manifestOrder.filter((name) => !first.has(name)),
  ];
}

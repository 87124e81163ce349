// SPDX-License-Identifier: Apache-2.0
import type { Application, ServiceSpec } from '#simulator/application/application.ts';
import { quantity, podSpec, type KubeObject, type LabelSelector } from '#simulator/kube/kube.ts';
import type { Machine } from '#simulator/machines/machines.ts';
import { nodeObject } from '#simulator/machines/node-objects.ts';
import {
  injectSidecar,
  SERVICE_LABEL,
  templateSpec,
  type Pin,
} from '#simulator/application/pod-template.ts';
import { schedulerNode, withPod, type SchedulerNode } from '#simulator/scheduler/node.ts';
import type { PlacedPod } from './trial.ts';

/** What an application is installed with. */
export interface PlannerOptions {
  readonly application: Application;
  readonly machines: readonly Machine[];
  /** Whether the mesh adds its proxy, with its requests, to every Pod. */
  readonly sidecar: boolean;
  readonly cpuLimits: boolean;
}

/** Namespace of planned Pods. */
export const PLANNED_NAMESPACE = 'simulated';

/**
 * One rollout on empty nodes, Pod by Pod, as the scheduler sees it: nodes with what has been bound
 * to them so far. No API around it and no time in it.
 */
export class Planner {
  readonly application: Application;
  /** Every node, in the order of the machines. */
  readonly nodes: SchedulerNode[];
  /** Pods bound so far, in order. */
  readonly placed: PlacedPod[] = [];
  readonly #options: PlannerOptions;

  constructor(options: PlannerOptions) {
    this.application = options.application;
    this.#options = options;
    this.nodes = options.machines.map((machine) => schedulerNode(nodeObject(machine, 0), []));
  }

  /** A Pod of a service as the API server would hand it to the scheduler. */
  pod(service: ServiceSpec, replica: number, pin: Pin = {}): KubeObject {
    const { sidecar, cpuLimits } = this.#options;
    const spec = templateSpec(service, pin, cpuLimits);
    return {
      metadata: {
        name: `${service.name}-${replica}`,
        namespace: PLANNED_NAMESPACE,
        labels: { [SERVICE_LABEL]: service.name },
      },
      spec: sidecar ? injectSidecar(spec, '/', 0).spec : spec,
    };
  }

  /** What the Service and the ReplicaSet of a Pod select: what default spreading counts. */
  selectorOf(pod: KubeObject): LabelSelector {
    return { matchLabels: { ...pod.metadata.labels } };
  }

  /** Binds a Pod to a node. @throws RangeError for a node that does not exist */
  bind(pod: KubeObject, nodeName: string): void {
    const index = this.nodes.findIndex(({ name }) => name === nodeName);
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`node: ${nodeName}`);
    this.nodes[index] = withPod(node, pod);
    const limit = podSpec(pod).containers[0]?.resources?.limits?.['cpu'];
    this.placed.push({
      name: pod.metadata.name ?? '',
      service: pod.metadata.labels?.[SERVICE_LABEL] ?? '',
      node: nodeName,
      limitCores: limit === undefined ? Infinity : quantity(limit),
    });
  }
}

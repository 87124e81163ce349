// SPDX-License-Identifier: Apache-2.0
import { kubeTime, type KubeObject } from '#simulator/kube/kube.ts';
import type { Machine } from './machines.ts';

/** The Node object of a machine, Ready. */
export function nodeObject(machine: Machine, milliseconds: number): KubeObject {
  const resources = {
    cpu: String(machine.cores),
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: '110',
  };
  const time = kubeTime(milliseconds);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: machine.name,
      labels: {
        'kubernetes.io/hostname': machine.name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': machine.model,
        ...machine.labels,
      },
    },
    spec: machine.taints.length === 0 ? {} : { taints: [...machine.taints] },
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          lastHeartbeatTime: time,
          lastTransitionTime: time,
        },
      ],
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: machine.name },
      ],
    },
  };
}

/** One exporter of a DaemonSet. */
export interface ExporterPod {
  readonly daemonSet: 'kepler' | 'kepler-exporter' | 'node-exporter';
  readonly namespace: string;
  readonly node: string;
  readonly port: number;
  readonly path: string;
}

/** The Pod of an exporter on one node, bound; it becomes Ready at once. */
export function exporterPod(exporter: ExporterPod): KubeObject {
  const { daemonSet, namespace, node } = exporter;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${daemonSet}-${node}`,
      namespace,
      labels: { 'app.kubernetes.io/name': daemonSet },
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': String(exporter.port),
        'prometheus.io/path': exporter.path,
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'DaemonSet',
          name: daemonSet,
          uid: `00000000-0000-4000-8000-${daemonSet.startsWith('kepler') ? '000000000001' : '000000000002'}`,
          controller: true,
        },
      ],
    },
    spec: {
      nodeName: node,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: daemonSet, image: `${daemonSet}:simulated` }],
    },
  };
}

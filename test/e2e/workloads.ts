// SPDX-License-Identifier: Apache-2.0

/** A Pod template of the run: nothing runs in it, KWOK only says that it does. */
export function podSpec(extra: Readonly<Record<string, unknown>> = {}): object {
  return {
    containers: [
      {
        name: 'main',
        image: 'registry.k8s.io/pause:3.10',
        resources: { requests: { cpu: '100m', memory: '64Mi' } },
      },
    ],
    terminationGracePeriodSeconds: 1,
    ...extra,
  };
}

/** A Deployment, StatefulSet or DaemonSet whose Pods carry `app: <name>`. */
export function controller(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  name: string,
  options: {
    readonly replicas?: number;
    readonly spec?: Readonly<Record<string, unknown>>;
    readonly labels?: Readonly<Record<string, string>>;
  } = {},
): object {
  const labels = { app: name, ...options.labels };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, labels: { app: name } },
    spec: {
      selector: { matchLabels: { app: name } },
      ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
      // All old Pods go first, so that a rollout starts from an empty cluster every time.
      ...(kind === 'Deployment' ? { strategy: { type: 'Recreate' } } : {}),
      ...(kind === 'StatefulSet' ? { serviceName: name, podManagementPolicy: 'Parallel' } : {}),
      template: { metadata: { labels }, spec: podSpec(options.spec) },
    },
  };
}

/** A Job with one Pod. */
export function job(name: string): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      template: {
        metadata: { labels: { app: name } },
        spec: podSpec({ restartPolicy: 'Never' }),
      },
    },
  };
}

/** A Pod of its own. */
export function barePod(
  name: string,
  options: {
    readonly spec?: Readonly<Record<string, unknown>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { app: name, ...options.labels },
      annotations: options.annotations ?? {},
    },
    spec: podSpec(options.spec),
  };
}

/** Where the objects of one kind are. */
export function pathOf(kind: string, namespace: string): string {
  const group = kind === 'Pod' ? 'api/v1' : kind === 'Job' ? 'apis/batch/v1' : 'apis/apps/v1';
  return `/${group}/namespaces/${namespace}/${kind.toLowerCase()}s`;
}

// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

type Json = Record<string, unknown>;

/** Bytes of the review that every server is sent: a Pod with a mesh proxy, a common production size. */
export const REVIEW_BYTES = 8600;

/** Workloads that the reviews are of, each with a learned model. */
export const WORKLOADS = 16;

/** Namespace of the recorded reviews. */
export const NAMESPACE = 'hotel-res';

const RECORDED = new URL(
  '../../test/fixtures/admission-reviews/deployment-pod-create.json',
  import.meta.url,
);

/** Name of a workload's Deployment. */
export function deploymentName(index: number): string {
  return `service-${String(index).padStart(2, '0')}`;
}

/**
 * Bodies of reviews, one per workload: the one recorded from a real kube-apiserver, with the Pod
 * brought to the size of a meshed one (proxy container, probes, environment, projected volumes).
 *
 * @param bytes length of each body; the last variable of the environment fills it up
 */
export function reviewBodies(bytes: number = REVIEW_BYTES): Buffer[] {
  return Array.from({ length: WORKLOADS }, (_, index) => reviewBody(index, bytes));
}

function reviewBody(index: number, bytes: number): Buffer {
  const review = JSON.parse(readFileSync(RECORDED, 'utf8')) as { request: Json };
  const pod = review.request['object'] as { metadata: Json; spec: Json };
  const name = deploymentName(index);
  const hash = `58589fbf${String(index).padStart(2, '0')}`;
  const uid = `0efca4fe-c227-4203-8817-b5a1fdfe6e${String(index).padStart(2, '0')}`;
  review.request['uid'] = `7ddd079f-0c88-4911-be79-b8e9c86e4c${String(index).padStart(2, '0')}`;
  pod.metadata['generateName'] = `${name}-${hash}-`;
  pod.metadata['labels'] = {
    app: name,
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/part-of': 'hotel-reservation',
    'pod-template-hash': hash,
  };
  pod.metadata['annotations'] = {
    'prometheus.io/path': '/stats/prometheus',
    'prometheus.io/port': '15020',
    'prometheus.io/scrape': 'true',
    'sidecar.istio.io/inject': 'true',
  };
  pod.metadata['ownerReferences'] = [
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: `${name}-${hash}`,
      uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ];
  const [first] = pod.spec['containers'] as Json[];
  const filler = { name: 'JAVA_OPTIONS', value: '' };
  pod.spec['containers'] = [application(first ?? {}, name, filler), proxy()];
  pod.spec['volumes'] = VOLUMES;
  filler.value = 'x'.repeat(Math.max(0, bytes - Buffer.byteLength(JSON.stringify(review))));
  return Buffer.from(JSON.stringify(review));
}

function application(recorded: Json, name: string, filler: Json): Json {
  const probe = (path: string): Json => ({
    httpGet: { path, port: 8080, scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  return {
    ...recorded,
    name,
    env: [...environment(20), filler],
    livenessProbe: probe('/healthz'),
    readinessProbe: probe('/readyz'),
    volumeMounts: MOUNTS,
  };
}

function proxy(): Json {
  return {
    name: 'istio-proxy',
    image: 'docker.io/istio/proxyv2:1.24.2',
    args: ['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local'],
    ports: [{ name: 'http-envoy-prom', containerPort: 15090, protocol: 'TCP' }],
    env: environment(16),
    resources: {
      limits: { cpu: '2', memory: '1Gi' },
      requests: { cpu: '10m', memory: '128Mi' },
    },
    volumeMounts: MOUNTS,
    securityContext: {
      capabilities: { drop: ['ALL'] },
      privileged: false,
      runAsUser: 1337,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
    },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  };
}

function environment(count: number): Json[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `SETTING_${String(index).padStart(2, '0')}`;
    return index % 4 === 0
      ? { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }
      : { name, value: `http://service-${index}.hotel-res.svc.cluster.local:8080` };
  });
}

const MOUNTS: readonly Json[] = [
  { name: 'workload-socket', mountPath: '/var/run/secrets/workload-spiffe-uds' },
  { name: 'istio-token', mountPath: '/var/run/secrets/tokens' },
  { name: 'kube-api-access', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io' },
];

const VOLUMES: readonly Json[] = [
  { name: 'workload-socket', emptyDir: {} },
  {
    name: 'istio-token',
    projected: {
      sources: [
        { serviceAccountToken: { audience: 'istio-ca', expirationSeconds: 43200, path: 'token' } },
      ],
      defaultMode: 420,
    },
  },
  {
    name: 'kube-api-access',
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      ],
      defaultMode: 420,
    },
  },
];

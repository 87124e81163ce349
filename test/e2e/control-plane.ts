// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { Api } from './api.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { Kubectl } from './kubectl.ts';
import { newAuthority, newKeyPair, newServerPair } from './pki.ts';
import { freePorts } from './ports.ts';
import type { Processes, Program } from './processes.ts';
import type { Tools } from './tools.ts';
import { waitFor } from './wait.ts';

/** A running control plane. */
export interface ControlPlane {
  /** As a member of system:masters. */
  readonly api: Api;
  readonly kubectl: Kubectl;
  /** JSON lines of the API server's audit log: every Pod CREATE at level Request. */
  readonly auditLog: string;
  /** PEM of the CA of the API server. */
  readonly authority: string;
  readonly url: string;
  readonly programs: readonly Program[];
  /** The API server alone, which may be ended and started again on the same etcd and port. */
  readonly apiserver: { program: Program; restart(): Promise<void> };
  /** The metrics page of kube-scheduler. */
  schedulerMetrics(): Promise<string>;
}

/** What the control plane is started with. */
export interface ControlPlaneSpec {
  readonly tools: Tools;
  readonly processes: Processes;
  /** A folder for keys, data and configuration; removed by the caller. */
  readonly folder: string;
  /** Rules of the API server's audit log beside that of Pod creations; the first that fits counts. */
  readonly auditRules?: readonly object[];
  /**
   * How long a node may be silent; default: as shipped. While the API server is away nodes are, and
   * KWOK does not make Pods Ready again that the controller then marked, as a kubelet does.
   */
  readonly nodeGraceSeconds?: number;
}

/** Controllers that the run needs; node-lifecycle takes the not-ready taint off the nodes. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
  'job-controller',
  'cronjob-controller',
  'node-lifecycle-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'disruption-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
].join(',');

/** With the default limits of 20 and 50 requests a second a burst would measure the limiter. */
const CLIENT_LIMITS = ['--kube-api-qps=2000', '--kube-api-burst=4000'];

/** Only Pod creations are of interest; Request is the lowest level that records the patches. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Request', verbs: ['create'], resources: [{ group: '', resources: ['pods'] }] },
    { level: 'None' },
  ],
};

interface Secrets {
  readonly authority: string;
  readonly adminToken: string;
  readonly schedulerToken: string;
}

/** Starts etcd, the API server, the scheduler, the controller manager and KWOK. */
export async function startControlPlane(spec: ControlPlaneSpec): Promise<ControlPlane> {
  const secrets = await writeFiles(spec.folder, spec.auditRules ?? []);
  const ports = await freePorts(5);
  const [etcdPort = 0, peerPort = 0, apiPort = 0, kwokPort = 0, schedulerPort = 0] = ports;
  const url = `https://127.0.0.1:${apiPort}`;
  const etcd = startEtcd(spec, etcdPort, peerPort);
  const apiserver = startApiserver(spec, etcdPort, apiPort);
  const restartable = {
    program: apiserver,
    async restart(): Promise<void> {
      restartable.program = startApiserver(spec, etcdPort, apiPort);
      await untilReady();
    },
  };
  const api = new Api({ url, authority: secrets.authority, token: secrets.adminToken });
  const untilReady = async (): Promise<void> => {
    await waitFor('the API server', { timeoutSeconds: 60 }, async () => {
      spec.processes.assertRunning(etcd, restartable.program);
      return (await api.text('/readyz')) === 'ok';
    });
  };
  await untilReady();
  const admin = await writeKubeconfig(join(spec.folder, 'admin.kubeconfig'), api.access);
  const scheduler = await writeKubeconfig(join(spec.folder, 'scheduler.kubeconfig'), {
    ...api.access,
    token: secrets.schedulerToken,
  });
  const others = [
    startScheduler(spec, scheduler, schedulerPort),
    startControllerManager(spec, admin),
    startKwok(spec, admin, kwokPort),
  ];
  // The ServiceAccount admission plugin refuses Pods until the controller manager has been here.
  await waitFor('the controller manager', { timeoutSeconds: 60 }, async () => {
    spec.processes.assertRunning(etcd, apiserver, ...others);
    return api.find('/api/v1/namespaces/default/serviceaccounts/default');
  });
  return {
    api,
    kubectl: new Kubectl(spec.tools.kubectl, admin, spec.folder),
    auditLog: join(spec.folder, 'audit.log'),
    authority: secrets.authority,
    url,
    programs: [etcd, apiserver, ...others],
    apiserver: restartable,
    schedulerMetrics: () => metricsOf(schedulerPort, secrets.adminToken),
  };
}

/** A page behind a certificate that the program has signed itself. */
async function metricsOf(port: number, token: string): Promise<string> {
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const answer = await request(`https://127.0.0.1:${port}/metrics`, {
      dispatcher: agent,
      headers: { authorization: `Bearer ${token}` },
    });
    return await answer.body.text();
  } finally {
    await agent.close();
  }
}

async function writeFiles(folder: string, auditRules: readonly object[]): Promise<Secrets> {
  await mkdir(folder, { recursive: true });
  const authority = newAuthority('e2e-cluster');
  const frontProxy = newAuthority('e2e-front-proxy');
  const serving = newServerPair(authority, 'kube-apiserver', {
    dns: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    ips: ['127.0.0.1', '10.0.0.1'],
  });
  const accounts = newKeyPair();
  const adminToken = randomBytes(24).toString('hex');
  const schedulerToken = randomBytes(24).toString('hex');
  const tokens = [
    `${adminToken},e2e-admin,e2e-admin,"system:masters"`,
    `${schedulerToken},system:kube-scheduler,system:kube-scheduler`,
  ];
  const files: Record<string, string> = {
    'ca.crt': authority.certificate,
    'front-proxy-ca.crt': frontProxy.certificate,
    'apiserver.crt': serving.certificate,
    'apiserver.key': serving.key,
    'service-accounts.pub': accounts.publicKey,
    'service-accounts.key': accounts.privateKey,
    'tokens.csv': `${tokens.join('\n')}\n`,
    'audit-policy.json': JSON.stringify({
      ...AUDIT_POLICY,
      rules: [...auditRules, ...AUDIT_POLICY.rules],
    }),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  return { authority: authority.certificate, adminToken, schedulerToken };
}

function startEtcd(spec: ControlPlaneSpec, client: number, peer: number): Program {
  return spec.processes.start({
    name: 'etcd',
    file: spec.tools.etcd,
    args: [
      `--data-dir=${join(spec.folder, 'etcd')}`,
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=default=http://127.0.0.1:${peer}`,
      // The data lives as long as the run.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  });
}

function startApiserver(spec: ControlPlaneSpec, etcd: number, port: number): Program {
  const file = (name: string): string => join(spec.folder, name);
  return spec.processes.start({
    name: 'kube-apiserver',
    file: spec.tools.kubeApiserver,
    args: [
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${file('apiserver.crt')}`,
      `--tls-private-key-file=${file('apiserver.key')}`,
      // The scheduler waits for extension-apiserver-authentication, which needs both CAs.
      `--client-ca-file=${file('ca.crt')}`,
      `--requestheader-client-ca-file=${file('front-proxy-ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('service-accounts.pub')}`,
      `--service-account-signing-key-file=${file('service-accounts.key')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=RBAC',
      `--token-auth-file=${file('tokens.csv')}`,
      `--audit-policy-file=${file('audit-policy.json')}`,
      `--audit-log-path=${file('audit.log')}`,
      '--audit-log-format=json',
      // Nothing serves the `kubernetes` Service here.
      '--endpoint-reconciler-type=none',
    ],
  });
}

function startScheduler(spec: ControlPlaneSpec, kubeconfig: string, port: number): Program {
  return spec.processes.start({
    name: 'kube-scheduler',
    file: spec.tools.kubeScheduler,
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${join(spec.folder, 'scheduler')}`,
      ...CLIENT_LIMITS,
    ],
  });
}

function startControllerManager(spec: ControlPlaneSpec, kubeconfig: string): Program {
  return spec.processes.start({
    name: 'kube-controller-manager',
    file: spec.tools.kubeControllerManager,
    args: [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      `--controllers=${CONTROLLERS}`,
      `--service-account-private-key-file=${join(spec.folder, 'service-accounts.key')}`,
      `--root-ca-file=${join(spec.folder, 'ca.crt')}`,
      '--bind-address=127.0.0.1',
      '--secure-port=0',
      ...(spec.nodeGraceSeconds === undefined
        ? []
        : [`--node-monitor-grace-period=${spec.nodeGraceSeconds}s`]),
      ...CLIENT_LIMITS,
    ],
  });
}

function startKwok(spec: ControlPlaneSpec, kubeconfig: string, port: number): Program {
  return spec.processes.start({
    name: 'kwok',
    file: spec.tools.kwok,
    args: [
      `--kubeconfig=${kubeconfig}`,
      '--manage-all-nodes=true',
      `--server-address=127.0.0.1:${port}`,
      '--node-ip=127.0.0.1',
      '--node-lease-duration-seconds=40',
    ],
    // Its settings folder is in the home folder: not the user's.
    env: { HOME: spec.folder },
  });
}

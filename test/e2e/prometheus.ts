// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { freePorts } from './ports.ts';
import type { Processes } from './processes.ts';
import { waitFor } from './wait.ts';

/** What Prometheus is started with. */
export interface PrometheusSpec {
  readonly file: string;
  readonly processes: Processes;
  readonly folder: string;
  /** The exporters of the world, without a path. */
  readonly exporters: string;
}

/** A running Prometheus. */
export interface Prometheus {
  readonly url: string;
  /** Values of an instant query by the given label. */
  query(expression: string, label: string): Promise<ReadonlyMap<string, number>>;
}

/** The jobs of Istio's sample configuration, with the world's discovery in the cluster's place. */
function configuration(exporters: string): object {
  const discovery = (kind: string): object[] => [
    { url: `${exporters}/discovery/${kind}`, refresh_interval: '1s' },
  ];
  const nodeLabel = { source_labels: ['__meta_kubernetes_pod_node_name'], target_label: 'node' };
  return {
    global: { scrape_interval: '1s', scrape_timeout: '900ms', evaluation_interval: '10s' },
    scrape_configs: [
      {
        job_name: 'kubernetes-pods',
        honor_labels: true,
        http_sd_configs: discovery('sidecars'),
        relabel_configs: [
          {
            action: 'keep',
            regex: 'true',
            source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'],
          },
          {
            action: 'replace',
            regex: '(.+)',
            source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_path'],
            target_label: '__metrics_path__',
          },
          { action: 'labelmap', regex: '__meta_kubernetes_pod_label_(.+)' },
          { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
          { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
          {
            action: 'drop',
            regex: 'Pending|Succeeded|Failed|Completed',
            source_labels: ['__meta_kubernetes_pod_phase'],
          },
          nodeLabel,
          // In a cluster the address is the Pod's own; here all exporters share one.
          {
            source_labels: ['__meta_kubernetes_pod_ip'],
            replacement: '$1:15020',
            target_label: 'instance',
          },
        ],
      },
      {
        job_name: 'kepler',
        honor_labels: true,
        http_sd_configs: discovery('kepler'),
        relabel_configs: [nodeLabel],
      },
      {
        job_name: 'node-exporter',
        http_sd_configs: discovery('node-exporter'),
        relabel_configs: [
          nodeLabel,
          { source_labels: ['__meta_kubernetes_pod_node_name'], target_label: 'instance' },
        ],
      },
    ],
  };
}

/** Starts a real Prometheus that scrapes the world every second. */
export async function startPrometheus(spec: PrometheusSpec): Promise<Prometheus> {
  await mkdir(spec.folder, { recursive: true });
  const file = join(spec.folder, 'prometheus.json');
  await writeFile(file, JSON.stringify(configuration(spec.exporters), undefined, 2));
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const program = spec.processes.start({
    name: 'prometheus',
    file: spec.file,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(spec.folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // Its default of 5 s would hide new Pods for longer than a whole measurement takes here.
      '--scrape.discovery-reload-interval=200ms',
      '--log.level=warn',
    ],
  });
  await waitFor('Prometheus', { timeoutSeconds: 60 }, async () => {
    spec.processes.assertRunning(program);
    const answer = await request(`${url}/-/ready`);
    await answer.body.dump();
    return answer.statusCode === 200;
  });
  return { url, query: (expression, label) => query(url, expression, label) };
}

async function query(url: string, expression: string, label: string): Promise<Map<string, number>> {
  const answer = await request(`${url}/api/v1/query`, { query: { query: expression } });
  const body = (await answer.body.json()) as {
    data?: { result?: { metric: Record<string, string>; value: [number, string] }[] };
  };
  const rows = body.data?.result ?? [];
  return new Map(rows.map((row) => [row.metric[label] ?? '', Number(row.value[1])]));
}

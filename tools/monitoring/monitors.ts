// SPDX-License-Identifier: Apache-2.0

/** What the Prometheus operator is told to scrape: one ServiceMonitor or PodMonitor. */
export interface Monitor {
  readonly kind: 'ServiceMonitor' | 'PodMonitor';
  readonly name: string;
  /** File of the chart that holds the `spec`. */
  readonly file: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

const INTERVAL = '15s';

/** Our own metrics say the Pod by themselves; what we read of others must say the node too. */
const NODE = {
  action: 'replace',
  sourceLabels: ['__meta_kubernetes_pod_node_name'],
  targetLabel: 'node',
};

/** Perihelion itself, and the two exporters that it learns from. */
export const MONITORS: readonly Monitor[] = [
  {
    kind: 'ServiceMonitor',
    name: 'perihelion',
    file: 'service-monitor.yaml',
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/name': 'perihelion' } },
      // The Service of the webhook has the same label, but no such port.
      endpoints: [{ port: 'operations', path: '/metrics', interval: INTERVAL }],
    },
  },
  {
    kind: 'PodMonitor',
    name: 'perihelion-kepler',
    file: 'kepler-pod-monitor.yaml',
    spec: {
      namespaceSelector: { matchNames: ['kepler'] },
      selector: { matchLabels: { 'app.kubernetes.io/name': 'kepler' } },
      podMetricsEndpoints: [
        {
          path: '/metrics',
          interval: INTERVAL,
          relabelings: [
            // By number: a proxy in front of it has ports of its own.
            {
              action: 'keep',
              sourceLabels: ['__meta_kubernetes_pod_container_port_number'],
              regex: '28282',
            },
            NODE,
          ],
        },
      ],
    },
  },
  {
    kind: 'PodMonitor',
    name: 'perihelion-istio',
    file: 'istio-pod-monitor.yaml',
    spec: {
      namespaceSelector: { any: true },
      selector: {
        matchExpressions: [{ key: 'security.istio.io/tlsMode', operator: 'Exists' }],
      },
      podMetricsEndpoints: [
        {
          port: 'http-envoy-prom',
          path: '/stats/prometheus',
          interval: INTERVAL,
          relabelings: [NODE],
          // Of Envoy's many series only those that are read.
          metricRelabelings: [
            {
              action: 'keep',
              sourceLabels: ['__name__'],
              regex: 'istio_(requests|tcp_connections_opened)_total|istio_request_duration_.*',
            },
          ],
        },
      ],
    },
  },
];

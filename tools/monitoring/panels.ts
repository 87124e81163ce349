// SPDX-License-Identifier: Apache-2.0

/** One panel of the dashboard. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: 'timeseries' | 'stat';
  /** A unit of Grafana: `s`, `reqps`, `percentunit`, `watt`, `joule`, `short`, `dateTimeAsIso`. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
}

/** One series expression and its legend. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** A titled group of panels. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Every series of ours, of the namespace chosen in the dashboard. */
const own = '{namespace=~"$namespace"}';
const per = '[$__rate_interval]';

function panel(
  kind: Panel['kind'],
  title: string,
  unit: string,
  fields: { description: string; width?: number; queries: readonly Query[] },
): Panel {
  return { kind, title, unit, width: kind === 'stat' ? 4 : 12, ...fields };
}

const stat = panel.bind(undefined, 'stat');
const lines = panel.bind(undefined, 'timeseries');

/** The panels, row by row. Numbers of users' own objects are in the model, not here. */
export const ROWS: readonly Row[] = [
  {
    title: 'At a glance',
    panels: [
      stat('Placed', 'percentunit', {
        description: 'Share of requests that got a preference, over the last hour.',
        queries: [
          {
            expr: `sum(increase(perihelion_admission_requests_total{namespace=~"$namespace",outcome="injected"}[1h])) / sum(increase(perihelion_admission_requests_total${own}[1h]))`,
            legend: 'injected',
          },
        ],
      }),
      stat('Adherence', 'percentunit', {
        description: 'Share of Pods that landed on the target they were asked to prefer.',
        queries: [
          {
            expr: `max by (topology_key) (perihelion_adherence_ratio${own})`,
            legend: '{{topology_key}}',
          },
        ],
      }),
      stat('Failed open', 'short', {
        description: 'Pods created without asking, by the count of the API server, 24 h.',
        queries: [
          {
            expr: 'sum(increase(apiserver_admission_webhook_fail_open_count{name="placement.perihelion.dev"}[24h])) or vector(0)',
            legend: 'Pods',
          },
        ],
      }),
      stat('Leaders', 'short', {
        description: 'Learners that hold the lease; one is right.',
        queries: [{ expr: `sum(perihelion_learner_is_leader${own})`, legend: 'leaders' }],
      }),
      stat('Unsettled decisions', 'short', {
        description: 'Decisions on living Pods that wait for their measurement.',
        queries: [{ expr: `max(perihelion_learner_unsettled_decisions${own})`, legend: 'waiting' }],
      }),
      stat('Certificate left', 's', {
        description: 'Life left of the certificate that ends first; renewed ten days before.',
        queries: [
          {
            expr: `min(perihelion_certificate_not_after_seconds${own}) - time()`,
            legend: 'left',
          },
        ],
      }),
    ],
  },
  {
    title: 'Admission',
    panels: [
      lines('Requests', 'reqps', {
        description: 'Requests by what came of them.',
        queries: [
          {
            expr: `sum by (outcome) (rate(perihelion_admission_requests_total${own}${per}))`,
            legend: '{{outcome}}',
          },
        ],
      }),
      lines('Duration', 's', {
        description: 'From the arrival of a request to its answer, in our own process.',
        queries: ['0.5', '0.99'].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (le) (rate(perihelion_admission_duration_seconds_bucket${own}${per})))`,
          legend: `p${Number(quantile) * 100}`,
        })),
      }),
      lines('Duration as the API server sees it', 's', {
        description: 'The same calls with network, TLS and queueing.',
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (le) (rate(apiserver_admission_webhook_admission_duration_seconds_bucket{name="placement.perihelion.dev"}${per})))`,
            legend: 'p99',
          },
        ],
      }),
      lines('In flight', 'short', {
        description: 'Requests being answered, and decisions whose Pod is not seen bound yet.',
        queries: [
          { expr: `sum(perihelion_admission_in_flight${own})`, legend: 'requests' },
          { expr: `sum(perihelion_pending_placements${own})`, legend: 'placements on their way' },
        ],
      }),
      lines('Left alone', 'reqps', {
        description: 'Pods that were not eligible, by reason.',
        queries: [
          {
            expr: `sum by (reason) (rate(perihelion_admission_skipped_total${own}${per})) > 0`,
            legend: '{{reason}}',
          },
        ],
      }),
      lines('Trouble', 'reqps', {
        description: 'All of these should be at 0.',
        queries: [
          {
            expr: `sum by (reason) (rate(perihelion_admission_failed_total${own}${per}))`,
            legend: 'failed: {{reason}}',
          },
          {
            expr: `sum(rate(perihelion_patch_rejected_total${own}${per}))`,
            legend: 'patch rejected',
          },
          {
            expr: `sum(rate(perihelion_admission_deadline_total${own}${per}))`,
            legend: 'deadline',
          },
          {
            expr: `sum by (status) (rate(perihelion_http_refused_total${own}${per}))`,
            legend: 'HTTP {{status}}',
          },
          { expr: `sum(rate(perihelion_tls_errors_total${own}${per}))`, legend: 'TLS handshakes' },
        ],
      }),
    ],
  },
  {
    title: 'Decisions',
    panels: [
      lines('Decisions', 'reqps', {
        description: 'By what led to them: exploring, greedy, held out, burning in.',
        queries: [
          {
            expr: `sum by (action_kind, reason) (rate(perihelion_decisions_total${own}${per})) > 0`,
            legend: '{{reason}} → {{action_kind}}',
          },
        ],
      }),
      lines('Targets out of reach', 'reqps', {
        description: 'Targets that a decision could not choose, by reason.',
        queries: [
          {
            expr: `sum by (reason) (rate(perihelion_infeasible_targets_total${own}${per})) > 0`,
            legend: '{{reason}}',
          },
        ],
      }),
      lines('Decisions not believed', 'reqps', {
        description:
          'Annotations that came with a Pod and were replaced, or were not signed by us.',
        queries: [
          {
            expr: `sum by (reason) (rate(perihelion_decisions_replaced_total${own}${per}))`,
            legend: 'replaced: {{reason}}',
          },
          {
            expr: `sum by (reason) (rate(perihelion_learner_decisions_rejected_total${own}${per}))`,
            legend: 'rejected: {{reason}}',
          },
        ],
      }),
      lines('Adherence', 'percentunit', {
        description: 'Share of Pods that landed on the target they were asked to prefer.',
        queries: [
          {
            expr: `max by (topology_key) (perihelion_adherence_ratio${own})`,
            legend: '{{topology_key}}',
          },
        ],
      }),
      lines('Lowest adherence by workload', 'percentunit', {
        description: 'Of about the newest 50 Pods each; doctor says what outweighs the preference.',
        queries: [
          {
            expr: `bottomk(10, max by (workload_namespace, workload, target) (perihelion_workload_adherence_ratio${own}))`,
            legend: '{{workload_namespace}}/{{workload}} to {{target}}',
          },
        ],
      }),
      lines('Required targets', 'short', {
        description: 'Workloads whose target is required, those released, and Pods evicted for it.',
        queries: [
          { expr: `max(perihelion_workloads_required${own})`, legend: 'required' },
          { expr: `max(perihelion_workloads_released${own})`, legend: 'released' },
          {
            expr: `sum by (result) (increase(perihelion_learner_evictions_total${own}[1h])) > 0`,
            legend: 'evictions in 1 h: {{result}}',
          },
        ],
      }),
      lines('Decisions of a policy that is gone', 'short', {
        description: 'On living Pods; learned from should their policy come back.',
        queries: [{ expr: `max(perihelion_learner_orphaned_decisions${own})`, legend: 'orphaned' }],
      }),
    ],
  },
  {
    title: 'Learning',
    panels: [
      lines('Settled and censored', 'reqps', {
        description: 'Decisions that taught something, and those that did not, by reason.',
        queries: [
          {
            expr: `sum(rate(perihelion_learner_decisions_settled_total${own}${per}))`,
            legend: 'settled',
          },
          {
            expr: `sum by (reason) (rate(perihelion_learner_decisions_censored_total${own}${per}))`,
            legend: 'censored: {{reason}}',
          },
        ],
      }),
      lines('Learning cycle', 's', {
        description: 'Time of one cycle of the leader.',
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (le) (rate(perihelion_learner_tick_duration_seconds_bucket${own}${per})))`,
            legend: 'p99',
          },
        ],
      }),
      lines('Model writes in trouble', 'reqps', {
        description: 'Conflicts are tried again; failures wait for the next cycle.',
        queries: [
          {
            expr: `sum(rate(perihelion_learner_write_conflicts_total${own}${per}))`,
            legend: 'conflicts',
          },
          {
            expr: `sum(rate(perihelion_learner_publish_failures_total${own}${per}))`,
            legend: 'failures',
          },
          {
            expr: `sum(rate(perihelion_learner_telemetry_failures_total${own}${per}))`,
            legend: 'windows without telemetry',
          },
        ],
      }),
      lines('Leader, backlog, circuits', 'short', {
        description:
          'Which replica leads, how many decisions wait, and how many workloads are left to the default scheduler.',
        queries: [
          { expr: `max(perihelion_circuits_open${own})`, legend: 'open circuits' },
          { expr: `perihelion_learner_is_leader${own}`, legend: '{{pod}} leads' },
          { expr: `max(perihelion_learner_unsettled_decisions${own})`, legend: 'unsettled' },
        ],
      }),
    ],
  },
  {
    title: 'Replicas and moves',
    panels: [
      lines('Recommended and not done', 'short', {
        description:
          'Changes of replicas and moves of Pods that a policy shows or that are refused.',
        queries: [
          { expr: `max by (kind) (perihelion_capacity_recommendations${own})`, legend: '{{kind}}' },
        ],
      }),
      lines('Decisions', 'reqps', {
        description: 'What came of decisions about replicas and running Pods, and why.',
        queries: [
          {
            expr: `sum by (kind, outcome, reason) (rate(perihelion_capacity_decisions_total${own}${per}))`,
            legend: '{{kind}} {{outcome}}: {{reason}}',
          },
        ],
      }),
    ],
  },
  {
    title: 'Housekeeping',
    panels: [
      lines('Informers', 'reqps', {
        description: 'What the informers meet; lists and failures should be rare.',
        queries: [
          {
            expr: `sum by (resource, happening) (rate(perihelion_informer_happenings_total{namespace=~"$namespace",happening!~"event|bookmark"}${per})) > 0`,
            legend: '{{resource}} {{happening}}',
          },
        ],
      }),
      lines('Life left of certificates', 's', {
        description: 'The certificate that each replica serves, and the CAs by slot.',
        queries: [
          {
            expr: `perihelion_certificate_not_after_seconds${own} - time()`,
            legend: '{{pod}}',
          },
          {
            expr: `min by (slot) (perihelion_certificate_authority_not_after_seconds${own}) - time()`,
            legend: 'CA {{slot}}',
          },
        ],
      }),
      lines('Clocks', 's', {
        description:
          "How far each replica's clock is ahead of the API server's; beyond 10 s it does not lead.",
        queries: [{ expr: `perihelion_clock_offset_seconds${own}`, legend: '{{pod}}' }],
      }),
      lines('Audit log', 'reqps', {
        description: 'Lines written and lines lost, and how many wait.',
        queries: [
          { expr: `sum(rate(perihelion_audit_written_total${own}${per}))`, legend: 'written' },
          {
            expr: `sum by (reason) (rate(perihelion_audit_dropped_total${own}${per}))`,
            legend: 'dropped: {{reason}}',
          },
          { expr: `sum(perihelion_audit_queue_entries${own})`, legend: 'waiting (lines)' },
        ],
      }),
      lines('Traces', 'ops', {
        description: 'Spans sent and spans lost; nothing where tracing is off.',
        queries: [
          {
            expr: `sum(rate(perihelion_trace_spans_exported_total${own}${per}))`,
            legend: 'exported',
          },
          {
            expr: `sum by (reason) (rate(perihelion_trace_spans_dropped_total${own}${per}))`,
            legend: 'dropped: {{reason}}',
          },
        ],
      }),
    ],
  },
  {
    title: 'What it is for',
    panels: [
      lines('Power of the nodes', 'watt', {
        description: 'Kepler, package zone; zones are never summed.',
        queries: [
          {
            expr: 'sum by (node_name) (kepler_node_cpu_watts{zone="package"})',
            legend: '{{node_name}}',
          },
        ],
      }),
      lines('Latency of the services', 's', {
        description: 'Istio, 99th percentile as the server sees it.',
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (le, destination_workload_namespace, destination_workload) (rate(istio_request_duration_milliseconds_bucket{reporter=~"destination|waypoint"}${per}))) / 1000`,
            legend: '{{destination_workload_namespace}}/{{destination_workload}}',
          },
        ],
      }),
    ],
  },
];

/** Metrics of ours that the dashboard leaves out, and why. */
export const NOT_SHOWN: Readonly<Record<string, string>> = {};

/** Metrics of others that panels and alerts read. */
export const FOREIGN_METRICS: readonly string[] = [
  'apiserver_admission_webhook_admission_duration_seconds_bucket',
  'apiserver_admission_webhook_fail_open_count',
  'istio_request_duration_milliseconds_bucket',
  'kepler_node_cpu_watts',
];

// SPDX-License-Identifier: Apache-2.0

/** One alert; the table of them is what PrometheusRule and its tests are made from. */
export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long the expression must hold; undefined = the first time counts. */
  readonly forMinutes?: number;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly summary: string;
  readonly description: string;
}

/** Name of our webhook, as the API server's metrics call it. */
const WEBHOOK = 'placement.perihelion.dev';

const day = 86_400;

/**
 * Every alert, the gravest first. None is about a single Pod: whatever Perihelion does, Pods are
 * created, so the worst that happens is that they are placed as before.
 */
export const ALERTS: readonly Alert[] = [
  {
    name: 'PerihelionCertificateExpired',
    expr: `perihelion_certificate_not_after_seconds - time() < ${day}`,
    severity: 'critical',
    summary: 'The certificate of the webhook ends within a day.',
    description:
      'Renewal has failed for a long time in {{ $labels.pod }}. After the end the API server fails open: Pods are created without a placement.',
  },
  {
    name: 'PerihelionFailedOpen',
    expr: `sum by (name) (increase(apiserver_admission_webhook_fail_open_count{name="${WEBHOOK}"}[10m])) > 0`,
    forMinutes: 5,
    severity: 'warning',
    summary: 'The API server creates Pods without asking Perihelion.',
    description:
      'Calls of {{ $labels.name }} failed or timed out ({{ $value | humanize }} in 10 minutes). Pods start, but nobody places them.',
  },
  {
    name: 'PerihelionCertificateNotRenewed',
    expr: `perihelion_certificate_not_after_seconds - time() < ${7 * day}`,
    forMinutes: 60,
    severity: 'warning',
    summary: 'The certificate of the webhook should have been renewed by now.',
    description:
      'The certificate in {{ $labels.pod }} ends in {{ $value | humanizeDuration }}; it is renewed ten days before its end.',
  },
  {
    name: 'PerihelionAuthorityNotRenewed',
    expr: `perihelion_certificate_authority_not_after_seconds - time() < ${30 * day}`,
    forMinutes: 60,
    severity: 'warning',
    summary: 'A CA of the webhook should have been renewed by now.',
    description:
      'The CA in slot {{ $labels.slot }} ends in {{ $value | humanizeDuration }}; it is renewed 90 days before its end.',
  },
  {
    name: 'PerihelionAbsent',
    expr: 'absent(perihelion_admission_requests_total)',
    forMinutes: 10,
    severity: 'warning',
    summary: 'No admission replica is scraped.',
    description:
      'Either no replica runs or Prometheus does not reach port 8080 of the Pods; the other alerts are blind.',
  },
  {
    name: 'PerihelionNoLeader',
    expr: '(sum(perihelion_learner_is_leader) or vector(0)) == 0',
    forMinutes: 5,
    severity: 'warning',
    summary: 'No learner leads: nothing is learned.',
    description:
      'Decisions are still taken from the last model, and unsettled ones wait on their Pods.',
  },
  {
    name: 'PerihelionSeveralLeaders',
    expr: 'sum(perihelion_learner_is_leader) > 1',
    forMinutes: 2,
    severity: 'warning',
    summary: 'More than one learner says that it leads.',
    description:
      'Writes of an older term are refused, so no value is lost; look for a process that was suspended or a clock that jumps.',
  },
  {
    name: 'PerihelionClockOff',
    expr: 'abs(perihelion_clock_offset_seconds) > 10',
    forMinutes: 5,
    severity: 'warning',
    summary: "A replica's clock and the API server's are more than 10 s apart.",
    description:
      '{{ $labels.pod }} is off by {{ $value | humanizeDuration }}: as a learner it does not lead, and decisions of a webhook that is off by 5 minutes are not believed.',
  },
  {
    name: 'PerihelionTelemetryMissing',
    expr: 'sum(increase(perihelion_learner_telemetry_failures_total[15m])) > 0',
    forMinutes: 15,
    severity: 'warning',
    summary: 'Windows pass for which Kepler, Istio or the load source has no answer.',
    description:
      'Their decisions teach nothing; targets without telemetry are never preferred over measured ones.',
  },
  {
    name: 'PerihelionInformerStale',
    expr: 'sum by (namespace, pod, resource) (increase(perihelion_informer_happenings_total{happening=~"listed|watched|event|bookmark"}[10m])) == 0',
    forMinutes: 5,
    severity: 'warning',
    summary: 'An informer has heard nothing from the API server.',
    description:
      '{{ $labels.pod }} answers from an old view of {{ $labels.resource }}; even a quiet watch has a bookmark a minute.',
  },
  {
    name: 'PerihelionPatchRejected',
    expr: 'sum by (namespace, pod) (increase(perihelion_patch_rejected_total[15m])) > 0',
    severity: 'warning',
    summary: 'A patch did not pass the check on our own copy.',
    description:
      'It was not sent and the Pod was created unchanged. This is a defect: the audit log holds the request (reason patch-unsafe).',
  },
  {
    name: 'PerihelionInternalFailures',
    expr: 'sum by (reason) (increase(perihelion_admission_failed_total{reason=~"internal|unreadable-pod"}[15m])) > 0',
    severity: 'warning',
    summary: 'Pods were allowed without a patch because something went wrong.',
    description: 'Reason {{ $labels.reason }}; the log of the admission replicas says more.',
  },
  {
    name: 'PerihelionDeadlineHits',
    expr: 'sum(increase(perihelion_admission_deadline_total[15m])) > 0.01 * sum(increase(perihelion_admission_requests_total[15m]))',
    forMinutes: 15,
    severity: 'warning',
    summary: 'More than 1 % of requests run out of time.',
    description:
      'They are answered without a patch before the API server gives up. More replicas or CPU help.',
  },
  {
    name: 'PerihelionSlow',
    expr: 'histogram_quantile(0.99, sum by (le) (rate(perihelion_admission_duration_seconds_bucket[10m]))) > 0.5',
    forMinutes: 15,
    severity: 'warning',
    summary: 'An admission takes half a second or more at the 99th percentile.',
    description:
      'Now {{ $value | humanizeDuration }}; the limit of the webhook configuration is 2 s.',
  },
  {
    name: 'PerihelionAuditDropped',
    expr: 'sum by (reason) (increase(perihelion_audit_dropped_total[15m])) > 0',
    severity: 'warning',
    summary: 'Lines of the audit log are lost.',
    description: 'Reason {{ $labels.reason }}; the log itself holds a line of kind drop.',
  },
  {
    name: 'PerihelionPublishFailures',
    expr: 'sum(increase(perihelion_learner_publish_failures_total[15m])) > 0',
    forMinutes: 15,
    severity: 'warning',
    summary: 'The learner cannot write the model.',
    description: 'Check the rights of its ServiceAccount on placementmodels and the API server.',
  },
  {
    name: 'PerihelionUnsettledBacklog',
    expr: 'max(perihelion_learner_unsettled_decisions) > 0 and (sum(increase(perihelion_learner_decisions_settled_total[1h])) or vector(0)) + (sum(increase(perihelion_learner_decisions_censored_total[1h])) or vector(0)) == 0',
    forMinutes: 60,
    severity: 'warning',
    summary: 'Decisions wait, and none was settled for an hour.',
    description:
      '{{ $value }} decisions are neither settled nor censored. Pods that never get Ready do this, and a window longer than an hour does so too.',
  },
  {
    name: 'PerihelionDecisionsForged',
    expr: 'sum by (reason) (increase(perihelion_learner_decisions_rejected_total[1h])) > 0',
    severity: 'info',
    summary: 'Pods carry decision annotations that Perihelion did not sign for them.',
    description:
      'Reason {{ $labels.reason }}. Copied annotations are usual in templates made from running Pods; they are not believed.',
  },
  {
    name: 'PerihelionCircuitsOpen',
    expr: 'max(perihelion_circuits_open) > 0',
    forMinutes: 30,
    severity: 'info',
    summary: 'The circuit breaker leaves workloads to the default scheduler.',
    description:
      '{{ $value }} workloads: their objectives were missed, they did worse than the holdout, or their telemetry is lost.',
  },
  {
    name: 'PerihelionAdherenceLow',
    expr: 'min by (topology_key) (perihelion_adherence_ratio) < 0.3',
    forMinutes: 60,
    severity: 'info',
    summary: 'Few Pods land on the target they were asked to prefer.',
    description:
      'Only {{ $value | humanizePercentage }} for {{ $labels.topology_key }}: the preferred targets are full, or other scores of the scheduler outweigh the preference.',
  },
];

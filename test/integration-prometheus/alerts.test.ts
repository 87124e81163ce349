// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ALERTS } from '../../tools/monitoring/alerts.ts';
import { ruleFile } from '../../tools/monitoring/rules.ts';
import { ROWS } from '../../tools/monitoring/panels.ts';

const run = promisify(execFile);

/** Three hours of series, one sample a minute, under which an alert fires, and of one on which it keeps quiet. */
interface Example {
  readonly fires: Readonly<Record<string, string>>;
  readonly quiet: Readonly<Record<string, string>>;
}

const pod = 'namespace="perihelion-system",pod="a"';
const still = '1x180';
const failOpen =
  'apiserver_admission_webhook_fail_open_count{name="placement.perihelion.dev",type="admit"}';
const informer = `perihelion_informer_happenings_total{${pod},resource="pods",happening="bookmark"}`;
const unsettled = `perihelion_learner_unsettled_decisions{${pod}}`;
const settled = `perihelion_learner_decisions_settled_total{${pod}}`;
const deadline = `perihelion_admission_deadline_total{${pod}}`;
const requests = `perihelion_admission_requests_total{${pod},outcome="injected"}`;
const bucket = (le: string): string =>
  `perihelion_admission_duration_seconds_bucket{${pod},le="${le}"}`;
const counts = (name: string, labels = ''): Example => ({
  fires: { [`${name}{${pod}${labels}}`]: '0+1x180' },
  quiet: { [`${name}{${pod}${labels}}`]: '7x180' },
});
const certificate = (days: number, of = 'certificate'): Readonly<Record<string, string>> => ({
  [`perihelion_${of}_not_after_seconds{${pod}}`]: `${10_800 + days * 86_400}x180`,
});

const EXAMPLES: Readonly<Record<string, Example>> = {
  PerihelionCertificateExpired: { fires: certificate(0.5), quiet: certificate(2) },
  PerihelionCertificateNotRenewed: { fires: certificate(6), quiet: certificate(9) },
  PerihelionAuthorityNotRenewed: {
    fires: certificate(29, 'certificate_authority'),
    quiet: certificate(31, 'certificate_authority'),
  },
  PerihelionClockOff: {
    fires: { [`perihelion_clock_offset_seconds{${pod}}`]: '-12x180' },
    quiet: { [`perihelion_clock_offset_seconds{${pod}}`]: '3x180' },
  },
  PerihelionCircuitsOpen: {
    fires: { [`perihelion_circuits_open{${pod}}`]: '2x180' },
    quiet: { [`perihelion_circuits_open{${pod}}`]: '0x180' },
  },
  PerihelionFailedOpen: {
    fires: { [failOpen]: '0+1x180' },
    quiet: {
      [failOpen]: '3x180',
      'apiserver_admission_webhook_fail_open_count{name="another",type="admit"}': '0+1x180',
    },
  },
  PerihelionAbsent: { fires: {}, quiet: { [requests]: still } },
  PerihelionNoLeader: {
    fires: { [`perihelion_learner_is_leader{${pod}}`]: '0x180' },
    quiet: {
      [`perihelion_learner_is_leader{${pod}}`]: '0x180',
      'perihelion_learner_is_leader{namespace="perihelion-system",pod="b"}': still,
    },
  },
  PerihelionSeveralLeaders: {
    fires: {
      [`perihelion_learner_is_leader{${pod}}`]: still,
      'perihelion_learner_is_leader{namespace="perihelion-system",pod="b"}': still,
    },
    quiet: { [`perihelion_learner_is_leader{${pod}}`]: still },
  },
  PerihelionTelemetryMissing: counts('perihelion_learner_telemetry_failures_total'),
  PerihelionInformerStale: { fires: { [informer]: '7x180' }, quiet: { [informer]: '0+1x180' } },
  PerihelionPatchRejected: counts('perihelion_patch_rejected_total'),
  PerihelionInternalFailures: counts('perihelion_admission_failed_total', ',reason="internal"'),
  PerihelionDeadlineHits: {
    fires: { [deadline]: '0+1x180', [requests]: '0+50x180' },
    quiet: { [deadline]: '0+1x180', [requests]: '0+500x180' },
  },
  PerihelionSlow: {
    fires: {
      [bucket('0.5')]: '0+90x180',
      [bucket('1')]: '0+100x180',
      [bucket('+Inf')]: '0+100x180',
    },
    quiet: {
      [bucket('0.5')]: '0+100x180',
      [bucket('1')]: '0+100x180',
      [bucket('+Inf')]: '0+100x180',
    },
  },
  PerihelionAuditDropped: counts('perihelion_audit_dropped_total', ',reason="full"'),
  PerihelionPublishFailures: counts('perihelion_learner_publish_failures_total'),
  PerihelionUnsettledBacklog: {
    fires: { [unsettled]: '5x180', [settled]: '7x180' },
    quiet: { [unsettled]: '5x180', [settled]: '0+1x180' },
  },
  PerihelionDecisionsForged: counts(
    'perihelion_learner_decisions_rejected_total',
    ',reason="forged"',
  ),
  PerihelionAdherenceLow: {
    fires: { [`perihelion_adherence_ratio{${pod},topology_key="zone"}`]: '0.1x180' },
    quiet: { [`perihelion_adherence_ratio{${pod},topology_key="zone"}`]: '0.8x180' },
  },
};

async function withFiles(
  files: Readonly<Record<string, unknown>>,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-alerts-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), JSON.stringify(content));
    }
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('promtool accepts every alert', async () => {
  await withFiles({ 'rules.yaml': ruleFile() }, async (folder) => {
    const { stdout } = await run('promtool', ['check', 'rules', join(folder, 'rules.yaml')]);
    assert.match(stdout, new RegExp(`${ALERTS.length} rules found`));
  });
});

test('promtool accepts every query of the dashboard', async () => {
  const rules = ROWS.flatMap(({ panels }) =>
    panels.flatMap(({ queries }) =>
      queries.map(({ expr }, index) => ({
        record: `panel:query:${index}`,
        expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', '.*'),
      })),
    ),
  );
  const unique = rules.map((rule, index) => ({ ...rule, record: `panel:query:${index}` }));
  const content = { groups: [{ name: 'panels', rules: unique }] };
  await withFiles({ 'rules.yaml': content }, async (folder) => {
    const { stdout } = await run('promtool', ['check', 'rules', join(folder, 'rules.yaml')]);
    assert.match(stdout, new RegExp(`${unique.length} rules found`));
  });
});

test('every alert fires when it should, and is quiet when it should be', async () => {
  assert.deepEqual(Object.keys(EXAMPLES).sort(), ALERTS.map(({ name }) => name).sort());
  // A file of rules for each alert: promtool evaluates all rules of a file for every case.
  const files: Record<string, unknown> = {};
  const [group] = ruleFile().groups;
  for (const rule of group?.rules ?? []) {
    const name = String(rule['alert']);
    files[`${name}.rules`] = { groups: [{ name: 'one', rules: [rule] }] };
    files[`${name}.yaml`] = {
      rule_files: [`${name}.rules`],
      evaluation_interval: '1m',
      tests: (['fires', 'quiet'] as const).map((kind) => caseOf(name, kind)),
    };
  }
  await withFiles(files, async (folder) => {
    const tests = ALERTS.map(({ name }) => `${name}.yaml`);
    const { stdout, stderr } = await run('promtool', ['test', 'rules', ...tests], {
      cwd: folder,
    }).catch((error: unknown) => error as { stdout: string; stderr: string });
    assert.equal(stdout.match(/SUCCESS/g)?.length, ALERTS.length, stdout + stderr);
  });
});

/** One case of promtool: these series for three hours, then the alert fires or does not. */
function caseOf(name: string, kind: keyof Example): object {
  return {
    name: `${name} ${kind}`,
    interval: '1m',
    input_series: Object.entries(EXAMPLES[name]?.[kind] ?? {}).map(([series, values]) => ({
      series,
      values,
    })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${name}",alertstate="firing"}) > bool 0 or vector(0)`,
        eval_time: '3h',
        exp_samples: [{ labels: '{}', value: kind === 'fires' ? 1 : 0 }],
      },
    ],
  };
}

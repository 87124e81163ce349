// SPDX-License-Identifier: Apache-2.0
import type { Interval } from '#reward/confidence.ts';
import { byTargetText } from '#cli/explain/adherence.ts';
import { compact, signed } from '#cli/audit/line.ts';
import { plural, printable, type Style, type Tone } from '#cli/terminal/style.ts';
import { renderTable } from '#cli/terminal/table.ts';
import { courseText } from './course-text.ts';
import {
  actionText,
  adherenceText,
  type Finding,
  findingOf,
  intervalText,
  percentText,
  quantityText,
} from './format.ts';
import type { Evidence, Learned, NamespaceReport, Report, WorkloadReport } from './report.ts';
import type { SavingsFigure } from './savings-figure.ts';

/** Values shown of one workload; the other outputs show all. */
const MOST_VALUES = 12;

const TONES: Readonly<Record<Finding, Tone>> = { good: 'good', bad: 'bad', unclear: 'warning' };

/** A report for a terminal. */
export function renderText(report: Report, style: Style): string {
  const parts = report.namespaces.map((one) => namespaceText(one, style));
  const { courses = [] } = report;
  if (courses.length > 0) parts.push(courseText(courses, style));
  if (parts.length === 0) parts.push(`${NOTHING}\n`);
  if (report.unreadable.length > 0) {
    const lines = report.unreadable.map((one) => `  ${printable(one)}`);
    parts.push(`${style.paint('warning', 'Not readable:')}\n${lines.join('\n')}\n`);
  }
  if (report.namespaces.length > 0) parts.push(`${LEGEND}\n`);
  return parts.join('\n');
}

/** Said where there is no model. */
export const NOTHING =
  'Nothing is learned yet: no rollout was settled in a namespace that opted in (perihelion doctor).';

/** What the intervals promise. */
export const LEGEND =
  'Brackets hold 95 % confidence sequences: they may be looked at as often as you like. Saved is\n' +
  'against Pods that a draw left to the default scheduler, over the windows that were measured.';

function namespaceText(report: NamespaceReport, style: Style): string {
  const { namespace, policy, mode, workloads } = report;
  const name = style.paint('strong', printable(namespace));
  const held =
    policy === undefined || mode === undefined
      ? 'policy unknown'
      : `${policy.builtIn ? 'built-in policy' : `policy ${policy.name}`}, mode ${mode}`;
  const header = [
    'workload',
    'mode',
    'rollouts',
    'settled',
    'adherence',
    'energy saved',
    'circuit',
  ];
  const rows = workloads.map((one) => [
    printable(one.workload),
    one.mode ?? '-',
    String(one.rollouts),
    String(one.settled),
    adherenceText(one.adherence) ?? '-',
    savedText(one),
    one.circuit.phase,
  ]);
  return [
    `Namespace ${name} (${printable(held)})`,
    ...evidenceLines(report, style),
    '',
    renderTable(header, rows, [1, 6]),
    ...workloads.flatMap((one) => workloadText(one, style)),
    ...report.tiers.flatMap((tier) => valuesText(tier)),
  ].join('\n');
}

function savedText({ savings }: Evidence): string {
  if (savings.kind === 'refused') return '-';
  return savings.savedRatio === undefined
    ? quantityText(savings.savedJoules, 'J')
    : percentText(savings.savedRatio);
}

function workloadText(report: WorkloadReport, style: Style): string[] {
  const { workload, policy, circuit } = report;
  const lines = [
    `${style.paint('strong', printable(workload))} (policy ${printable(policy)})`,
    ...evidenceLines(report, style),
  ];
  if (circuit.reason !== undefined) lines.push(row('circuit', circuit.text));
  return [...lines, '', ...valuesText(report)];
}

function evidenceLines(evidence: Evidence, style: Style): string[] {
  const { adherence, savings, shadow } = evidence;
  const lines = [row('adherence', adherenceText(adherence) ?? 'no target was asked for yet')];
  const lately = adherence && byTargetText(adherence);
  if (lately !== undefined) lines.push(row('', printable(`lately ${lately}`)));
  if (savings.kind === 'refused') lines.push(row('saved', `no figure: ${savings.reason}`));
  else lines.push(...savingsLines(savings, style));
  if (shadow?.kind === 'refused') lines.push(row('shadow', `no estimate: ${shadow.reason}`));
  if (shadow?.kind === 'estimated') {
    const { decisions, effectiveSampleSize: size, energy, latency } = shadow;
    const basis = `${plural(decisions, 'decision')} that weigh as much as ${size.toFixed(0)}`;
    lines.push(
      row(
        'shadow',
        painted(energy.doublyRobust, 'above', percentText, style) + ' energy, estimated',
      ),
      row('', painted(latency.doublyRobust, 'above', percentText, style) + ' latency, estimated'),
      row('', `had every choice been followed; doubly robust, from ${basis}`),
    );
  }
  return lines;
}

function savingsLines(savings: SavingsFigure, style: Style): string[] {
  const { savedRatio, savedJoules, savedGrams, savedMoney, p99DifferenceMilliseconds } = savings;
  const joules = (interval: Interval): string => quantityText(interval, 'J');
  const lines = [row('saved', painted(savedJoules, 'above', joules, style))];
  if (savedRatio !== undefined) lines.push(row('', `${percentText(savedRatio)} of the energy`));
  if (savedGrams !== undefined) lines.push(row('', `${quantityText(savedGrams, 'g')} CO2e`));
  if (savedMoney !== undefined) {
    lines.push(row('', intervalText(savedMoney.amount, 1, savedMoney.currency)));
  }
  const { decisions, holdouts, requests } = savings;
  const basis = `${plural(decisions, 'Pod')}, ${holdouts} of them held out, ${compact(requests)} requests`;
  const p99 = p99DifferenceMilliseconds;
  const slower = (interval: Interval): string => intervalText(interval, 1, 'ms');
  return [
    ...lines,
    row('p99', p99 === undefined ? 'no figure yet' : painted(p99, 'below', slower, style)),
    row('from', basis),
  ];
}

function painted(
  interval: Interval,
  better: 'above' | 'below',
  write: (interval: Interval) => string,
  style: Style,
): string {
  const finding = findingOf(interval, better);
  const doubt = finding === 'unclear' ? ' (not shown either way)' : '';
  return `${style.paint(TONES[finding], write(interval))}${doubt}`;
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(9)}  ${text}`;
}

function valuesText({ workload, values }: Learned): string[] {
  if (values.length === 0) return [];
  const shown = values
    .toSorted((a, b) => b.samples - a.samples)
    .slice(0, MOST_VALUES)
    .toSorted((a, b) => values.indexOf(a) - values.indexOf(b));
  const rows = shown.map(({ state, action, value, samples }) => [
    printable(state),
    printable(actionText(action)),
    signed(value),
    compact(samples),
  ]);
  const more = values.length - shown.length;
  return [
    `${printable(workload)}: learned values`,
    renderTable(['state', 'action', 'Q', 'samples'], rows, [1]),
    ...(more > 0 ? [`and ${more} with fewer samples (--output json shows all)\n`] : []),
  ];
}

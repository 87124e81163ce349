// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type { SettlementEntry } from '#audit/entry.ts';
import { compact, signed } from '#cli/audit/line.ts';
import { printable, type Style } from '#cli/terminal/style.ts';
import { renderTable } from '#cli/terminal/table.ts';
import { byTargetText, followedPercent } from './adherence.ts';
import type { ActionRow } from './actions.ts';
import type { Explanation, ExplainedDecision } from './explanation.ts';

const LABEL_WIDTH = 11;

/** An explanation for people. */
export function renderExplanation(explanation: Explanation, style: Style): string {
  const { namespace, pod, phase, workload, tier, policy } = explanation;
  const rows: (readonly [string, string])[] = [
    ['Pod', `${style.paint('strong', printable(`${namespace}/${pod}`))} (${phase})`],
    ['Workload', printable(`${workload}, tier ${tier}`)],
    ['Policy', printable(policyText(policy))],
    ...decisionRows(explanation, style),
    ['Landed', landedText(explanation, style)],
    ['Adherence', adherenceText(explanation)],
    ...outweighedRows(explanation),
    ['Earned', earnedText(explanation)],
  ];
  const lines = rows.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)} ${text}`);
  return `${lines.join('\n')}\n${actionTable(explanation.actions)}`;
}

function policyText(policy: Explanation['policy']): string {
  const { name, builtIn, mode, topologyKey } = policy;
  return `${builtIn ? 'built-in' : name}, mode ${mode}, targets are values of ${topologyKey}`;
}

function decisionRows(explanation: Explanation, style: Style): (readonly [string, string])[] {
  const { decision, leftAlone } = explanation;
  if (decision === undefined) {
    return [
      ['Decision', `none: ${printable(`${leftAlone?.reason ?? ''}: ${leftAlone?.detail ?? ''}`)}`],
    ];
  }
  const { id, policy, modelVersion, state, action, why } = decision;
  // Whoever creates a Pod may write any number there.
  const time = new Date(decision.decidedAt);
  const at = Number.isNaN(time.getTime()) ? '' : `, ${time.toISOString()}`;
  const shadow = decision.shadow === true ? 'mode Shadow, nothing injected; else: ' : '';
  const verb = decision.required === true ? 'require' : 'prefer';
  const what = action === DEFAULT_ACTION ? 'leave it to the scheduler' : `${verb} ${action}`;
  return [
    ['Decision', printable(`${id}${at}, policy ${policy}, model version ${modelVersion}`)],
    ['Signature', signatureText(decision, style)],
    ['State', printable(state)],
    ['Action', printable(`${shadow}${what}: ${why}`)],
  ];
}

function signatureText({ signature, signatureDetail }: ExplainedDecision, style: Style): string {
  if (signature === 'valid') return style.paint('good', 'valid');
  const tone = signature === 'forged' ? 'bad' : 'warning';
  const word = signature === 'forged' ? 'not valid' : 'not checked';
  return `${style.paint(tone, word)}: ${printable(signatureDetail ?? '')}`;
}

function landedText({ landed }: Explanation, style: Style): string {
  if (landed === undefined) return 'not bound yet';
  const { node, target, asAsked } = landed;
  const where = target === undefined || target === node ? node : `${target} (node ${node})`;
  const verdict =
    asAsked === undefined
      ? ''
      : asAsked
        ? `, ${style.paint('good', 'as asked')}`
        : `, ${style.paint('warning', 'not as asked')}`;
  return `${printable(where)}${verdict}`;
}

function adherenceText({ adherence }: Explanation): string {
  if (adherence === undefined) return 'nothing was asked for this workload yet';
  const { followed, asked } = adherence;
  const recent = byTargetText(adherence);
  const lately = recent === undefined ? '' : printable(`; lately ${recent}`);
  const percent = followedPercent(adherence);
  return `${followed} of ${asked} Pods of the workload landed where asked (${percent} %)${lately}`;
}

function outweighedRows({ outweighed }: Explanation): (readonly [string, string])[] {
  if (outweighed === undefined) return [];
  const { text, remedy } = outweighed;
  const rows: (readonly [string, string])[] = [['Scheduler', printable(text)]];
  return remedy === undefined ? rows : [...rows, ['Remedy', printable(remedy)]];
}

function earnedText({ settlement }: Explanation): string {
  switch (settlement.kind) {
    case 'entry':
      return printable(settlementText(settlement.entry));
    case 'settled':
      return 'looked at; what came of it is in the audit log of the learner (--audit FILE)';
    case 'open':
      return 'not settled yet';
    case 'none':
      return 'nothing: without a decision there is nothing to learn from';
  }
}

/** Readings that people ask for, with their unit. */
const SHOWN_READINGS: readonly (readonly [string, string])[] = [
  ['podJoules', 'J'],
  ['requests', 'requests'],
  ['p99Milliseconds', 'ms p99'],
];

function settlementText(entry: SettlementEntry): string {
  const { status, reason, reward, advantage } = entry;
  const parts = [`${status} (${reason})`];
  if (advantage !== undefined) parts.push(`advantage ${signed(advantage)}`);
  if (reward !== undefined) parts.push(`reward ${signed(reward)}`);
  for (const [name, unit] of SHOWN_READINGS) {
    const reading = entry.readings[name];
    if (reading?.kind === 'measured') parts.push(`${compact(reading.value)} ${unit}`);
  }
  return parts.join(', ');
}

function actionTable(rows: readonly ActionRow[]): string {
  // Without a state there is nothing to look up.
  if (rows.every(({ value, valueThen }) => value === undefined && valueThen === undefined))
    return '';
  const withLog = rows.some((row) => row.valueThen !== undefined || row.infeasible !== undefined);
  const number = (value: number | undefined, write: (value: number) => string): string =>
    value === undefined ? '-' : write(value);
  const header = ['action', 'Q', 'samples', ...(withLog ? ['Q then', 'samples then'] : [])];
  const table = renderTable(
    [...header, 'telemetry', 'remark'],
    rows.map((row) => [
      printable(row.action),
      number(row.value, signed),
      number(row.samples, compact),
      ...(withLog ? [number(row.valueThen, signed), number(row.samplesThen, compact)] : []),
      row.action === DEFAULT_ACTION ? '-' : (row.telemetry ?? 'not observed'),
      remarkOf(row),
    ]),
    [header.length, header.length + 1],
  );
  return `\n${table}`;
}

function remarkOf({ chosen, infeasible }: ActionRow): string {
  if (infeasible !== undefined) return `infeasible: ${printable(infeasible)}`;
  return chosen ? 'chosen' : '';
}

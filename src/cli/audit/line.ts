// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import type {
  AdmissionEntry,
  AuditEntry,
  CapacityEntry,
  DropEntry,
  EnforcementEntry,
  ForgottenEntry,
  SettlementEntry,
} from '#audit/entry.ts';
import { printable, type Style, type Tone } from '#cli/terminal/style.ts';

/** What came of an entry, in one word: what `--outcome` selects by. */
export function outcomeOf(entry: AuditEntry): string {
  if (entry.kind === 'admission') return entry.outcome;
  if (entry.kind === 'enforcement') return entry.change;
  if (entry.kind === 'capacity') return entry.outcome;
  if (entry.kind === 'forgotten') return 'deleted';
  return entry.kind === 'settlement' ? entry.status : 'dropped';
}

/**
 * For people, of the outcome `injected`: the patch holds the decision and no term, because it leaves the
 * Pod to the default scheduler.
 */
const ANNOTATED = 'annotated';

const TONES: Readonly<Record<string, Tone>> = {
  injected: 'good',
  settled: 'good',
  applied: 'good',
  [ANNOTATED]: 'faint',
  held: 'faint',
  refused: 'warning',
  'dry-run': 'faint',
  skipped: 'faint',
  failed: 'bad',
  dropped: 'bad',
  censored: 'warning',
  released: 'warning',
  eviction: 'warning',
  discarded: 'warning',
};
const OUTCOME_WIDTH = 9;

function isAnnotatedOnly(entry: AuditEntry): boolean {
  return (
    entry.kind === 'admission' &&
    entry.outcome === 'injected' &&
    entry.decision?.action === DEFAULT_ACTION
  );
}

/** One audit entry as one readable line, without its line end. */
export function readableLine(entry: AuditEntry, style: Style): string {
  const outcome = outcomeOf(entry);
  const text = isAnnotatedOnly(entry) ? ANNOTATED : outcome;
  const word = style.paint(TONES[text] ?? 'strong', text.padEnd(OUTCOME_WIDTH));
  const rest = printable(textOf(entry));
  return style.fit(`${style.paint('faint', printable(entry.time))}  ${word}  ${rest}`);
}

function textOf(entry: AuditEntry): string {
  if (entry.kind === 'admission') return admissionText(entry);
  if (entry.kind === 'enforcement') return enforcementText(entry);
  if (entry.kind === 'capacity') return capacityText(entry);
  if (entry.kind === 'forgotten') return forgottenText(entry);
  return entry.kind === 'settlement' ? settlementText(entry) : dropText(entry);
}

function admissionText(entry: AdmissionEntry): string {
  const { decision, namespace, workload, name, generateName } = entry;
  const subject = workload ?? name ?? (generateName === undefined ? 'a Pod' : `${generateName}*`);
  const who = `${namespace}/${subject}`;
  const took = `${(entry.durationSeconds * 1000).toFixed(1)} ms`;
  if (decision === undefined) return `${who}  ${entry.reason}  ${took}`;
  const { action, choice, propensity, state, id, candidates } = decision;
  const taken = candidates.find((candidate) => candidate.action === action);
  const belief =
    taken === undefined ? '' : `  Q ${signed(taken.value)} (n ${compact(taken.weight)})`;
  const reason = entry.outcome === 'skipped' ? `${choice}, ${entry.reason}` : choice;
  return `${who} -> ${action}  ${reason}  p ${compact(propensity)}${belief}  ${state}  ${took}  ${id}`;
}

function settlementText(entry: SettlementEntry): string {
  const { namespace, pod, asked, landed, reason, reward, advantage, decisionId } = entry;
  const where = landed === undefined ? 'never bound' : `landed ${landed}`;
  const parts = [`${namespace}/${pod}`, `asked ${asked}, ${where}`, reason];
  if (reward !== undefined) parts.push(`reward ${signed(reward)}`);
  if (advantage !== undefined) parts.push(`advantage ${signed(advantage)}`);
  return [...parts, decisionId].join('  ');
}

function enforcementText({ namespace, workload, pod, detail, result }: EnforcementEntry): string {
  const who = `${namespace}/${pod ?? workload}`;
  return [who, detail, ...(result === undefined ? [] : [result])].join('  ');
}

function forgottenText({ namespace, workload, policy, unusedSince }: ForgottenEntry): string {
  return `${namespace}/${workload}  model of policy ${policy}, without Pods since ${unusedSince}`;
}

function capacityText({ namespace, workload, reason, scaling, move, id }: CapacityEntry): string {
  const parts = [`${namespace}/${workload}`];
  if (scaling !== undefined) {
    parts.push(`replicas ${scaling.replicas} ${scaling.action}`, reason, scaling.state);
  }
  if (move !== undefined) {
    const cost = move.cost === undefined ? 'unknown' : compact(move.cost);
    parts.push(`${move.pod}: ${move.from} -> ${move.to}`, reason);
    parts.push(`saves ${compact(move.saving)} s, costs ${cost} s`);
  }
  return [...parts, id].join('  ');
}

function dropText(entry: DropEntry): string {
  return Object.entries(entry.dropped)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
}

/** A number with its sign and three decimals. */
export function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
}

/** A number in as few digits as three decimals need. */
export function compact(value: number): string {
  return String(Number(value.toFixed(3)));
}

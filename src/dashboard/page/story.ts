// SPDX-License-Identifier: Apache-2.0
import type {
  Story,
  StoryAction,
  StoryCell,
  StoryEarned,
  StoryReading,
} from '#dashboard/api/api-decisions.ts';
import { type Child, h } from './dom.ts';
import {
  actionWords,
  count,
  digits,
  figureText,
  joules,
  milliseconds,
  moment,
  percent,
  samplesText,
  signed,
  watts,
} from './format.ts';
import { adherenceText, badge, omitted, tableHead, wideTable } from './parts.ts';

/**
 * Everything that is known of one decision, in a dialog over the list.
 * @param now the product's clock, milliseconds since the epoch
 */
export function storyOf(story: Story, now: number): HTMLElement {
  const { decision, earned } = story;
  const title = decision.pod ?? `A Pod of ${decision.workload}`;
  return h(
    'dialog',
    { class: 'story', 'aria-labelledby': 'story-title', 'data-key': `story ${decision.id}` },
    h(
      'div',
      { class: 'story-head' },
      h('h3', { id: 'story-title', tabindex: '-1' }, title),
      h('button', { type: 'button', 'data-do': 'close-story', class: 'close' }, 'Close'),
    ),
    verdict(story),
    terms([
      ['Workload', `${decision.namespace}/${decision.workload}, tier ${decision.tier}`],
      [
        'Decided',
        `${moment(decision.time, now)}, policy ${story.policy}, model version ${story.modelVersion ?? 'unknown'}`,
      ],
      [
        'Mode',
        `${story.mode ?? 'unknown'}, targets are values of ${story.topologyKey ?? 'unknown'}`,
      ],
      ['State', [story.stateText, h('code', { class: 'small soft block' }, story.stateKey)]],
      ['Chance', chance(decision.propensity)],
      ['Signature', decision.signed ? 'valid' : 'not valid: nothing is learned from it'],
      ['Landed', landed(story)],
      ['Adherence', `${adherenceText(story.adherence)} of the workload`],
    ]),
    h('h4', {}, 'What was believed of each action'),
    actions(story),
    story.draw.length > 0 && [h('h4', {}, 'How it was drawn'), terms(story.draw)],
    h('h4', {}, 'What it cost and earned'),
    earnedPart(earned),
    story.gaps.map((gap) => h('p', { class: 'note', role: 'note' }, gap)),
    h('p', { class: 'small soft' }, 'Decision ', h('code', {}, decision.id)),
  );
}

function chance(propensity: number | undefined): string {
  return propensity === undefined
    ? 'unknown'
    : `${percent(propensity)} for this action in this state`;
}

function verdict({ decision, why }: Story): HTMLElement {
  const { action, choice, shadow } = decision;
  const what = action === '(default)' ? 'Left to the scheduler' : `Prefer ${action}`;
  return h(
    'p',
    { class: 'verdict' },
    h('b', {}, shadow ? `${what} (shadow, nothing injected)` : what),
    h('span', { class: `choice is-${choice ?? 'unknown'}` }, choice ?? 'choice not known here'),
    h('span', { class: 'block soft' }, `${why.charAt(0).toUpperCase()}${why.slice(1)}.`),
  );
}

function terms(rows: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  return h(
    'dl',
    { class: 'terms' },
    rows.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );
}

function landed({ decision, node }: Story): string {
  const { landed: target, action } = decision;
  if (target === undefined)
    return node === undefined ? 'not bound yet' : `node ${node}, outside every target`;
  const where = node === undefined || node === target ? target : `${target} (node ${node})`;
  if (action === '(default)') return where;
  return `${where}, ${action === target ? 'as asked' : 'not as asked'}`;
}

function actions({ actions: rows, infeasibleOmitted }: Story): Child {
  const logged = rows.some(
    ({ valueThen, infeasible }) => valueThen !== undefined || infeasible !== undefined,
  );
  const number = (value: number | undefined, write: (value: number) => string): Child =>
    h('td', { class: 'number' }, value === undefined ? 'unknown' : write(value));
  return [
    wideTable(
      'Actions of this decision',
      tableHead([
        ['Action'],
        ['Q now', 'number'],
        ['samples', 'number'],
        ...(logged
          ? ([
              ['Q then', 'number'],
              ['samples then', 'number'],
            ] as const)
          : []),
        ['Telemetry'],
        ['Remark'],
      ]),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            { class: row.chosen ? 'chosen' : '', 'data-action': row.action },
            h('th', { scope: 'row' }, actionWords(row.action)),
            number(row.value, signed),
            number(row.samples, digits),
            logged && [number(row.valueThen, signed), number(row.samplesThen, digits)],
            h('td', {}, row.action === '(default)' ? '' : (row.telemetry ?? 'not observed')),
            h('td', {}, remark(row)),
          ),
        ),
      ),
    ),
    omitted(infeasibleOmitted, 'infeasible actions'),
  ];
}

function remark({ chosen, infeasible }: StoryAction): Child {
  if (infeasible !== undefined) return h('span', { class: 'bad' }, `infeasible: ${infeasible}`);
  return chosen ? h('b', {}, 'chosen') : '';
}

function earnedPart(earned: StoryEarned): Child {
  if (earned.kind === 'open') return h('p', {}, 'Not settled yet.');
  if (earned.kind === 'looked-at') return h('p', {}, 'Looked at, says the model.');
  const { status, reason, reward, advantage, costs, readings, cells } = earned;
  return [
    terms([
      ['Outcome', `${status} (${reason})`],
      [
        'Advantage',
        advantage === undefined ? 'none' : `${signed(advantage)} over the default scheduler`,
      ],
      ['Reward', reward === undefined ? 'none' : signed(reward)],
      ...Object.entries(costs).map(
        ([name, cost]) => [`Cost ${name}`, `${digits(cost)} (the baseline is 1)`] as const,
      ),
    ]),
    readings.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, `The ${readings.length} readings behind it`),
        h(
          'dl',
          { class: 'terms' },
          readings.map((reading) => [
            h('dt', {}, reading.name),
            h('dd', {}, readingText(reading), reading.value !== undefined && badge(reading, true)),
          ]),
        ),
      ),
    cells.length > 0 && cellTable(cells),
  ];
}

function cellTable(cells: readonly StoryCell[]): HTMLElement {
  const text = (cell: StoryCell['before']): string =>
    cell === undefined ? 'new' : `${signed(cell.value)} (${samplesText(cell.weight)})`;
  return h(
    'details',
    {},
    h('summary', {}, `What the agent learned from it: ${count(cells.length)} values`),
    wideTable(
      'Values changed by this decision',
      tableHead([['Table'], ['State'], ['Action'], ['Before'], ['After']]),
      h(
        'tbody',
        {},
        cells.map((cell) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, cell.shard),
            h('td', {}, h('code', { class: 'small' }, cell.state)),
            h('td', {}, actionWords(cell.action)),
            h('td', {}, text(cell.before)),
            h('td', {}, text(cell.after)),
          ),
        ),
      ),
    ),
  );
}

/** The unit of a reading is the end of its name. */
const UNITS: readonly (readonly [end: RegExp, write: (value: number) => string])[] = [
  [/Joules$/, joules],
  [/Watts$/, watts],
  [/Milliseconds$/, milliseconds],
  [/Ratio$/, percent],
];

function readingText(reading: StoryReading): string {
  const write = UNITS.find(([end]) => end.test(reading.name))?.[1] ?? digits;
  const text = figureText(reading, write);
  return reading.value === undefined && reading.detail !== undefined
    ? `${text}: ${reading.detail}`
    : text;
}

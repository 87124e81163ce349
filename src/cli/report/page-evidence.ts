// SPDX-License-Identifier: Apache-2.0
import type { Interval } from '#reward/confidence.ts';
import { byTargetText } from '#cli/explain/adherence.ts';
import { compact } from '#cli/audit/line.ts';
import { plural } from '#cli/terminal/style.ts';
import {
  adherenceText,
  type Finding,
  findingOf,
  intervalText,
  percentText,
  quantityText,
} from './format.ts';
import { html, type Html } from './html.ts';
import { intervalPlot, scaleOf } from './interval-plot.ts';
import type { Evidence } from './report.ts';
import type { Refusal, SavingsFigure } from './savings-figure.ts';
import type { ShadowFigure } from './shadow-figure.ts';

/** Half the width of each column's plot, in the column's unit. */
export interface Scales {
  readonly savedRatio: number;
  readonly p99Milliseconds: number;
}

/** A share beyond this leaves the plot: a wide interval must not flatten all others. */
const MOST_RATIO = 1;

/** What a finding is called; colour alone says nothing. */
const SAVED: Readonly<Record<Finding, string>> = {
  good: 'saved',
  bad: 'cost more',
  unclear: 'not shown either way',
};
const SLOWER: Readonly<Record<Finding, string>> = {
  good: 'quicker',
  bad: 'slower',
  unclear: 'not shown either way',
};

/** Scales that every row of a table shares. */
export function shownScales(rows: readonly Evidence[]): Scales {
  const estimated = rows
    .map(({ savings }) => savings)
    .filter((savings) => savings.kind === 'estimated');
  const defined = (list: readonly (Interval | undefined)[]): Interval[] =>
    list.filter((one) => one !== undefined);
  return {
    savedRatio: scaleOf(defined(estimated.map((one) => one.savedRatio)), MOST_RATIO),
    p99Milliseconds: scaleOf(defined(estimated.map((one) => one.p99DifferenceMilliseconds))),
  };
}

/** Energy saved, as text and plot, or why there is no figure. */
export function savedCell(savings: SavingsFigure | Refusal, scales: Scales): Html {
  if (savings.kind === 'refused')
    return html`<span class="soft">No figure: ${savings.reason}</span>`;
  const { savedRatio: ratio, savedJoules } = savings;
  if (ratio === undefined) return html`${quantityText(savedJoules, 'J')}`;
  const finding = findingOf(ratio, 'above');
  return plotted(ratio, scales.savedRatio, finding, `${percentText(ratio)}, ${SAVED[finding]}`);
}

/** p99 difference, as text and plot. */
export function slowerCell(savings: SavingsFigure | Refusal, scales: Scales): Html {
  const p99 = savings.kind === 'estimated' ? savings.p99DifferenceMilliseconds : undefined;
  if (p99 === undefined) return html`<span class="soft">No figure</span>`;
  const finding = findingOf(p99, 'below');
  const text = `${intervalText(p99, 1, 'ms')}, ${SLOWER[finding]}`;
  return plotted(p99, scales.p99Milliseconds, finding, text);
}

function plotted(interval: Interval, scale: number, finding: Finding, text: string): Html {
  return html`${intervalPlot(interval, scale, finding, text)}<span class="${finding}"
      >${text}</span
    >`;
}

/** Everything that is known of a workload or a namespace, as a list of terms. */
export function evidenceList(evidence: Evidence): Html {
  const { adherence, settled, savings, shadow } = evidence;
  const lately = adherence && byTargetText(adherence);
  return html`<dl>
    <dt>Adherence</dt>
    <dd>${adherenceText(adherence) ?? 'No target was asked for yet'}</dd>
    ${lately === undefined ? undefined : html`<dd>Lately by target: ${lately}</dd>`}
    <dt>Settled</dt>
    <dd>${settled} decisions remembered: the newest, and those of Pods that still exist</dd>
    ${
      savings.kind === 'refused'
        ? html`<dt>Saved</dt>
            <dd>No figure, which is not a saving of 0: ${savings.reason}</dd>`
        : savingsTerms(savings)
    }
    ${shadow === undefined ? undefined : shadowTerms(shadow)}
  </dl>`;
}

function savingsTerms(savings: SavingsFigure): Html {
  const { savedJoules, savedGrams, savedMoney, savedRatio } = savings;
  const finding = findingOf(savedJoules, 'above');
  const ratio = savedRatio === undefined ? '' : `, ${percentText(savedRatio)} of the energy`;
  const p99 = savings.p99DifferenceMilliseconds;
  const slower = p99 === undefined ? undefined : findingOf(p99, 'below');
  const { decisions, holdouts, requests, workloads } = savings;
  return html`<dt>Saved</dt>
    <dd class="${finding}">${quantityText(savedJoules, 'J')}${ratio}: ${SAVED[finding]}</dd>
    ${
      savedGrams === undefined
        ? undefined
        : html`<dt>CO2e</dt>
            <dd class="${finding}">${quantityText(savedGrams, 'g')}</dd>`
    }
    ${
      savedMoney === undefined
        ? undefined
        : html`<dt>Money</dt>
            <dd class="${finding}">${intervalText(savedMoney.amount, 1, savedMoney.currency)}</dd>`
    }
    <dt>p99</dt>
    ${
      p99 === undefined || slower === undefined
        ? html`<dd>No figure yet</dd>`
        : html`<dd class="${slower}">${intervalText(p99, 1, 'ms')}: ${SLOWER[slower]}</dd>`
    }
    <dt>From</dt>
    <dd>
      ${plural(decisions, 'Pod')}, ${holdouts} of them held out; ${compact(requests)} requests;
      ${plural(workloads, 'workload')}
    </dd>`;
}

function shadowTerms(shadow: ShadowFigure | Refusal): Html {
  if (shadow.kind === 'refused') {
    return html`<dt>Shadow</dt>
      <dd>No estimate: ${shadow.reason}</dd>`;
  }
  const { energy, latency, decisions, effectiveSampleSize } = shadow;
  const rows = [
    { name: 'Energy', estimate: energy },
    { name: 'Latency', estimate: latency },
  ].map(
    ({ name, estimate }) =>
      html`<tr>
        <th scope="row">${name}</th>
        ${[estimate.doublyRobust, estimate.snips, estimate.ips].map((one) => {
          const finding = findingOf(one, 'above');
          return html`<td>
            ${plotted(one, MOST_RATIO, finding, `${percentText(one)}, ${SAVED[finding]}`)}
          </td>`;
        })}
      </tr>`,
  );
  return html`<dt>Shadow</dt>
    <dd>
      <div class="wide" tabindex="0" role="region" aria-label="Shadow estimates">
        <table>
          <caption>
            Estimated share that would be saved had every choice been followed, from
            ${plural(decisions, 'decision')} that weigh as much as ${effectiveSampleSize.toFixed(0)}
          </caption>
          <thead>
            <tr>
              <th scope="col">Cost</th>
              <th scope="col">Doubly robust</th>
              <th scope="col">Self-normalised</th>
              <th scope="col">Inverse propensity</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>
      </div>
    </dd>`;
}

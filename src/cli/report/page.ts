// SPDX-License-Identifier: Apache-2.0
import { compact } from '#cli/audit/line.ts';
import { coursePlots } from './course-plot.ts';
import { html, type Html } from './html.ts';
import { PAGE_STYLE } from './page-style.ts';
import { evidenceList, savedCell, shownScales, slowerCell, type Scales } from './page-evidence.ts';
import { valueTable } from './page-values.ts';
import { adherenceText } from './format.ts';
import { LEGEND, NOTHING } from './render-text.ts';
import type { NamespaceReport, Report, WorkloadReport } from './report.ts';

const TITLE = 'Perihelion: what placement saved';

/**
 * The report as one page that needs nothing else: no script, no font, no picture, no address to
 * load from. Everything from the cluster is escaped by the template.
 */
export function renderPage(report: Report): string {
  const { namespaces, courses = [], unreadable, generatedAt } = report;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <meta name="color-scheme" content="light dark" />
        <title>${TITLE}</title>
        <style>
          ${{ html: PAGE_STYLE }}
        </style>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header>
          <h1>${TITLE}</h1>
          <p class="soft">
            As of <time datetime="${generatedAt}">${generatedAt}</time>. ${assumptionsText(report)}
          </p>
        </header>
        <main id="content">
          ${namespaces.length === 0 && courses.length === 0 ? html`<p>${NOTHING}</p>` : contents(namespaces)}
          ${namespaces.map(namespaceSection)}
          ${courses.length === 0 ? undefined : coursesSection(courses)}
          ${unreadable.length === 0 ? undefined : unreadableSection(unreadable)}
        </main>
        <footer class="soft">
          <p>${LEGEND.replace('\n', ' ')}</p>
          <p>
            In the plots the dashed line is 0, the dot the estimate, the bar its interval; right of
            0 is more. All plots of a column have one scale; an arrow leaves it.
          </p>
        </footer>
      </body>
    </html> `;
  return page.html;
}

function assumptionsText({ assumptions }: Report): string {
  const { gramsPerKilowattHour: grams, price } = assumptions;
  const parts: string[] = [];
  if (grams !== undefined) parts.push(`${grams} g CO2e per kWh`);
  if (price !== undefined) parts.push(`${price.perKilowattHour} ${price.currency} per kWh`);
  return parts.length === 0 ? '' : `Assuming ${parts.join(' and ')}.`;
}

function contents(namespaces: readonly NamespaceReport[]): Html | undefined {
  if (namespaces.length < 2) return undefined;
  const links = namespaces.map(
    ({ namespace }, index) => html`<li><a href="#namespace-${index}">${namespace}</a></li>`,
  );
  return html`<nav aria-label="Namespaces">
    <ul>
      ${links}
    </ul>
  </nav>`;
}

/** Descriptive, and said to be: who was left alone was not only drawn. */
function coursesSection(courses: NonNullable<Report['courses']>): Html {
  const names = [...new Set(courses.map(({ namespace }) => namespace))];
  return html`<section aria-labelledby="course">
    <h2 id="course">Over time</h2>
    <p>
      Means of the Pods measured in each slice, from the audit log:
      <span class="key placed">placed by the agent</span> and
      <span class="key left">left to the default scheduler</span>, whatever the reason. Load changes
      both; what was saved is said above, against Pods that a draw left alone.
    </p>
    ${names.map(
      (name) =>
        html`<h3>Namespace ${name}</h3>
          ${courses.filter(({ namespace }) => namespace === name).map(coursePlots)}`,
    )}
  </section>`;
}

function unreadableSection(lines: readonly string[]): Html {
  return html`<section aria-labelledby="unreadable">
    <h2 id="unreadable">Not readable</h2>
    <ul>
      ${lines.map((line) => html`<li>${line}</li>`)}
    </ul>
  </section>`;
}

function namespaceSection(report: NamespaceReport, index: number): Html {
  const { namespace, policy, mode, workloads, tiers } = report;
  const id = `namespace-${index}`;
  const held =
    policy === undefined || mode === undefined
      ? 'The policy in force is not known.'
      : `${policy.builtIn ? 'Built-in policy' : `Policy ${policy.name}`}, mode ${mode}.`;
  return html` <section aria-labelledby="${id}">
    <h2 id="${id}">Namespace ${namespace}</h2>
    <p>${held} All workloads together:</p>
    ${evidenceList(report)} ${workloads.length === 0 ? undefined : overview(namespace, workloads)}
    ${workloads.map(workloadDetails)}
    ${tiers.map(
      (tier) =>
        html`<details>
          <summary>
            ${tier.workload}: values that stand in for what a workload has not tried
          </summary>
          ${valueTable(tier)}
        </details>`,
    )}
  </section>`;
}

function overview(namespace: string, workloads: readonly WorkloadReport[]): Html {
  const scales = shownScales(workloads);
  return html`<div class="wide" tabindex="0" role="region" aria-label="Workloads of ${namespace}">
    <table>
      <caption>
        Workloads of ${namespace}; energy saved is a share of what held-out Pods used
      </caption>
      <thead>
        <tr>
          <th scope="col">Workload</th>
          <th scope="col">Policy</th>
          <th scope="col">Mode</th>
          <th scope="col">Rollouts</th>
          <th scope="col">Settled</th>
          <th scope="col">Adherence</th>
          <th scope="col">Energy saved</th>
          <th scope="col">p99 difference</th>
          <th scope="col">Circuit</th>
        </tr>
      </thead>
      <tbody>
        ${workloads.map((one) => overviewRow(one, scales))}
      </tbody>
    </table>
  </div>`;
}

function overviewRow(report: WorkloadReport, scales: Scales): Html {
  const { workload, policy, mode, rollouts, settled, adherence, savings, circuit } = report;
  return html`<tr>
    <th scope="row">${workload}</th>
    <td>${policy}</td>
    <td>${mode ?? 'not in force'}</td>
    <td class="number">${compact(rollouts)}</td>
    <td class="number">${settled}</td>
    <td class="number">${adherenceText(adherence) ?? '–'}</td>
    <td>${savedCell(savings, scales)}</td>
    <td>${slowerCell(savings, scales)}</td>
    <td>${circuit.phase}</td>
  </tr>`;
}

function workloadDetails(report: WorkloadReport): Html {
  const { workload, policy, circuit, modelVersion, defaultSamples } = report;
  return html`<details>
    <summary>${workload} <span class="soft">(policy ${policy})</span></summary>
    ${evidenceList(report)}
    <dl>
      <dt>Circuit</dt>
      <dd>${circuit.text}</dd>
      <dt>Baseline</dt>
      <dd>${defaultSamples} Pods of the default scheduler, model version ${modelVersion}</dd>
    </dl>
    ${valueTable(report)}
  </details>`;
}

// SPDX-License-Identifier: Apache-2.0
import { compact, signed } from '#cli/audit/line.ts';
import { actionText, stateText } from './format.ts';
import { html, type Html } from './html.ts';
import type { Learned } from './report.ts';

/** Everything that a model believes, by state; the best action of a state stands first. */
export function valueTable({ workload, values }: Learned): Html {
  if (values.length === 0) return html`<p class="soft">Nothing is learned yet.</p>`;
  const rows = values.map(
    ({ state, action, value, samples }) =>
      html`<tr>
        <th scope="row">${stateText(state)}</th>
        <td>${actionText(action)}</td>
        <td class="number">${signed(value)}</td>
        <td class="number">${compact(samples)}</td>
      </tr>`,
  );
  return html`<div
    class="wide"
    tabindex="0"
    role="region"
    aria-label="Learned values of ${workload}"
  >
    <table>
      <caption>
        Learned values of ${workload}: advantage over the default scheduler, 0 is as good
      </caption>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Action</th>
          <th scope="col">Value</th>
          <th scope="col">Samples</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { html, type Html } from '#cli/report/html.ts';
import { PAGE_STYLE } from '#cli/report/page-style.ts';
import { reportOf, type Block } from './report.ts';
import type { ExperimentResults } from './results.ts';

/** Writes `report.html`, one file with everything in it; returns its name. */
export function writeHtml(results: ExperimentResults, folder: string): string {
  const file = join(folder, 'report.html');
  writeFileSync(file, htmlReport(reportOf(results)));
  return file;
}

/** The report as one HTML file: style and plots inline, nothing to load, light and dark. */
export function htmlReport(blocks: readonly Block[]): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="content-security-policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <title>The experiment, repeated</title>
        <style>
          ${{ html: PAGE_STYLE }} ${{ html: FIGURE_STYLE }}
        </style>
      </head>
      <body>
        <main>
          <h1>The experiment, repeated</h1>
          ${blocks.map(written)}
        </main>
      </body>
    </html> `;
  return page.html;
}

const FIGURE_STYLE = `
figure { margin: 1rem 0; } figure svg { width: 100%; max-width: 52rem; height: auto; }
figcaption { color: var(--soft); }
tbody th { font-weight: normal; }
p, li { max-width: 60rem; }
`;

function written(block: Block): Html {
  switch (block.kind) {
    case 'heading':
      return html`<h2>${block.text}</h2>`;
    case 'text':
      return html`<p>${inline(block.text)}</p>`;
    case 'list':
      return html`<ul>
        ${block.items.map((item) => html`<li>${inline(item)}</li>`)}
      </ul>`;
    case 'table':
      return table(block.header, block.rows);
    case 'plot':
      return html`<figure>
        ${{ html: block.svg }}
        <figcaption>${block.alt}</figcaption>
      </figure>`;
  }
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): Html {
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${header.map((cell) => html`<th scope="col">${inline(cell)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell, i) =>
                i === 0
                  ? html`<th scope="row">${inline(cell)}</th>`
                  : html`<td class="number">${inline(cell)}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Code, bold and emphasis; a link stays its text, because the file stands alone. */
const MARKS = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\([^)]*\)/g;

function inline(text: string): Html[] {
  const parts: Html[] = [];
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    parts.push(html`${text.slice(from, match.index)}`);
    const [whole, code, bold, emphasis, link] = match;
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (bold !== undefined) parts.push(html`<strong>${bold}</strong>`);
    else if (emphasis !== undefined) parts.push(html`<em>${emphasis}</em>`);
    else parts.push(html`${link}`);
    from = match.index + whole.length;
  }
  parts.push(html`${text.slice(from)}`);
  return parts;
}

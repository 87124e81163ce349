// SPDX-License-Identifier: Apache-2.0
import { printable } from '#cli/terminal/style.ts';

/** A piece of HTML that is safe to stand in an element or a quoted attribute. */
export interface Html {
  readonly html: string;
}

/** What a template takes: text is escaped, HTML is not, lists are joined. */
export type Part = string | number | Html | readonly Part[] | undefined;

/**
 * A tag for templates of HTML: every value in it is escaped unless it is HTML already, so that
 * forgetting to escape is not possible. Attribute values must stand in double quotes.
 */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = literals.map((literal, index) => literal + written(parts[index])).join('');
  return { html: text };
}

function written(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  if ('html' in part) return part.html;
  return part.map(written).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or a quoted attribute; control and direction marks are shown by number. */
function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (unit) => ENTITIES[unit] ?? unit);
}

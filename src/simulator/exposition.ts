// SPDX-License-Identifier: Apache-2.0

/** Label names and values in the order in which they are written. */
export type Labels = Readonly<Record<string, string>>;

/** Writes the Prometheus text format 0.0.4. */
export class Exposition {
  readonly #lines: string[] = [];

  /** Starts a metric family. */
  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): this {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    return this;
  }

  /** One sample. Without labels pass `{}`. */
  sample(name: string, labels: Labels, value: number): this {
    const parts = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    const braces = parts.length === 0 ? '' : `{${parts.join(',')}}`;
    this.#lines.push(`${name}${braces} ${number(value)}`);
    return this;
  }

  /** The whole text. */
  toString(): string {
    return this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`;
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

// SPDX-License-Identifier: Apache-2.0

/** Type of a metric family in the text format. */
export type FamilyType = 'counter' | 'gauge' | 'histogram';

/** Label values by name, in the order they are written. */
export type Labels = Readonly<Record<string, string>>;

/** Writes the Prometheus text format 0.0.4, family by family. */
export class Exposition {
  readonly #lines: string[] = [];

  /** Content type of the text. */
  static readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';

  /** Begins a family; its samples follow. */
  family(name: string, type: FamilyType, help: string): this {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    return this;
  }

  sample(name: string, labels: Labels, value: number): this {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`);
    const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    this.#lines.push(`${name}${braces} ${value}`);
    return this;
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

// SPDX-License-Identifier: Apache-2.0

/** Label names and values in the order in which they are written. */
export type Labels = Readonly<Record<string, string>>;

/**
 * How numbers are written: as Go's `%g` does, which all exporters in Go use (`1e+06`), or as Envoy
 * does (`1000000`).
 */
export type NumberStyle = 'go' | 'envoy';

/** Writes the Prometheus text format 0.0.4. */
export class Exposition {
  readonly #lines: string[] = [];
  readonly #style: NumberStyle;

  constructor(style: NumberStyle) {
    this.#style = style;
  }

  /** Starts a metric family. */
  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): this {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    return this;
  }

  /** One sample. Without labels pass `{}`. */
  sample(name: string, labels: Labels, value: number): this {
    const parts = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    const braces = parts.length === 0 ? '' : `{${parts.join(',')}}`;
    this.#lines.push(`${name}${braces} ${number(value, this.#style)}`);
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

function number(value: number, style: NumberStyle): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return style === 'go' ? goNumber(value) : String(value);
}

/** Decimal exponents from which on Go's shortest `%g` writes an exponent, and below which. */
const GO_LARGE = 6;
const GO_SMALL = -4;

/** A finite number as Go's `strconv.FormatFloat(value, 'g', -1, 64)` writes it. */
function goNumber(value: number): string {
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= GO_SMALL && exponent < GO_LARGE) return String(value);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
}

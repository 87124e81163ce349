// SPDX-License-Identifier: Apache-2.0
import type { Series } from './series.ts';

/** How one line is read. */
export interface SeriesLineOptions {
  /** Whether a metric is wanted; undefined = all are. */
  readonly keep: ((name: string) => boolean) | undefined;
  /** Factor from the timestamp's unit to milliseconds. */
  readonly timestampScale: number;
}

const MAXIMUM_LABELS = 256;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/** What is wrong with a line. */
export interface UnreadableLine {
  readonly problem: string;
  /** The metric that the line was about; undefined = not even the name could be read. */
  readonly metric: string | undefined;
}

/**
 * Reads one line of an exposition: the series on it, what is wrong with it, or undefined for a
 * line without a series (empty, comment, unwanted metric).
 */
export function readSeriesLine(
  line: string,
  options: SeriesLineOptions,
): Series | UnreadableLine | undefined {
  const cursor = new Cursor(line);
  cursor.skipBlanks();
  if (cursor.done() || cursor.peek() === '#') return undefined;
  const name = cursor.name(true);
  const unnamed = cursor.problem;
  if (unnamed !== undefined) return { problem: unnamed, metric: undefined };
  if (options.keep?.(name) === false) return undefined;
  const labels = readLabels(cursor);
  const value = readNumber(cursor);
  const timestamp = readTimestamp(cursor, options.timestampScale);
  if (cursor.problem !== undefined) return { problem: cursor.problem, metric: name };
  return { name, labels, value, timestamp };
}

function readLabels(cursor: Cursor): Record<string, string> {
  const labels: Record<string, string> = {};
  // `foo-1 2` is not the metric foo with the value -1.
  if (!' \t{'.includes(cursor.peek() ?? ' ')) cursor.fail('expected a blank or {');
  cursor.skipBlanks();
  if (cursor.peek() !== '{') return labels;
  cursor.position += 1;
  for (let count = 0; !cursor.done(); count += 1) {
    cursor.skipBlanks();
    if (cursor.peek() === '}') {
      cursor.position += 1;
      return labels;
    }
    if (count >= MAXIMUM_LABELS) cursor.fail(`more than ${MAXIMUM_LABELS} labels`);
    readLabel(cursor, labels);
    cursor.skipBlanks();
    if (cursor.peek() === ',') cursor.position += 1;
    else if (cursor.peek() !== '}') cursor.fail('expected , or }');
  }
  cursor.fail('labels without end');
  return labels;
}

function readLabel(cursor: Cursor, labels: Record<string, string>): void {
  const name = cursor.name(false);
  if (Object.hasOwn(labels, name)) cursor.fail('duplicate label');
  cursor.skipBlanks();
  cursor.expect('=');
  cursor.skipBlanks();
  const value = cursor.quoted();
  // A plain assignment to __proto__ would be lost. Where it stands twice it is defined twice.
  if (name === '__proto__') {
    Object.defineProperty(labels, name, { value, enumerable: true, configurable: true });
  } else labels[name] = value;
}

function readNumber(cursor: Cursor): number {
  const token = cursor.token();
  if (NUMBER.test(token)) return Number(token);
  const special = SPECIAL.exec(token);
  if (special === null) cursor.fail(token === '' ? 'value missing' : 'not a number');
  if (special?.[2] !== undefined) return Number.NaN;
  return special?.[1] === '-' ? -Infinity : Infinity;
}

/** The timestamp, if there is one; what follows must be an exemplar or nothing. */
function readTimestamp(cursor: Cursor, scale: number): number | undefined {
  cursor.skipBlanks();
  if (cursor.done() || cursor.peek() === '#') return undefined;
  const timestamp = Math.round(readNumber(cursor) * scale);
  if (!Number.isSafeInteger(timestamp)) cursor.fail('timestamp out of range');
  cursor.skipBlanks();
  if (!cursor.done() && cursor.peek() !== '#') cursor.fail('unexpected text');
  return timestamp;
}

/** A place in a line. The first problem stays; after it the readers run on without effect. */
class Cursor {
  readonly text: string;
  position = 0;
  problem: string | undefined;
  readonly #escapes: boolean;

  constructor(text: string) {
    this.text = text;
    this.#escapes = text.includes('\\');
  }

  done(): boolean {
    return this.position >= this.text.length;
  }

  peek(): string | undefined {
    return this.text[this.position];
  }

  fail(reason: string): void {
    this.problem ??= `${reason} at character ${this.position + 1}`;
    this.position = this.text.length;
  }

  skipBlanks(): void {
    while (this.peek() === ' ' || this.peek() === '\t') this.position += 1;
  }

  expect(character: string): void {
    if (this.peek() === character) this.position += 1;
    else this.fail(`expected ${character}`);
  }

  /** A metric name (which may hold colons) or a label name. */
  name(colons: boolean): string {
    const start = this.position;
    while (isNameCharacter(this.text.charCodeAt(this.position), colons, this.position > start)) {
      this.position += 1;
    }
    if (this.position === start) this.fail('expected a name');
    return this.text.slice(start, this.position);
  }

  /** Everything up to the next blank. */
  token(): string {
    this.skipBlanks();
    const start = this.position;
    while (!this.done() && this.peek() !== ' ' && this.peek() !== '\t') this.position += 1;
    return this.text.slice(start, this.position);
  }

  /** A quoted label value. An unknown escape stands for itself, as in Prometheus. */
  quoted(): string {
    this.expect('"');
    let start = this.position;
    if (!this.#escapes) {
      // Nearly every line: no escape in it, so the next quote ends the value.
      const end = this.text.indexOf('"', start);
      if (end >= 0) {
        this.position = end + 1;
        return this.text.slice(start, end);
      }
    }
    let value = '';
    for (; !this.done(); this.position += 1) {
      if (this.peek() === '"') {
        value += this.text.slice(start, this.position);
        this.position += 1;
        return value;
      }
      if (this.peek() !== '\\') continue;
      const escape = ESCAPES[this.text[this.position + 1] ?? ''];
      if (escape !== undefined) {
        value += this.text.slice(start, this.position) + escape;
        start = this.position + 2;
      }
      this.position += 1;
    }
    this.fail('label value without end');
    return '';
  }
}

/** `[a-zA-Z_:]`, and digits after the first character; NaN (end of line) is none of them. */
function isNameCharacter(code: number, colons: boolean, digits: boolean): boolean {
  const lower = code | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) return true;
  if (code === 0x5f || (colons && code === 0x3a)) return true;
  return digits && code >= 0x30 && code <= 0x39;
}

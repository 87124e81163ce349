// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { readSeriesLine, type UnreadableLine } from './line.ts';
import type { Series } from './series.ts';

/** A line that could not be read; the lines around it were. */
export interface MalformedLine {
  /** Counted from 1. */
  readonly line: number;
  /** `PERI_EXPOSITION_MALFORMED`, with the line number and what was wrong. */
  readonly error: PerihelionError;
}

/** What one reply of an exporter says. */
export interface Exposition {
  /** In the order of the reply. */
  readonly series: readonly Series[];
  /** The first few malformed lines. */
  readonly malformed: readonly MalformedLine[];
  /** All malformed lines, reported above or not. */
  readonly malformedCount: number;
  /**
   * Metrics that lost at least one series to a malformed line (of those whose name could be read;
   * at most 1,000). A sum over what is left would pass for a counter that fell.
   */
  readonly damaged: ReadonlySet<string>;
  /** Lines were left out because `maximumSeries` was reached. */
  readonly truncated: boolean;
}

/** Limits of one parse. Work and memory are linear in the length of the text. */
export interface ExpositionOptions {
  /** Only metrics whose name passes are kept; the lines of others are checked up to the name. */
  readonly keep?: (name: string) => boolean;
  /** Series kept at most. Default 200,000. */
  readonly maximumSeries?: number;
  /**
   * Timestamps are seconds, as in OpenMetrics, and not milliseconds. Default: seconds if the
   * text ends with `# EOF`, which OpenMetrics demands and the text format does not know.
   */
  readonly openMetrics?: boolean;
}

const MAXIMUM_SERIES = 200_000;
const MAXIMUM_LINE_LENGTH = 65_536;
const MAXIMUM_REPORTED = 16;
const MAXIMUM_DAMAGED = 1000;

/**
 * Reads Prometheus text format 0.0.4, and OpenMetrics where it differs harmlessly: exemplars are
 * skipped, timestamps are seconds, `# EOF` is a comment (a sidecar that merges its application's
 * reply into its own may leave one in the middle).
 *
 * A malformed line is reported and costs nothing but itself. Series are never merged: two
 * histograms of one name and different labels stay apart, because a series is its name *and* all
 * its labels.
 */
export function parseExposition(text: string, options: ExpositionOptions = {}): Exposition {
  const maximumSeries = options.maximumSeries ?? MAXIMUM_SERIES;
  const lineOptions = {
    keep: options.keep,
    timestampScale: (options.openMetrics ?? endsWithEof(text)) ? 1000 : 1,
  };
  const series: Series[] = [];
  const report = new Report();
  let truncated = false;
  for (const [line, content] of lines(text)) {
    const found =
      content.length > MAXIMUM_LINE_LENGTH ? TOO_LONG : readSeriesLine(content, lineOptions);
    if (found === undefined) continue;
    if ('problem' in found) {
      report.add(line, found);
    } else if (series.length < maximumSeries) {
      series.push(found);
    } else {
      truncated = true;
      break;
    }
  }
  const { malformed, malformedCount, damaged } = report;
  return { series, malformed, malformedCount, damaged, truncated };
}

const TOO_LONG: UnreadableLine = {
  problem: `longer than ${MAXIMUM_LINE_LENGTH} characters`,
  metric: undefined,
};

class Report {
  readonly malformed: MalformedLine[] = [];
  readonly damaged = new Set<string>();
  malformedCount = 0;

  add(line: number, { problem, metric }: UnreadableLine): void {
    this.malformedCount += 1;
    if (metric !== undefined && this.damaged.size < MAXIMUM_DAMAGED) this.damaged.add(metric);
    if (this.malformed.length >= MAXIMUM_REPORTED) return;
    const error = new PerihelionError('PERI_EXPOSITION_MALFORMED', `line ${line}: ${problem}`);
    this.malformed.push({ line, error });
  }
}

/** Line number and content, without the line end (LF or CRLF). */
function* lines(text: string): Generator<[number, string]> {
  let line = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const next = newline < 0 ? text.length : newline;
    const end = next > start && text.charCodeAt(next - 1) === 0x0d ? next - 1 : next;
    line += 1;
    yield [line, text.slice(start, end)];
    start = next + 1;
  }
}

function endsWithEof(text: string): boolean {
  return /(^|\n)# EOF\s*$/.test(text.slice(-16));
}

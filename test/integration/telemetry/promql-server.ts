// SPDX-License-Identifier: Apache-2.0
import type { TestContext } from 'node:test';
import { parseExposition } from '#telemetry/series/exposition.ts';
import type { Series } from '#telemetry/series/series.ts';
import { serve, type TestServer } from './server.ts';

/** One scrape of one target, as a Prometheus server would have stored it. */
export interface StoredScrape {
  readonly time: number;
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One sample of one series. */
export interface Point {
  readonly labels: Readonly<Record<string, string>>;
  /** Its labels as one string. */
  readonly series: string;
  readonly time: number;
  readonly value: number;
}

/**
 * A server that evaluates, over scrapes that it is given, just the forms of PromQL that the
 * product writes. It is written from PromQL's rules, not from the product's code.
 */
export function servePromql(t: TestContext, scrapes: readonly StoredScrape[]): Promise<TestServer> {
  const points = scrapes.flatMap(pointsOf);
  return serve(t, (request, response) => {
    const form = new URLSearchParams(request.body);
    response.setHeader('content-type', 'application/json');
    response.end(answerPromql(points, form.get('query') ?? '', Number(form.get('time'))));
  });
}

/** The samples of one scrape, each under the time that its line says, or that of the scrape. */
export function pointsOf({ time, text, labels }: StoredScrape): Point[] {
  const { series: told } = parseExposition(text);
  return [...told, up(told[0]?.timestamp)].map((series) => {
    const all = { ...series.labels, ...labels, __name__: series.name };
    return {
      labels: all,
      series: JSON.stringify(Object.entries(all).sort()),
      time: series.timestamp ?? time,
      value: series.value,
    };
  });
}

/** What the server says to one query at a time (seconds). */
export function answerPromql(points: readonly Point[], query: string, seconds: number): string {
  const result = evaluate(points, query, seconds * 1000);
  return JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: result.map(({ labels, value }) => ({
        metric: labels,
        value: [seconds, print(value)],
      })),
    },
  });
}

/** A server whose samples are old has an old `up`, too. */
function up(timestamp: number | undefined): Series {
  return { name: 'up', labels: {}, value: 1, timestamp };
}

function print(value: number): string {
  return String(value).replace('Infinity', 'Inf');
}

/** One sample of an answer. */
type Answer = Omit<Point, 'series'>;

function evaluate(points: readonly Point[], query: string, time: number): Answer[] {
  return query.split(' or ').flatMap((term) => evaluateTerm(points, term, time));
}

function evaluateTerm(points: readonly Point[], term: string, time: number): Answer[] {
  const [query = '', without] = term.split(' unless ');
  if (without !== undefined) {
    const labelsOf = ({ labels }: Answer): string => JSON.stringify(Object.entries(labels).sort());
    const there = new Set(evaluateTerm(points, without, time).map(labelsOf));
    return evaluateTerm(points, query, time).filter((one) => !there.has(labelsOf(one)));
  }
  const marked = /^label_replace\(count\((.*)\),"(\w+)",("[^"]*"),"",""\)$/s.exec(query);
  if (marked !== null) {
    const [, selector = '', label = '', value = '""'] = marked;
    const found = newest(select(points, selector), time);
    const labels = { [label]: JSON.parse(value) as string };
    return found.length === 0 ? [] : [{ labels, time, value: found.length }];
  }
  const outer = /^(sum|max|min) by \(([^)]*)\) \((.*)\)$/s.exec(query);
  if (outer === null) throw new Error(`unknown query ${query}`);
  const [, operator, by = '', inner = ''] = outer;
  const names = by.split(',');
  const groups = Map.groupBy(innerVector(points, inner, time), ({ labels }) =>
    JSON.stringify(names.map((name) => labels[name] ?? '')),
  );
  return [...groups.values()].map((group) => ({
    labels: Object.fromEntries(
      names.flatMap((name) => {
        const value = group[0]!.labels[name];
        return value ? [[name, value]] : [];
      }),
    ),
    time,
    value: group
      .map(({ value }) => value)
      .reduce((a, b) => (operator === 'sum' ? a + b : Math[operator as 'max' | 'min'](a, b))),
  }));
}

function innerVector(points: readonly Point[], expression: string, time: number): Point[] {
  const over = /^(sum|count|min)_over_time\((.*)\[(\d+)ms\]\)$/s.exec(expression);
  if (over !== null) {
    const [, kind, selector = '', range] = over;
    const inside = select(points, selector).filter(
      (point) => point.time > time - Number(range) && point.time <= time,
    );
    return [...bySeries(inside).values()].map((series) => ({
      ...series[0]!,
      value:
        kind === 'min'
          ? Math.min(...series.map(({ value }) => value))
          : series.reduce((sum, { value }) => sum + (kind === 'sum' ? value : 1), 0),
    }));
  }
  const timestamp = /^timestamp\((.*?})\)(?: and .* == (\d+))?$/s.exec(expression);
  if (timestamp !== null) {
    return newest(select(points, timestamp[1]!), time)
      .filter(({ value }) => timestamp[2] === undefined || value === Number(timestamp[2]))
      .map((point) => ({ ...point, value: point.time / 1000 }));
  }
  return newest(select(points, expression), time);
}

function newest(points: readonly Point[], time: number): Point[] {
  const seen = points.filter((point) => point.time <= time && point.time > time - 300_000);
  return [...bySeries(seen).values()].map((series) =>
    series.reduce((a, b) => (b.time > a.time ? b : a)),
  );
}

function bySeries(points: readonly Point[]): Map<string, Point[]> {
  return Map.groupBy(points, ({ series }) => series);
}

function select(points: readonly Point[], selector: string): Point[] {
  const parsed = /^(\w+)\{(.*)\}$/s.exec(selector);
  if (parsed === null) throw new Error(`unknown selector ${selector}`);
  const matchers = [...(parsed[2] ?? '').matchAll(/(\w+)(=~|!~|!=|=)("(?:[^"\\]|\\.)*")/g)].map(
    ([, label = '', operator = '', quoted = '']) => {
      const operand = JSON.parse(quoted) as string;
      const pattern = new RegExp(`^(?:${operand})$`);
      return (point: Point): boolean => {
        const value = point.labels[label] ?? '';
        const matches = pattern.test(value);
        if (operator === '=~' || operator === '!~') return matches === (operator === '=~');
        return operator === '=' ? value === operand : value !== operand;
      };
    },
  );
  return points.filter(
    (point) => point.labels['__name__'] === parsed[1] && matchers.every((match) => match(point)),
  );
}

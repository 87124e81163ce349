// SPDX-License-Identifier: Apache-2.0
import type { FeedQuery } from '#dashboard/decisions/decision-feed.ts';

/** A request that gets no data: status and one line for people. */
export class RequestProblem extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RequestProblem';
    this.status = status;
  }
}

/** Rows of a page of decisions, by default and at most. */
export const PAGE_ROWS = { usual: 50, most: 200 } as const;

const LONGEST_VALUE = 512;

/** Which learned table is asked for. */
export interface TableQuery {
  readonly namespace: string;
  readonly policy: string;
  readonly workload: string;
}

/** Parameters of a request's target. @throws RequestProblem for one that is given twice or too long */
export function queryOf(url: string): ReadonlyMap<string, string> {
  const cut = url.indexOf('?');
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1))) {
    if (query.has(name)) throw new RequestProblem(400, `${name}: given twice`);
    if (value.length > LONGEST_VALUE) throw new RequestProblem(400, `${name}: too long`);
    query.set(name, value);
  }
  return query;
}

/** A page of decisions. @throws RequestProblem for an unusable limit */
export function feedQueryOf(query: ReadonlyMap<string, string>): FeedQuery {
  const text = query.get('limit') ?? String(PAGE_ROWS.usual);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > PAGE_ROWS.most) {
    const expected = `expected 1 to ${PAGE_ROWS.most}`;
    throw new RequestProblem(400, `limit: found "${text.slice(0, 20)}", ${expected}`);
  }
  return {
    limit,
    before: given(query, 'before'),
    text: given(query, 'text'),
    choice: given(query, 'choice'),
    status: given(query, 'status'),
  };
}

/** A learned table. @throws RequestProblem for a missing parameter */
export function tableOf(query: ReadonlyMap<string, string>): TableQuery {
  const [namespace, policy, workload] = ['namespace', 'policy', 'workload'].map((name) => {
    const value = given(query, name);
    if (value === undefined) throw new RequestProblem(400, `${name}: found nothing`);
    return value;
  });
  return { namespace: namespace ?? '', policy: policy ?? '', workload: workload ?? '' };
}

function given(query: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = query.get(name);
  return value === '' ? undefined : value;
}

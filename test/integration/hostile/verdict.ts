// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { AdmissionReview } from '#admission/review/review.ts';

/** One answer as it came off the wire. */
export interface Answered {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What a hostile request got. */
export interface Verdict {
  readonly answers: readonly Answered[];
  /** The reviews among the answers. */
  readonly reviews: readonly AdmissionReview[];
  /** `review`, `400`, `closed`, `closed 400`, joined by commas; equal neighbours are counted. */
  readonly summary: string;
}

/** Longest body of an answer that is no review, in bytes. */
const LONGEST_PROBLEM = 300;

/**
 * Judges what a server wrote until it closed: every answer must be a review, a short JSON error or
 * the bare status of something that is no HTTP; HTML and stack traces fail.
 */
export function verdictOf(bytes: Buffer): Verdict {
  const answers = answersIn(bytes);
  const reviews: AdmissionReview[] = [];
  const kinds = answers.map((answer) => kindOf(answer, reviews));
  return { answers, reviews, summary: kinds.length === 0 ? 'closed' : counted(kinds) };
}

/** Judges one answer that a client has read. */
export function verdictOfAnswer(answer: Answered): Verdict {
  const reviews: AdmissionReview[] = [];
  const kind = kindOf(answer, reviews);
  return { answers: [answer], reviews, summary: kind };
}

function kindOf(answer: Answered, reviews: AdmissionReview[]): string {
  const { status, headers, body } = answer;
  if (status === 100) return 'continue';
  if (body === '') {
    // No HTTP was understood, or it was a HEAD: either way nothing more may follow.
    if (headers.get('content-type') === undefined) assert.equal(headers.get('connection'), 'close');
    return headers.get('content-type') === undefined ? `closed ${String(status)}` : String(status);
  }
  assert.equal(headers.get('content-type'), 'application/json');
  const value = JSON.parse(body) as Partial<AdmissionReview> & {
    error?: { status: number; message: string };
  };
  if (status === 200) {
    assert.equal(value.kind, 'AdmissionReview');
    assert.equal(value.apiVersion, 'admission.k8s.io/v1');
    assert.equal(value.response?.allowed, true);
    assert.equal('patch' in value.response, 'patchType' in value.response);
    reviews.push(value as AdmissionReview);
    return 'review';
  }
  assert.ok(Buffer.byteLength(body) <= LONGEST_PROBLEM, body.slice(0, 1000));
  assert.deepEqual(Object.keys(value), ['error']);
  assert.equal(value.error?.status, status);
  assert.doesNotMatch(body, /<\/|<!|node_modules|\.ts\b|\bat |Error:/);
  return String(status);
}

/** Cuts a byte stream into answers; only `Content-Length` is written by the server under test. */
function answersIn(bytes: Buffer): Answered[] {
  const answers: Answered[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    assert.ok(end >= 0, `not HTTP: ${rest.subarray(0, 80).toString('latin1')}`);
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1];
    assert.ok(status !== undefined, `not HTTP: ${first.slice(0, 80)}`);
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    // Where Node answers by itself it writes a chunked body without a chunk.
    const empty = headers.get('transfer-encoding') === 'chunked';
    const length = Number(headers.get('content-length') ?? 0);
    const start = end + 4 + (empty ? '0\r\n\r\n'.length : 0);
    if (empty) assert.equal(rest.subarray(end + 4, start).toString('latin1'), '0\r\n\r\n');
    answers.push({
      status: Number(status),
      headers,
      body: rest.subarray(start, start + length).toString('utf8'),
    });
    rest = rest.subarray(start + length);
  }
  return answers;
}

function counted(kinds: readonly string[]): string {
  const runs: { kind: string; times: number }[] = [];
  for (const kind of kinds) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.times += 1;
    else runs.push({ kind, times: 1 });
  }
  return runs.map(({ kind, times }) => (times === 1 ? kind : `${kind} x${String(times)}`)).join();
}

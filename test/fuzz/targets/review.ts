// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { decodeEntry } from '#audit/decode.ts';
import { encodeEntry } from '#audit/encode.ts';
import { Deadline } from '#admission/server/deadline.ts';
import { PerihelionError } from '#errors';
import { patchOf, policyOf, node, World } from '../../unit/admission/world.ts';
import {
  applyAll,
  type Json,
  type JsonMap,
  type Operation,
} from '../../unit/properties/rfc6902.ts';
import { mutateJson } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { FuzzTarget } from '../target.ts';

const FOLDER = new URL('../../fixtures/admission-reviews/', import.meta.url);

/**
 * Request bodies through the handler: it answers a review with the request's own uid, never
 * refuses, and its patch applies; or it says that the body is no review. Its audit line can be
 * written and read back.
 */
export function reviewTarget(): FuzzTarget {
  const seeds = readdirSync(FOLDER).map((name) => readFileSync(new URL(name, FOLDER)));
  const documents = seeds.map((seed) => JSON.parse(seed.toString('utf8')) as unknown);
  const handle = newHandler();
  return {
    name: 'review',
    seeds,
    generate: (random: Random) =>
      Buffer.from(JSON.stringify(mutateJson(random.pick(documents), random))),
    run: (input) => {
      const body = bodyOf(input);
      if (body !== undefined) handle(body, input.length);
    },
  };
}

/** As the server reads a body. */
function bodyOf(input: Buffer): { readonly value: unknown } | undefined {
  if (!isUtf8(input)) return undefined;
  try {
    return { value: JSON.parse(input.toString('utf8')) as unknown };
  } catch {
    return undefined;
  }
}

/** A webhook that opens up again before it remembers too much. */
function newHandler(): (body: { readonly value: unknown }, bytes: number) => void {
  let count = 0;
  let { world, admission } = newWorld();
  return ({ value }, bodyBytes) => {
    count += 1;
    if (count % 2000 === 0) ({ world, admission } = newWorld());
    world.entries.length = 0;
    let review;
    try {
      const deadline = new Deadline(() => 0, 1);
      review = admission.handler.answer({ body: value, bodyBytes, deadline, arrivedAt: 0 });
    } catch (error) {
      assert.ok(
        error instanceof PerihelionError && error.code === 'PERI_REVIEW_MALFORMED',
        String(error),
      );
      assert.doesNotMatch(error.message, /\n/);
      return;
    }
    const { request } = value as { readonly request: Record<string, unknown> };
    assert.equal(review.response.uid, request['uid']);
    assert.equal(review.response.allowed, true);
    assert.notEqual(review.response.auditAnnotations?.['reason'], 'internal', world.logs.at(-1));
    const operations = patchOf(review);
    if (operations !== undefined) {
      const after = applyAll(request['object'] as Json, operations as unknown as Operation[]);
      assert.deepEqual(
        Object.keys(after as JsonMap).sort(),
        Object.keys(request['object'] as JsonMap).sort(),
      );
    }
    assert.equal(world.entries.length, 1);
    for (const entry of world.entries) {
      const line = encodeEntry(entry);
      assert.doesNotMatch(line, /[\n\r\u2028\u2029]/);
      decodeEntry(line);
    }
  };
}

function newWorld() {
  const world = new World([
    node('w1', { labels: { type: 'kwok', 'kubernetes.io/os': 'linux' } }),
    node('w2'),
  ]);
  const { learning } = policyOf().spec;
  world.policy = policyOf({ learning: { ...learning, burnInDecisions: 0 } });
  return { world, admission: world.admission() };
}

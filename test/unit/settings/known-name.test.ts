// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { expectedName } from '#settings/known-name.ts';

const schema = z.object({
  port: z.number().default(1),
  nested: z.object({ list: z.array(z.object({ seconds: z.number() })) }).optional(),
  choice: z.union([z.object({ alpha: z.number() }), z.object({ omega: z.number() })]),
  map: z.record(z.string(), z.object({ inside: z.number() })),
});

describe('what is expected in place of an unknown name', () => {
  const what = 'a known setting';

  it('is the one that is near, wherever it stands', () => {
    const at = (path: readonly PropertyKey[], name: string): string =>
      expectedName(schema, path, { name, what });
    assert.equal(at([], 'prot'), 'a known setting; did you mean port?');
    assert.equal(at(['nested', 'list', 3], 'second'), 'a known setting; did you mean seconds?');
    assert.equal(at(['choice'], 'omga'), 'a known setting; did you mean omega?');
    assert.equal(at(['map', 'any'], 'insde'), 'a known setting; did you mean inside?');
  });

  it('is all there are where none is near, and no list where there are none or many', () => {
    const at = (path: readonly PropertyKey[]): string =>
      expectedName(schema, path, { name: 'something else', what });
    assert.equal(at([]), 'one of port, nested, choice, map');
    assert.equal(at(['port']), what);
    const many = z.object(
      Object.fromEntries(Array.from({ length: 13 }, (_, n) => [`x${n}`, z.number()])),
    );
    assert.equal(expectedName(many, [], { name: 'something else', what }), what);
  });
});

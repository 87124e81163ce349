// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  allowed,
  errored,
  parseReview,
  patched,
  skipped,
  warningText,
  WARNING_LIMIT,
} from '#admission/review/review.ts';
import { PerihelionError } from '#errors';
import { fixture, rawPod, reviewOf } from '../world.ts';

describe('parseReview', () => {
  it('reads a recorded review', () => {
    const request = parseReview(fixture('deployment-pod-create'));
    assert.equal(request.uid, '7ddd079f-0c88-4911-be79-b8e9c86e4cc3');
    assert.deepEqual(request.kind, { group: '', version: 'v1', name: 'Pod' });
    assert.deepEqual(request.resource, { group: '', version: 'v1', name: 'pods' });
    assert.equal(request.operation, 'CREATE');
    assert.equal(request.namespace, 'hotel-res');
    assert.equal(request.subResource, '');
    assert.equal(request.dryRun, false);
    assert.equal(request.object?.['kind'], 'Pod');
  });

  it('reads dryRun', () => {
    assert.equal(parseReview(fixture('dry-run-create')).dryRun, true);
  });

  const request = { uid: 'u' };
  const refused: [string, unknown, RegExp][] = [
    ['null', null, /not a JSON object/],
    ['a list', [], /not a JSON object/],
    ['a number', 7, /not a JSON object/],
    ['a string', 'x', /not a JSON object/],
    ['an empty object', {}, /apiVersion \(none\) is not admission\.k8s\.io\/v1/],
    [
      'v1beta1',
      { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', request },
      /apiVersion "admission\.k8s\.io\/v1beta1" is not admission\.k8s\.io\/v1/,
    ],
    ['a version of another type', { apiVersion: 1, kind: 'AdmissionReview', request }, /\(none\)/],
    ['another kind', { apiVersion: 'admission.k8s.io/v1', kind: 'Pod', request }, /kind "Pod"/],
    [
      'no request',
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
      /request is missing/,
    ],
    [
      'a null request',
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: null },
      /request is missing/,
    ],
    [
      'a list for a request',
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: [] },
      /request is missing/,
    ],
    [
      'no uid',
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: {} },
      /request\.uid is missing/,
    ],
    [
      'an empty uid',
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { uid: '' } },
      /request\.uid is missing/,
    ],
    [
      'a numeric uid',
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { uid: 5 } },
      /request\.uid is missing/,
    ],
  ];
  for (const [name, body, message] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => parseReview(body),
        (error) =>
          error instanceof PerihelionError &&
          error.code === 'PERI_REVIEW_MALFORMED' &&
          message.test(error.message),
      );
    });
  }

  it('reads fields of a wrong type as empty', () => {
    const request = parseReview(
      reviewOf('text', {
        kind: 'Pod',
        resource: [],
        operation: 1,
        namespace: null,
        name: {},
        subResource: 3,
        dryRun: 'true',
      }),
    );
    assert.deepEqual(request, {
      uid: 'u-1',
      kind: { group: '', version: '', name: '' },
      resource: { group: '', version: '', name: '' },
      subResource: '',
      operation: '',
      namespace: '',
      name: '',
      dryRun: false,
      object: undefined,
    });
  });

  it('throws nothing but its own error, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parseReview(value);
        } catch (error) {
          assert.ok(error instanceof PerihelionError);
        }
      }),
    );
  });

  it('takes nothing from the prototype', () => {
    const body = JSON.parse(
      '{"__proto__":{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"x"}}}',
    ) as unknown;
    assert.throws(() => parseReview(body), PerihelionError);
  });
});

describe('responses', () => {
  it('allows with nothing to say', () => {
    assert.deepEqual(allowed('u'), {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u', allowed: true },
    });
  });

  it('carries a patch as base64 with its type', () => {
    const operations = [{ op: 'add', path: '/metadata/annotations', value: { a: 'ä' } }] as const;
    const { response } = patched('u', operations, { auditAnnotations: { k: 'v' } });
    assert.equal(response.patchType, 'JSONPatch');
    assert.deepEqual(
      JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString('utf8')),
      operations,
    );
    assert.deepEqual(response.auditAnnotations, { k: 'v' });
  });

  it('sends neither patch nor type when there is nothing to change', () => {
    assert.deepEqual(patched('u', []).response, { uid: 'u', allowed: true });
  });

  it('says why a Pod is left alone', () => {
    assert.deepEqual(skipped('u', 'daemon-set').response, {
      uid: 'u',
      allowed: true,
      auditAnnotations: { outcome: 'skipped', reason: 'daemon-set' },
    });
  });

  it('allows in spite of an error, with a warning and no patch', () => {
    const { response } = errored('u', 'internal', 'something broke');
    assert.equal(response.allowed, true);
    assert.equal(response.patch, undefined);
    assert.deepEqual(response.warnings, [
      'perihelion: something broke; the Pod is left to the scheduler',
    ]);
  });

  it('uses audit keys without a slash', () => {
    const keys = Object.keys(skipped('u', 'x').response.auditAnnotations ?? {});
    assert.ok(keys.every((key) => /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(key)));
  });
});

describe('warningText', () => {
  it('is one printable line of at most 120 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const warning = warningText(text);
        assert.ok(Array.from(warning).length <= WARNING_LIMIT);
        assert.doesNotMatch(warning, /[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });

  it('leaves a short line as it is and cuts a long one', () => {
    assert.equal(warningText('short'), 'short');
    assert.equal(warningText(`a\nb\tc`), 'a b c');
    assert.equal(warningText('x'.repeat(121)), `${'x'.repeat(117)}...`);
  });
});

describe('reviewOf', () => {
  it('is a review', () => {
    assert.equal(parseReview(reviewOf(rawPod())).uid, 'u-1');
  });
});

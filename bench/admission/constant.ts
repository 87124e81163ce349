// SPDX-License-Identifier: Apache-2.0

/*
 * What the servers beside the product answer: a patch as large as the product's, always the same.
 */

/** Operations of a patch with one term and as many annotations as a decision has. */
const OPERATIONS = [
  {
    op: 'add',
    path: '/spec/affinity',
    value: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            preference: {
              matchExpressions: [
                { key: 'kubernetes.io/hostname', operator: 'In', values: ['node-00001'] },
              ],
            },
          },
        ],
      },
    },
  },
  ...Object.entries({
    'decision-id': '00000000-0000-4000-8000-000000000000',
    'decided-at': '1700000000000',
    workload: 'Deployment/frontend',
    tier: 'business',
    state: 'load=normal',
    action: 'node-00001',
    propensity: '0.9523809523809523',
    holdout: 'false',
    policy: 'default@1',
    'model-version': '7',
    signature: '0123456789012345678901234567890123456789012',
  }).map(([name, value]) => ({
    op: 'add',
    path: `/metadata/annotations/perihelion.dev~1${name}`,
    value,
  })),
];

/** The constant answer to a parsed review; the operations are written out anew for every one. */
export function answerTo(review: unknown): object {
  const { uid, object } = (review as { request: { uid: string; object: unknown } }).request;
  if (object === undefined) throw new Error('a review without an object');
  const patch = Buffer.from(JSON.stringify(OPERATIONS)).toString('base64');
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: true, patchType: 'JSONPatch', patch },
  };
}

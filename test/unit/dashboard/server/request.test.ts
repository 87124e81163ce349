// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { feedQueryOf, queryOf, RequestProblem, tableOf } from '#dashboard/server/request.ts';

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof RequestProblem);
    assert.equal(error.status, 400);
    return error.message;
  }
  return '';
}

describe('the parameters of a request', () => {
  it('have defaults and bounds', () => {
    assert.equal(feedQueryOf(queryOf('/api/decisions')).limit, 50);
    assert.equal(feedQueryOf(queryOf('/api/decisions?limit=200')).limit, 200);
    for (const limit of ['0', '201', '-1', '1e9', '', ' 5', '٣', '99999999999']) {
      assert.match(
        refusal(() => feedQueryOf(queryOf(`/x?limit=${limit}`))),
        /^limit: found/,
      );
    }
    assert.equal(feedQueryOf(queryOf('/x?text=&choice=')).text, undefined);
  });

  it('are given once, and are not long', () => {
    assert.match(
      refusal(() => queryOf('/x?a=1&a=2')),
      /given twice/,
    );
    assert.match(
      refusal(() => queryOf(`/x?a=${'b'.repeat(600)}`)),
      /too long/,
    );
    assert.equal(queryOf('/x?__proto__=1').get('__proto__'), '1');
  });

  it('of a table are all there', () => {
    const all = '/x?namespace=n&policy=p&workload=Deployment%2Fw';
    assert.deepEqual(tableOf(queryOf(all)), {
      namespace: 'n',
      policy: 'p',
      workload: 'Deployment/w',
    });
    assert.match(
      refusal(() => tableOf(queryOf('/x?namespace=n&policy=p'))),
      /^workload/,
    );
  });
});

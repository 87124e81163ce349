// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';

describe('resource paths', () => {
  it('follow the API', () => {
    assert.equal(resourcePath(RESOURCES.pods), '/api/v1/pods');
    assert.equal(
      resourcePath(RESOURCES.pods, { namespace: 'shop' }),
      '/api/v1/namespaces/shop/pods',
    );
    assert.equal(
      resourcePath(RESOURCES.policies, { namespace: 'shop', name: 'p', subresource: 'status' }),
      '/apis/perihelion.dev/v1alpha1/namespaces/shop/placementpolicies/p/status',
    );
    assert.equal(resourcePath(RESOURCES.nodes, { name: 'n' }), '/api/v1/nodes/n');
  });

  it('cannot be led elsewhere by a name', () => {
    assert.equal(
      resourcePath(RESOURCES.pods, { namespace: '../x?y' }),
      '/api/v1/namespaces/..%2Fx%3Fy/pods',
    );
  });
});

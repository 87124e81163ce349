// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { filesFromSources } from '../../../tools/generate.ts';
import { stale } from '../../../tools/generated-file.ts';

it('what is generated from sources is committed as it is generated', async () => {
  const files = await filesFromSources();
  for (const path of [
    'manifests/base/crds/perihelion.dev_placementpolicies.yaml',
    'manifests/monitoring/prometheus-rule.yaml',
    'charts/perihelion/values.schema.json',
    'docs/reference/settings.md',
    'docs/reference/policy.md',
  ]) {
    assert.ok(path in files, path);
  }
  assert.deepEqual(stale(files), [], 'run `npm run generate`');
});

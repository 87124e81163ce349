// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type BlockKind, yamlBlocksOf } from './yaml-blocks.ts';

const root = new URL('../../../', import.meta.url);
const PAGES = [
  'README.md',
  'docs/tutorial.md',
  ...['docs/how-to', 'docs/reference', 'docs/explanation'].flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];
const read = (page: string): string => readFileSync(new URL(page, root), 'utf8');

describe('the YAML of the documentation', () => {
  for (const page of PAGES) {
    const blocks = yamlBlocksOf(read(page));
    if (blocks.length === 0) continue;
    it(`is accepted as it stands in ${page}`, () => {
      const problems = blocks.flatMap((block) =>
        block.problems.map((problem) => `${block.kind}: ${problem}\n${block.text}`),
      );
      assert.deepEqual(problems, []);
    });
  }

  it('is found, each kind of it', () => {
    const kinds = new Set(
      PAGES.flatMap((page) => yamlBlocksOf(read(page))).map(({ kind }) => kind),
    );
    const all: BlockKind[] = ['policy', 'settings', 'values', 'kustomization', 'other'];
    assert.deepEqual([...kinds].toSorted(), all.toSorted());
    assert.equal(
      yamlBlocksOf(read('docs/tutorial.md')).filter(({ kind }) => kind === 'policy').length,
      1,
    );
  });
});

describe('the check of YAML', () => {
  const problemsOf = (yaml: string): string[] =>
    yamlBlocksOf(`\`\`\`yaml\n${yaml}\n\`\`\`\n`).flatMap(({ problems }) => [...problems]);
  const policy = 'apiVersion: perihelion.dev/v1alpha1\nkind: PlacementPolicy\n';

  it('finds what would be refused', () => {
    const wrong = [
      'a: 1\na: 2',
      'a: [1',
      `${policy}metadata: { name: x }\nspec: { mode: Shadwo }`,
      `${policy}metadata: { name: x }\nspec: { holdoutPercentage: 5 }`,
      '# settings.yaml\ntelemetry: { backend: Prometheus }',
      '# settings.yaml\ntracing: { endpoint: otel:4318 }',
      '# values.yaml\nsettings: { tracing: { endpoint: 7 } }',
      '# values.yaml\nextraVolume: []',
      '# overlays/mine/kustomization.yaml\nresource: [a]',
    ];
    for (const yaml of wrong) assert.ok(problemsOf(yaml).length > 0, yaml);
  });

  it('lets pass what would be taken, and what is none of ours', () => {
    const right = [
      `${policy}metadata: { name: x }\nspec: { mode: Shadow }`,
      '# settings.yaml\nnamespace: x',
      '# values.yaml\nnetworkPolicy: { extraEgress: [] }\nsettings: { logLevel: debug }',
      'apiVersion: v1\nkind: Whatever',
    ];
    for (const yaml of right) assert.deepEqual(problemsOf(yaml), [], yaml);
  });
});

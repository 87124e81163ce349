// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fields, kustomization } from '../manifests/base.ts';
import { commandLinesOf, type Known, problemOf } from './command-lines.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

const PAGES = [
  'README.md',
  'docs/tutorial.md',
  ...readdirSync(new URL('docs/how-to', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/how-to/${name}`),
];

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const known: Known = {
  makeTargets: new Set(
    [...read('Makefile').matchAll(/^([a-z0-9-]+):/gm)].map(([, target = '']) => target),
  ),
  npmScripts: new Set(Object.keys(scripts)),
};

function problemsOf(markdown: string): string[] {
  return commandLinesOf(markdown).flatMap((line) => {
    const problem = problemOf(line, known);
    return problem === undefined ? [] : [`${line.text}: ${problem}`];
  });
}

describe('the commands of the documentation', () => {
  for (const page of PAGES) {
    it(`can be typed as they stand in ${page}`, () => {
      assert.deepEqual(problemsOf(read(page)), []);
    });
  }

  it('are found at all', () => {
    const tutorial = commandLinesOf(read('docs/tutorial.md'));
    const told = new Set(
      tutorial.filter(({ tool }) => tool === 'perihelion').map(({ words }) => words[0]),
    );
    for (const command of ['audit', 'simulate', 'doctor', 'policy', 'explain', 'report']) {
      assert.ok(told.has(command), command);
    }
    const readme = commandLinesOf(read('README.md')).filter(({ tool }) => tool === 'make');
    assert.ok(readme.some(({ words }) => words[0] === 'demo'));
    assert.ok(PAGES.length > 5);
  });

  it('name files that are there', () => {
    const named = commandLinesOf(read('docs/tutorial.md')).flatMap(({ words }) =>
      words.filter((word) => /^(simulations|manifests)\//.test(word)),
    );
    assert.ok(named.length > 0);
    for (const path of named) assert.ok(existsSync(new URL(path, root)), path);
  });
});

describe('the image of the documentation', () => {
  it('is built and loaded under the name that the manifests pull', () => {
    const [image] = fields(kustomization['images']);
    const pulled = `${String(image?.['name'])}:${String(image?.['newTag'])}`;
    const tutorial = read('docs/tutorial.md');
    for (const command of [/^docker build -t (\S+)/m, /^kind load docker-image (\S+)/m]) {
      assert.equal(command.exec(tutorial)?.[1], pulled);
    }
  });
});

describe('the check of the commands', () => {
  const block = (code: string): string => `\`\`\`sh\n${code}\n\`\`\`\n`;

  it('finds what would not run', () => {
    const wrong = [
      'perihelion explian shop/x',
      'perihelion audit',
      'perihelion audit verfy x',
      'perihelion explain shop/x --verbose',
      'perihelion explain',
      'perihelion doctor now',
      'perihelion report -o pdf',
      'kubectl perihelion reprot',
      'cat x | perihelion policy lint - --outptu json',
      'x && perihelion nothing; true',
      'source <(perihelion complete bash)',
      'X=$(perihelion nothing)',
      'f() { perihelion nothing; }',
      'kubectl exec x -- /bin/node /app/perihelion.mjs audit tale x',
      'npm run --silent start -- nothing',
      'make everything',
      'A=1 npm run nothing',
      'perihelion report \\\n  --nothing',
    ];
    for (const line of wrong) {
      assert.equal(problemsOf(block(line)).length, 1, line);
      const span = line.includes('\n') ? block(line) : `Try \`${line}\`.`;
      assert.equal(problemsOf(span).length, 1, line);
    }
  });

  it('lets pass what would run, and what is none of ours', () => {
    const right = [
      'perihelion report -n shop --output html --out report.html > log 2>&1',
      'perihelion audit verify - < audit.jsonl # the whole of it',
      'source <(perihelion completion bash)',
      'perihelion help explain',
      'perihelion() { npm run --silent start -- "$@"; }',
      'cat > x <<END\nperihelion nothing\nmake nothing\nEND\nperihelion doctor',
      'make demo ARGS="--seeds 1"',
      'helm upgrade perihelion charts/perihelion -f values.yaml',
      'kubectl delete mutatingwebhookconfiguration perihelion',
      'echo perihelion nothing',
    ];
    for (const line of right) assert.deepEqual(problemsOf(block(line)), [], line);
    assert.deepEqual(problemsOf('Then make nothing of it.\n\n```yaml\nmake: nothing\n```\n'), []);
  });
});

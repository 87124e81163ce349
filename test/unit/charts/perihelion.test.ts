// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Script } from 'node:vm';
import { parse, parseDocument } from 'yaml';
import { customResourceDefinitions } from '#cluster/crd/definitions.ts';
import { parseSettings } from '#settings/parse.ts';
import { chartValuesSchema } from '../../../tools/chart-values.ts';
import { field, fields, readBase, type Field } from '../manifests/base.ts';

/* What can be told of the chart without Helm; `npm run chart` renders it. */

const CHART = new URL('../../../charts/perihelion/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, CHART), 'utf8');
const chart = parse(read('Chart.yaml')) as Field;
const values = parse(read('values.yaml')) as Field;
const templates = readdirSync(new URL('templates/', CHART), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(yaml|tpl|txt)$/.test(file))
  .map((file) => ({ file, text: read(`templates/${file}`) }));

/** A refused set of values names the field. */
function refusal(change: object): string {
  const result = chartValuesSchema.safeParse({ ...values, ...change });
  return result.success ? '' : JSON.stringify(result.error.issues);
}

describe('Chart.yaml', () => {
  it('has the version of the product', () => {
    const manifest = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    assert.equal(chart['appVersion'], manifest.version);
    assert.match(String(chart['version']), /^\d+\.\d+\.\d+$/);
  });

  it('tells Artifact Hub of every CRD, with an example that is valid', () => {
    const annotations = field(chart, 'annotations');
    const told = parse(String(annotations['artifacthub.io/crds'])) as Field[];
    const known = Object.values(customResourceDefinitions()).map(({ metadata }) =>
      String(field(metadata)['name']),
    );
    assert.deepEqual(told.map(({ name }) => String(name)).sort(), known.sort());
    for (const key of ['changes', 'images', 'crdsExamples']) {
      const text = String(annotations[`artifacthub.io/${key}`]);
      assert.deepEqual(parseDocument(text).errors, [], key);
    }
    assert.ok(String(annotations['artifacthub.io/images']).includes(String(chart['appVersion'])));
  });
});

describe('values.yaml', () => {
  it('is valid and complete: the schema knows every value, and every value has a default', () => {
    const data = chartValuesSchema.parse(values);
    // The product fills in its own defaults; every other value comes back as it stands.
    const { settings, ...given } = values;
    assert.deepEqual({ ...data, settings }, { ...given, settings });
    assert.deepEqual(settings, { telemetry: { backend: 'Scrape' } });
    const names = Object.keys(chartValuesSchema.shape).filter((name) => name !== 'global');
    assert.deepEqual(Object.keys(values).sort(), names.sort());
  });

  it('leaves nothing to guess: an unknown or misspelt value is refused', () => {
    for (const [change, named] of [
      [{ replicas: 3 }, 'replicas'],
      [{ image: { ...field(values, 'image'), tagg: '1' } }, 'tagg'],
      [{ webhook: { ...field(values, 'webhook'), timeoutSeconds: 60 } }, 'timeoutSeconds'],
      [{ settings: { namespace: 'elsewhere' } }, 'namespace'],
      [{ settings: { telemetry: { backend: 'prometheus' } } }, 'backend'],
      [{ admission: { ...field(values, 'admission'), replicas: 'two' } }, 'replicas'],
    ] as const) {
      assert.ok(refusal(change).includes(named), named);
    }
    assert.equal(refusal({ settings: { drainSeconds: 20 } }), '');
  });

  it('has a comment for every group', () => {
    const lines = read('values.yaml').split('\n');
    for (const [index, line] of lines.entries()) {
      const [, name] = /^([a-zA-Z]+):/.exec(line) ?? [];
      if (name === undefined || field(values, name)['enabled'] !== undefined) continue;
      const near = lines.slice(Math.max(0, index - 1), index + 3);
      assert.ok(
        near.some((one) => one.trim().startsWith('#')),
        name,
      );
    }
  });
});

describe('values.schema.json', () => {
  it('is strict at every level that the chart knows', () => {
    const schema = JSON.parse(read('values.schema.json')) as Field;
    const open: string[] = [];
    const walk = (node: Field, path: string): void => {
      const properties = Object.entries(field(node, 'properties'));
      if (properties.length > 0 && node['additionalProperties'] !== false) open.push(path);
      for (const [name, child] of properties) walk(child as Field, `${path}.${name}`);
    };
    walk(schema, '');
    assert.deepEqual(open, []);
  });
});

describe('the templates', () => {
  const all = templates.map(({ text }) => text).join('\n');

  it('use every value', () => {
    const unused: string[] = [];
    const walk = (node: Field, path: string): void => {
      for (const [name, child] of Object.entries(node)) {
        const inner = field(child);
        // Labels, resources and the like are taken over as a whole.
        if (Object.keys(inner).length > 0 && !/^(labels|resources|settings)$/.test(name)) {
          walk(inner, `${path}.${name}`);
        } else if (!new RegExp(`[.]${name}\\b`).test(all)) unused.push(`${path}.${name}`);
      }
    };
    walk(values, '');
    assert.deepEqual(unused, []);
  });

  it('use no value that is not there', () => {
    const paths = [...all.matchAll(/\.Values((?:\.[a-zA-Z]+)+)/g)].map(([, path = '']) => path);
    assert.ok(paths.length > 20);
    for (const path of paths) {
      const names = path.split('.').slice(1);
      // Settings have their defaults in the product.
      if (names[0] === 'settings') continue;
      let at: unknown = values;
      for (const name of names) {
        assert.ok(name in field(at), path);
        at = field(at)[name];
      }
    }
  });

  it('close what they open', () => {
    for (const { file, text } of templates) {
      const actions = [...text.matchAll(/\{\{-?\s*(\w+)/g)].map(([, word]) => word);
      const opened = actions.filter((word) => /^(if|range|with|define)$/.test(word ?? ''));
      assert.equal(actions.filter((word) => word === 'end').length, opened.length, file);
    }
  });

  it('say what the kustomize base says, line by line', () => {
    // Values stand in these lines, or they are one line in one of both.
    const ours =
      /^(name|namespace|serviceAccountName|image|replicas|args|configMap|app\.kubernetes\.io\/name):|perihelion|resources:|^(cpu|memory|ephemeral-storage):|^(requests|limits):|^terminationGracePeriodSeconds:|^max(Unavailable|Surge):|^- topologyKey|^topologyKey:|^imagePullPolicy:|^value:|^kind: (Namespace|Kustomization)/;
    const said = new Set(all.split('\n').map((line) => line.trim()));
    for (const file of [
      'admission.yaml',
      'learner.yaml',
      'services.yaml',
      'disruption-budgets.yaml',
      'network-policies.yaml',
      'priority-class.yaml',
      'service-accounts.yaml',
    ]) {
      for (const line of readBase(file).split('\n')) {
        const text = line.trim();
        if (text === '' || text.startsWith('#') || ours.test(text.replace(/^- /, ''))) continue;
        assert.ok(said.has(text), `manifests/base/${file}: ${text}`);
      }
    }
  });

  it('carry the settings of the base', () => {
    const base = parseSettings(parse(readBase('settings.yaml')));
    const helpers = templates.find(({ file }) => file === '_helpers.tpl')?.text ?? '';
    for (const [name, value] of [
      ['port', base.webhook.port],
      ['port', base.operations.port],
      ['path', JSON.stringify(base.audit.path)],
      ['maximumFileBytes', base.audit.maximumFileBytes],
      ['keepFiles', base.audit.keepFiles],
      ['drainSeconds', base.drainSeconds],
    ] as const) {
      assert.ok(helpers.includes(`"${name}" ${value}`), `${name} ${value}`);
    }
  });
});

describe('the test of the release', () => {
  it('is a hook that needs no image but ours, no token, and is not selected as a replica', () => {
    const text = templates.find(({ file }) => file === 'tests/ready.yaml')?.text ?? '';
    assert.match(text, /helm\.sh\/hook: test/);
    assert.match(text, /image: \{\{ include "perihelion\.image" \. \}\}/);
    assert.match(text, /automountServiceAccountToken: false/);
    assert.match(text, /app\.kubernetes\.io\/name: perihelion-test/);
    const [, script = ''] = /--eval\n\s+- \|\n((?: {10}.*\n)+)/.exec(text) ?? [];
    assert.ok(script.includes('readyz'));
    // It is JavaScript once the template's words are filled in.
    assert.doesNotThrow(() => new Script(script.replaceAll(/\{\{.*?\}\}/g, 'x')));
  });
});

describe('the defaults', () => {
  it('are the figures of the base', () => {
    assert.equal(
      field(values, 'priorityClass')['value'],
      field(parse(readBase('priority-class.yaml')))['value'],
    );
    for (const role of ['admission', 'learner']) {
      const deployment = parse(readBase(`${role}.yaml`)) as Field;
      const [container] = fields(field(deployment, 'spec', 'template', 'spec')['containers']);
      assert.deepEqual(field(values, role)['resources'], container?.['resources']);
      assert.equal(field(values, role)['replicas'], field(deployment, 'spec')['replicas']);
    }
  });
});

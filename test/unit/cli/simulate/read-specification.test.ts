// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { InputError } from '#errors';
import { policySpecSchema } from '#cluster/policy/schema.ts';
import { runCommandLine } from '#cli/program/command-line.ts';
import { readSpecification } from '#cli/simulate/read-specification.ts';
import { applicationOf, worldOf } from '#cli/simulate/world.ts';
import { hotelReservation } from '#simulator/application/applications.ts';
import { MIXED_MACHINES, SEED_MACHINES } from '#simulator/machines/machines.ts';
import { simulationSchema } from '../../../../tools/generate-simulation-schema.ts';
import { recorded } from '../terminal.ts';
import { smallSpec, specFile, specificationOf } from './fixture.ts';

const SIMULATIONS = fileURLToPath(new URL('../../../../simulations/', import.meta.url));
const SHIPPED = readdirSync(SIMULATIONS).filter((name) => name.endsWith('.yaml'));

type Spec = ReturnType<typeof smallSpec> & Record<string, unknown>;

/** One mistake and the whole message about it. */
const MISTAKES: readonly (readonly [
  name: string,
  change: (spec: Spec) => unknown,
  message: string,
])[] = [
  ['no mapping', () => [1], 'shop.yaml: the file: found [1], expected a mapping'],
  [
    'no YAML',
    () => 'a: [1',
    'shop.yaml: line 1: found "Flow sequence in block collection must be sufficiently indented and end with..., expected YAML',
  ],
  [
    'no version',
    (spec) => ({ ...spec, version: undefined }),
    'shop.yaml: version: found nothing, expected one of 1',
  ],
  [
    'another version',
    (spec) => ({ ...spec, version: 2 }),
    'shop.yaml: version: found 2, expected one of 1',
  ],
  [
    'a field nobody knows',
    (spec) => ({ ...spec, laod: {} }),
    'shop.yaml: laod: found "an unknown field", expected a known field; did you mean load?',
  ],
  [
    'a name with capitals',
    (spec) => ({ ...spec, name: 'My Shop' }),
    'shop.yaml: name: found "My Shop", expected a lower-case name like worker-1',
  ],
  [
    'no nodes',
    (spec) => ({ ...spec, nodes: [] }),
    'shop.yaml: nodes: found [], expected a list of at least 1 entries',
  ],
  [
    'no cores',
    (spec) => ({ ...spec, nodes: [{ ...spec.nodes[0], cores: 0 }] }),
    'shop.yaml: nodes[0].cores: found 0, expected a number above 0',
  ],
  [
    'cores in words',
    (spec) => ({ ...spec, nodes: [{ ...spec.nodes[0], cores: 'eight' }] }),
    'shop.yaml: nodes[0].cores: found "eight", expected a number',
  ],
  [
    'more system than machine',
    (spec) => ({ ...spec, nodes: [{ ...spec.nodes[0], systemCores: 4 }] }),
    'shop.yaml: nodes[0].systemCores: found 4, expected a number below cores (4)',
  ],
  [
    'Pods of others on no node',
    (spec) => ({ ...spec, background: { nowhere: 1 } }),
    'shop.yaml: background.nowhere: found "nowhere", expected the name of a node',
  ],
  [
    'Pods of others on all of a node',
    (spec) => ({ ...spec, background: { small: 3.9 } }),
    'shop.yaml: background.small: found 3.9, expected fewer cores than 3.9',
  ],
  [
    'an unknown shape of power',
    (spec) => ({ ...spec, nodes: [{ ...spec.nodes[0], power: { shape: 'convex' } }] }),
    'shop.yaml: nodes[0].power.shape: found "convex", expected a shape of concave, linear or measured',
  ],
  [
    'ten watts of eleven',
    (spec) => ({
      ...spec,
      nodes: [
        { ...spec.nodes[0], power: { shape: 'measured', watts: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] } },
      ],
    }),
    'shop.yaml: nodes[0].power.watts: found [1,2,3,4,5,6,7,8,9,10], expected a list of at least 11 entries',
  ],
  [
    'watts that fall',
    (spec) => ({
      ...spec,
      nodes: [{ ...spec.nodes[0], power: { shape: 'linear', idleWatts: 9, fullWatts: 8 } }],
    }),
    'shop.yaml: nodes[0].power: found [9,8], expected watts that never fall with load',
  ],
  [
    'two nodes of one name',
    (spec) => ({ ...spec, nodes: [spec.nodes[0], spec.nodes[0]] }),
    'shop.yaml: nodes: found "small", expected node names that differ',
  ],
  [
    'more nodes than are simulated',
    (spec) => ({
      ...spec,
      nodes: ['a', 'b', 'c'].map((name) => ({ ...spec.nodes[0], name, count: 5000 })),
    }),
    'shop.yaml: nodes: found 15000, expected at most 10000 nodes in all',
  ],
  [
    'more replicas than are simulated',
    (spec) => ({
      ...spec,
      application: {
        ...spec.application,
        services: Array.from({ length: 101 }, (_, i) => ({
          name: `s${i}`,
          protocol: 'http',
          replicas: 1000,
        })),
      },
    }),
    'shop.yaml: application.services: found 101000, expected at most 100000 replicas in all',
  ],
  [
    'a request that doubles its calls at every step',
    (spec) => ({
      ...spec,
      application: {
        ...spec.application,
        operations: Object.fromEntries(
          Array.from({ length: 20 }, (_, i) => [
            i === 0 ? 'front.get' : `step-${i}`,
            {
              service: 'front',
              cpuMilliseconds: 1,
              calls: i === 19 ? [] : [`step-${i + 1}`, `step-${i + 1}`],
            },
          ]),
        ),
      },
    }),
    'shop.yaml: application.requests[0].operation: found 1048574, expected at most 10000 calls for one request',
  ],
  [
    'no node for Pods',
    (spec) => ({
      ...spec,
      nodes: [{ ...spec.nodes[0], taints: [{ key: 'a', effect: 'NoSchedule' }] }],
    }),
    'shop.yaml: nodes: found ["small"], expected at least one node without a taint',
  ],
  [
    'a load of another kind',
    (spec) => ({ ...spec, load: { kind: 'flood' } }),
    'shop.yaml: load.kind: found "flood", expected a kind of open, closed or trace',
  ],
  [
    'half a connection',
    (spec) => ({ ...spec, load: { kind: 'closed', connections: 1.5 } }),
    'shop.yaml: load.connections: found 1.5, expected a whole number',
  ],
  [
    'a negative rate',
    (spec) => ({ ...spec, load: { kind: 'open', requestsPerSecond: -1 } }),
    'shop.yaml: load.requestsPerSecond: found -1, expected a number above 0',
  ],
  [
    'an operation of no service',
    (spec) => {
      const operations = { 'front.get': { service: 'fornt', cpuMilliseconds: 1 } };
      return { ...spec, application: { ...spec.application, operations } };
    },
    'shop.yaml: application.operations.front.get.service: found "fornt", expected the name of a service',
  ],
  [
    'a call to nothing',
    (spec) => {
      const operations = { 'front.get': { service: 'front', cpuMilliseconds: 1, calls: ['x'] } };
      return { ...spec, application: { ...spec.application, operations } };
    },
    'shop.yaml: application.operations.front.get.calls: found "x", expected the name of an operation',
  ],
  [
    'a call that is no name',
    (spec) => {
      const operations = { 'front.get': { service: 'front', cpuMilliseconds: 1, calls: [7] } };
      return { ...spec, application: { ...spec.application, operations } };
    },
    'shop.yaml: application.operations.front.get.calls[0]: found 7, expected the name of an operation, or a list of names that are called in parallel',
  ],
  [
    'calls in a circle',
    (spec) => {
      const operations = {
        'front.get': { service: 'front', cpuMilliseconds: 1, calls: ['back.get'] },
        'back.get': { service: 'back', cpuMilliseconds: 1, calls: ['front.get'] },
      };
      return { ...spec, application: { ...spec.application, operations } };
    },
    'shop.yaml: application.operations: found "front.get -> back.get -> front.get", expected calls that do not go in circles',
  ],
  [
    'bimodal without its numbers',
    (spec) => {
      const operations = { 'front.get': { service: 'front', cpuMilliseconds: 1, law: 'bimodal' } };
      return { ...spec, application: { ...spec.application, operations } };
    },
    'shop.yaml: application.operations.front.get: found "bimodal", expected fastShare and fastFactor with the law bimodal',
  ],
  [
    'a request for nothing',
    (spec) => {
      const requests = [{ name: 'get', share: 1, operation: 'front.gte' }];
      return { ...spec, application: { ...spec.application, requests } };
    },
    'shop.yaml: application.requests[0].operation: found "front.gte", expected the name of an operation',
  ],
  [
    'an order that leaves one out',
    (spec) => ({ ...spec, application: { ...spec.application, order: ['front', 'back'] } }),
    'shop.yaml: application.order: found ["front","back"], expected every service once (store is missing)',
  ],
  [
    'a template for an unknown node',
    (spec) => ({ ...spec, templates: { mine: { front: 'huge' } } }),
    'shop.yaml: templates.mine.front: found "huge", expected the name of a node, or labels that some node has',
  ],
  [
    'a template for an unknown service',
    (spec) => ({ ...spec, templates: { mine: { middle: 'big' } } }),
    'shop.yaml: templates.mine.middle: found "middle", expected the name of a service',
  ],
  [
    'data on labels nobody has',
    (spec) => ({ ...spec, data: { pool: 'c' } }),
    'shop.yaml: data: found {"pool":"c"}, expected the name of a node, or labels that some node has',
  ],
  [
    'a policy field nobody knows',
    (spec) => ({ ...spec, policy: { hodloutPercent: 5 } }),
    `shop.yaml: policy.hodloutPercent: found "an unknown field", expected one of ${Object.keys(policySpecSchema.shape).join(', ')}`,
  ],
  [
    'a policy out of bounds',
    (spec) => ({ ...spec, policy: { holdoutPercent: 101 } }),
    'shop.yaml: policy.holdoutPercent: found 101, expected a number of at most 100',
  ],
];

for (const [name, change, message] of MISTAKES) {
  test(`mistake: ${name}`, (t) => {
    const file = specFile(t, change(smallSpec()));
    assert.throws(
      () => readSpecification(file),
      (error: unknown) => {
        assert.ok(error instanceof InputError);
        assert.equal(error.code, 'PERI_SIMULATION_INVALID');
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}

test('a mistake in a file of its own names that file', (t) => {
  const file = specFile(t, { ...smallSpec(), nodes: 'cluster.yaml' });
  writeFileSync(join(dirname(file), 'cluster.yaml'), stringify([{ name: 'a', cores: -1 }]));
  assert.throws(() => readSpecification(file), {
    message: 'cluster.yaml: [0].cores: found -1, expected a number above 0',
  });
});

test('a trace with a line that is no number names the line', (t) => {
  const file = specFile(t, { ...smallSpec(), load: { kind: 'trace', file: 'day.txt' } });
  writeFileSync(join(dirname(file), 'day.txt'), '# requests per second\n10\n\ntwenty\n');
  assert.throws(() => readSpecification(file), {
    message: 'day.txt: line 4: found "twenty", expected a number of requests per second',
  });
  writeFileSync(join(dirname(file), 'day.txt'), '# requests per second\n10\n\n20\n');
  assert.deepEqual(readSpecification(file).trace, [10, 20]);
});

test('the command line says a mistake in one line and ends with 2', async (t) => {
  const file = specFile(t, { ...smallSpec(), nodes: [] });
  const terminal = recorded();
  assert.equal(await runCommandLine(['simulate', '--spec', file], terminal), 2);
  assert.equal(terminal.written.stdout, '');
  assert.match(
    terminal.written.stderr,
    /^perihelion: PERI_SIMULATION_INVALID: shop\.yaml: nodes: [^\n]*\n$/,
  );
});

test('a file that is missing, and a scheduler that is unknown, are told in one line each', async (t) => {
  const file = specFile(t, smallSpec());
  for (const args of [
    ['simulate', '--spec', 'no-such-file.yaml'],
    ['simulate', '--spec', file, '--schedulers', 'default,magic'],
    ['simulate'],
  ]) {
    const terminal = recorded();
    assert.equal(await runCommandLine(args, terminal), 2);
    assert.equal(terminal.written.stderr.trimEnd().split('\n').length, 1, terminal.written.stderr);
  }
});

test('what is not said has its default', (t) => {
  const { rest, policy } = specificationOf(t, smallSpec());
  assert.equal(rest.mesh.kind, 'sidecar');
  assert.equal(rest.interferenceSlope, 0);
  assert.equal(rest.network.otherNodeRoundTripMilliseconds, 0.25);
  assert.equal(policy.holdoutPercent, 2);
});

test('the shipped hotelReservation and its clusters are those of the demo', () => {
  const spec = readSpecification(join(SIMULATIONS, 'hotel-reservation-seed.yaml'));
  const application = applicationOf(spec.application);
  assert.deepEqual(application.operations, hotelReservation.operations);
  assert.deepEqual(application.requests, hotelReservation.requests);
  assert.deepEqual(application.manifestOrder, hotelReservation.manifestOrder);
  assert.deepEqual(application.services, hotelReservation.services);
  assert.deepEqual(worldOf(spec).machines, SEED_MACHINES);
  const mixed = readSpecification(join(SIMULATIONS, 'hotel-reservation-mixed.yaml'));
  assert.deepEqual(worldOf(mixed).machines, MIXED_MACHINES);
});

for (const name of SHIPPED) {
  test(`shipped specification ${name} is valid and says what it is`, () => {
    const { rest } = readSpecification(join(SIMULATIONS, name));
    assert.equal(`${rest.name}.yaml`, name);
    assert.ok(rest.description.length > 20);
  });
}

test('the published JSON Schema is that of the code', async () => {
  for (const [path, text] of Object.entries(await simulationSchema())) {
    const file = fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
    assert.equal(readFileSync(file, 'utf8'), text, `${path}: npm run generate`);
  }
});

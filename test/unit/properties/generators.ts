// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type {
  NodeSelectorTerm,
  SelectorRequirement,
  SlimNode,
  Taint,
} from '#cluster/objects/slim.ts';
import { PREFERRED } from '#admission/patch/merge.ts';
import { node } from '../admission/world.ts';
import type { Json, JsonMap } from './rfc6902.ts';

/*
 * Small alphabets, so that rules meet nodes often: a random label that no node has tests nothing.
 */

export const HOSTNAME = 'kubernetes.io/hostname';
export const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

const key = fc.constantFrom('zone', 'disk', 'rank', HOSTNAME, '__proto__', 'constructor');
const value = fc.constantFrom(
  'a',
  'b',
  'n0',
  'n1',
  '',
  '5',
  '-3',
  '07',
  '9223372036854775808',
  '1.5',
);
const operator = fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'Near', '');

/** Labels of a node beside its hostname. */
export const labels: fc.Arbitrary<Record<string, string>> = fc
  .array(fc.tuple(key, value), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries));

const requirement: fc.Arbitrary<SelectorRequirement> = fc
  .tuple(key, operator, fc.option(fc.array(value, { maxLength: 3 }), { nil: undefined }))
  .map(([name, how, values]) => ({
    key: name,
    operator: how,
    ...(values === undefined ? {} : { values }),
  }));

const field: fc.Arbitrary<SelectorRequirement> = fc
  .tuple(
    fc.constantFrom('metadata.name', 'metadata.name', 'spec.unschedulable'),
    fc.constantFrom('In', 'NotIn', 'Exists'),
    fc.array(fc.constantFrom('n0', 'n1', 'n2'), { maxLength: 2 }),
  )
  .map(([name, how, values]) => ({ key: name, operator: how, values }));

/** One term of a required node affinity, also empty. */
export const nodeTerm: fc.Arbitrary<NodeSelectorTerm> = fc.record(
  {
    matchExpressions: fc.array(requirement, { maxLength: 3 }),
    matchFields: fc.array(field, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const taint: fc.Arbitrary<Taint> = fc.record({
  key: fc.constantFrom('dedicated', 'gpu'),
  value: fc.constantFrom('', 'x', 'y'),
  effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule'),
});

/** A toleration as it stands in a Pod; fields may be missing. */
export const toleration: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    key: fc.constantFrom('dedicated', 'gpu', ''),
    operator: fc.constantFrom('Exists', 'Equal', '', 'Near'),
    value: fc.constantFrom('', 'x', 'y'),
    effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule', ''),
  },
  { requiredKeys: [] },
);

/** A node of this name. */
export function nodeNamed(name: string): fc.Arbitrary<SlimNode> {
  return fc
    .record({
      labels,
      taints: fc.array(taint, { maxLength: 2 }),
      ready: fc.boolean().map((odd) => !odd || name === 'n0'),
      unschedulable: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
      pods: fc.integer({ min: 0, max: 4 }),
      cpuMillicores: fc.constantFrom(0, 500, 1000, 2000),
    })
    .map(({ pods, cpuMillicores, ...rest }) =>
      node(name, { ...rest, allocatable: { pods, cpuMillicores, memoryBytes: 2 ** 30 } }),
    );
}

/** Between one and `count` nodes, named n0, n1, ... */
export function nodes(count: number): fc.Arbitrary<SlimNode[]> {
  const all = Array.from({ length: count }, (_, index) => nodeNamed(`n${String(index)}`));
  return fc
    .tuple(fc.integer({ min: 1, max: count }), fc.tuple(...all))
    .map(([size, made]) => made.slice(0, size));
}

/** JSON that nobody expects, small. */
export const noise: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Json>(null, 0, '', 'x', [], {}, true) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json> },
);

/** A term of a user's preferred list, of any quality. */
const preferredItem: fc.Arbitrary<Json> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      weight: fc.integer({ min: 0, max: 101 }),
      preference: nodeTerm as fc.Arbitrary<unknown> as fc.Arbitrary<Json>,
    }),
  },
  {
    weight: 2,
    // Exactly our own shape, so that it may be taken for an old term of ours.
    arbitrary: fc.integer({ min: 1, max: 100 }).map((weight) => ({
      weight,
      preference: { matchExpressions: [{ key: HOSTNAME, operator: 'In', values: ['n0'] }] },
    })),
  },
  { weight: 1, arbitrary: noise },
);

/** A field that may be missing, null, odd, or what it should be. */
function shaky(good: fc.Arbitrary<Json>): fc.Arbitrary<Json | undefined> {
  return fc.oneof(
    { weight: 6, arbitrary: good },
    { weight: 2, arbitrary: fc.constantFrom(null, undefined) },
    { weight: 1, arbitrary: noise },
  );
}

function record(
  fields: Readonly<Record<string, fc.Arbitrary<Json | undefined>>>,
): fc.Arbitrary<Json> {
  return fc
    .record(fields)
    .map(
      (made) =>
        Object.fromEntries(
          Object.entries(made).filter(([, member]) => member !== undefined),
        ) as JsonMap,
    );
}

const nodeAffinity = record({
  [PREFERRED]: shaky(fc.array(preferredItem, { maxLength: 4 })),
  [REQUIRED]: shaky(
    record({
      nodeSelectorTerms: shaky(
        fc.array(nodeTerm as fc.Arbitrary<unknown> as fc.Arbitrary<Json>, { maxLength: 3 }),
      ),
    }),
  ),
  __proto__: fc.option(noise, { nil: undefined, freq: 1 }),
});

const affinity = record({
  nodeAffinity: shaky(nodeAffinity),
  podAffinity: shaky(noise),
  podAntiAffinity: shaky(noise),
});

const annotations = fc
  .dictionary(
    fc.constantFrom('a', 'b/c', '~', '~1', '__proto__', 'perihelion.dev/tier', 'perihelion.dev/x'),
    fc.constantFrom('', 'x', '\n'),
    { maxKeys: 4 },
  )
  .map((made) => ({ ...made }));

/** A raw Pod whose affinity and annotations may be anything. */
export const rawPods: fc.Arbitrary<JsonMap> = fc
  .record({
    affinity: shaky(affinity),
    annotations: shaky(annotations as fc.Arbitrary<Json>),
    extra: noise,
  })
  .map(({ affinity: rules, annotations: notes, extra }) => ({
    metadata: { name: 'web', ...(notes === undefined ? {} : { annotations: notes }), extra },
    spec: { ...(rules === undefined ? {} : { affinity: rules }), extra, future: { field: extra } },
  }));

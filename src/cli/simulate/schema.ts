// SPDX-License-Identifier: Apache-2.0
import { policySpecSchema } from '#cluster/policy/schema.ts';
import { METERS } from '#simulator/machines/meter.ts';
import { z } from 'zod';

/*
 * The one source of what a simulation specification may say. The published JSON Schema is generated
 * from it. Numbers carry their unit in the name; everything that has a sensible default has one.
 */

const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/, 'a lower-case name like worker-1')
  .describe('Lower-case letters, digits, dots and dashes.');
const positive = z.number().positive();
const atLeastZero = z.number().min(0);
const labels = z.record(z.string(), z.string());

/** Watts of a machine by its CPU utilisation. */
export const powerSchema = z
  .discriminatedUnion(
    'shape',
    [
      z.strictObject({
        shape: z.literal('concave').describe('The first watts are the dearest (PEAKS, node B).'),
        idleWatts: positive,
        fullWatts: positive,
        bend: positive
          .default(2.9613)
          .describe('k of (1 - exp(-k u)) / (1 - exp(-k)), u = utilisation 0..1.'),
      }),
      z.strictObject({
        shape: z.literal('linear'),
        idleWatts: positive,
        fullWatts: positive,
      }),
      z.strictObject({
        shape: z.literal('measured'),
        watts: z
          .array(positive)
          .length(11)
          .describe('At 0, 10, ..., 100 %, as SPECpower reports them; they never fall.'),
      }),
    ],
    { error: 'a shape of concave, linear or measured' },
  )
  .describe('Power of the whole machine, watts.');

/** A group of equal machines. */
export const nodeSchema = z
  .strictObject({
    name: name.describe('Node name; with a count above 1 it gets -1, -2, ... behind it.'),
    count: z.int().min(1).max(5000).default(1),
    model: z.string().default('machine').describe('What it is, for people.'),
    cores: positive,
    memoryGib: positive,
    speed: positive.default(1).describe('Speed of one core against the reference core.'),
    systemCores: atLeastZero.default(0.1).describe('CPU of kubelet, runtime and kernel, cores.'),
    power: powerSchema,
    labels: labels.default({}),
    taints: z
      .array(
        z.strictObject({
          key: z.string().min(1),
          effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
        }),
      )
      .default([]),
  })
  .describe('A group of equal machines.');

/** The machines of a cluster. */
export const nodesSchema = z.array(nodeSchema).min(1).describe('Machines of the cluster.');

const serviceSchema = z
  .strictObject({
    name,
    tier: z.enum(['business', 'data', 'infra']).default('business'),
    protocol: z.enum(['http', 'grpc', 'tcp']).default('http'),
    port: z.int().min(1).max(65535).default(8080),
    image: z.string().min(1).default('simulated'),
    requestMillicores: atLeastZero.default(100).describe('CPU request of the container; 0 = none.'),
    requestMebibytes: positive.optional().describe('Its memory request; absent = none.'),
    limitMillicores: positive.default(1000).describe('In force only with cpuLimits: true.'),
    replicas: z.int().min(1).max(1000).default(1),
    strategy: z.enum(['RollingUpdate', 'Recreate']).default('RollingUpdate'),
  })
  .describe('One microservice: a Deployment.');

const operationSchema = z
  .strictObject({
    service: name,
    cpuMilliseconds: atLeastZero.describe('Mean CPU of one call on the reference core.'),
    law: z.enum(['exponential', 'constant', 'bimodal']).default('exponential'),
    fastShare: z.number().gt(0).lt(1).optional().describe('bimodal: share of fast calls.'),
    fastFactor: z.number().gt(0).lt(1).optional().describe('bimodal: their CPU against the mean.'),
    calls: z
      .array(
        z.union([z.string(), z.array(z.string()).min(1)], {
          error: 'the name of an operation, or a list of names that are called in parallel',
        }),
      )
      .default([])
      .describe('Operations called one after another; a list within is called in parallel.'),
  })
  .describe('Something a service can be asked to do.');

/** An application. */
export const applicationSchema = z
  .strictObject({
    name,
    services: z.array(serviceSchema).min(1),
    operations: z.record(z.string(), operationSchema),
    requests: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          share: positive.describe('Relative frequency.'),
          operation: z.string().describe('What the outside world calls.'),
        }),
      )
      .min(1)
      .describe('Kinds of user requests.'),
    order: z
      .array(name)
      .optional()
      .describe('Services in the order in which they are deployed; default: as listed.'),
  })
  .describe('Services, what they do, and who calls whom.');

const loadSchema = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({
        kind: z.literal('open').describe('A Poisson stream, as from many users.'),
        requestsPerSecond: positive,
      }),
      z.strictObject({
        kind: z.literal('closed').describe('Connections without think time, as wrk.'),
        connections: z.int().min(1).max(100_000),
      }),
      z.strictObject({
        kind: z.literal('trace').describe('A Poisson stream with a rate from a file.'),
        file: z.string().min(1).describe('One number (requests per second) on each line.'),
        stepSeconds: positive.default(1),
        scale: positive.default(1).describe('Multiplies every rate.'),
      }),
    ],
    { error: 'a kind of open, closed or trace' },
  )
  .describe('How requests come.');

const networkSchema = z
  .strictObject({
    sameNodeRoundTripMilliseconds: atLeastZero.default(0.09),
    otherNodeRoundTripMilliseconds: atLeastZero.default(0.25),
    crossNodeCpuMilliseconds: atLeastZero
      .default(0.02)
      .describe('Extra CPU at each end of a call that crosses nodes.'),
  })
  .describe('The network between Pods.');

const meshSchema = z
  .strictObject({
    kind: z
      .enum(['sidecar', 'waypoint', 'none'])
      .default('sidecar')
      .describe('A proxy in every Pod, one for the namespace (ambient mode), or none.'),
    httpCpuMilliseconds: atLeastZero.optional().describe('CPU of one proxy side for one call.'),
    tcpCpuMilliseconds: atLeastZero.optional(),
    medianMilliseconds: atLeastZero.optional().describe('Delay of both proxies of a call.'),
    p99Milliseconds: atLeastZero.optional(),
  })
  .describe('The service mesh; what is not said is as Istio 1.24.');

/** A node by its name, or nodes by their labels. */
const placeSchema = z.union([z.string().min(1), labels], {
  error: 'the name of a node, or labels of nodes',
});

/** The specification without its application and nodes, which may stand in files of their own. */
export const restSchema = z.strictObject({
  version: z.literal(1),
  name,
  description: z.string().default(''),
  load: loadSchema,
  network: networkSchema.prefault({}),
  mesh: meshSchema.prefault({}),
  front: z
    .enum(['none', 'nginx'])
    .default('none')
    .describe('nginx: every user request passes an nginx that is scheduled like any service.'),
  interferenceSlope: atLeastZero
    .default(0)
    .describe(
      'Co-location: a burst costs 1 + slope x (share of the cores that other Pods keep busy).',
    ),
  meter: z
    .enum(METERS)
    .default('KeplerNew')
    .describe('Who attributes energy to Pods: Kepler from 0.10 on, or up to 0.9 (KeplerOld).'),
  background: z
    .record(z.string(), positive)
    .default({})
    .describe(
      'By node: cores that Pods of others use all the time. They have no requests, so that the scheduler does not see them.',
    ),
  cpuScale: positive.default(1).describe('Multiplies every CPU time of the application.'),
  cpuLimits: z.boolean().default(false).describe('Whether limitMillicores are in force.'),
  times: z
    .strictObject({
      warmUpSeconds: positive.default(0.5),
      windowSeconds: positive.default(2),
      rollouts: z.int().min(0).max(10_000).default(60).describe('Rollouts to learn from.'),
      measured: z.int().min(1).max(1000).default(6).describe('Rollouts that are measured.'),
      startUpSeconds: atLeastZero
        .default(0)
        .describe('From the first request until Pods are Ready; requests fail until then.'),
    })
    .prefault({})
    .describe('Virtual time of one rollout, and how many there are.'),
  data: placeSchema.optional().describe('Where `split` and `data-pinned` put the data tier.'),
  business: placeSchema.optional().describe('Where `split` puts everything else.'),
  templates: z
    .record(name, z.record(name, placeSchema))
    .default({})
    .describe('Placements made by hand: template name, service, place.'),
  policy: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Spec of a PlacementPolicy: how the agent learns and what counts as good.'),
});

/** The whole specification as it is published: parts may be in files of their own. */
export const publishedSchema = restSchema.extend({
  application: z.union([z.string().describe('A file, relative to this one.'), applicationSchema]),
  nodes: z.union([z.string().describe('A file, relative to this one.'), nodesSchema]),
  policy: policySpecSchema.optional().describe('Spec of a PlacementPolicy.'),
});

export type SpecRest = z.output<typeof restSchema>;
export type SpecApplication = z.output<typeof applicationSchema>;
export type SpecNodes = z.output<typeof nodesSchema>;
export type Place = string | Readonly<Record<string, string>>;

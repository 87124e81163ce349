// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { PolicySpec } from '#cluster/policy/policy.ts';
import type { Application, OperationSpec } from '#simulator/application/application.ts';
import type { ClusterOptions } from '#simulator/cluster/options.ts';
import type { Law } from '#simulator/random/law.ts';
import type { Load } from '#simulator/application/load.ts';
import type { Machine } from '#simulator/machines/machines.ts';
import { MESH_OVERHEADS, withNginx, withWaypoint } from '#simulator/application/mesh.ts';
import { DEFAULT_OVERHEADS, type Overheads } from '#simulator/application/overheads.ts';
import { concaveCurve, linearCurve, type PowerCurve } from '#simulator/machines/power-curve.ts';
import { compile } from '#simulator/engine/program.ts';
import type { Pin, Pins } from '#simulator/application/pod-template.ts';
import type { Stage } from '#simulator/trial/trial.ts';
import type { Place, SpecApplication, SpecNodes, SpecRest } from './schema.ts';
import { nodeNames, type Specification } from './specification.ts';

/** Everything one simulation needs, made from a specification. */
export interface World {
  readonly name: string;
  /** With the proxies and fronts that the specification asks for. */
  readonly application: Application;
  readonly machines: readonly Machine[];
  readonly stage: Stage;
  readonly sidecar: boolean;
  readonly cpuLimits: boolean;
  readonly policy: PolicySpec;
  readonly rollouts: number;
  readonly measured: number;
  readonly data: Pin;
  readonly business: Pin;
  readonly templates: Readonly<Record<string, Pins>>;
}

/** Metering interval of a trial, virtual seconds. */
const METER_SECONDS = 0.25;
const GIB = 2 ** 30;
const HOSTNAME = 'kubernetes.io/hostname';

/** Builds what a checked specification describes. */
export function worldOf(specification: Specification): World {
  const { rest, policy } = specification;
  const { background } = rest;
  const machines = specification.nodes.flatMap(machinesOf).map((machine) => ({
    ...machine,
    systemCores: machine.systemCores + (background[machine.name] ?? 0),
  }));
  const application = dressed(applicationOf(specification.application), rest);
  const free = machines.filter(({ taints }) => taints.length === 0);
  const first = free[0]?.name ?? '';
  return {
    name: rest.name,
    application,
    machines,
    stage: {
      program: compile(application, rest.cpuScale),
      machines,
      overheads: overheadsOf(rest),
      load: loadOf(specification),
      warmUpSeconds: rest.times.warmUpSeconds,
      windowSeconds: rest.times.windowSeconds,
      startUpSeconds: rest.times.startUpSeconds,
      meter: rest.meter,
      meterSeconds: METER_SECONDS,
      background,
    },
    sidecar: rest.mesh.kind === 'sidecar',
    cpuLimits: rest.cpuLimits,
    policy,
    rollouts: rest.times.rollouts,
    measured: rest.times.measured,
    data: pinOf(rest.data ?? first),
    business: pinOf(rest.business ?? free[1]?.name ?? first),
    templates: Object.fromEntries(
      Object.entries(rest.templates).map(([name, places]) => [
        name,
        Object.fromEntries(
          Object.entries(places).map(([service, place]) => [service, pinOf(place)]),
        ),
      ]),
    ),
  };
}

/**
 * The same as a cluster with an API and exporters, for whoever wants to meet them over the wire.
 * There Pods start one after another as they are rolled out, one second each unless the
 * specification says otherwise.
 *
 * @throws InputError `PERI_SIMULATION_INVALID` for Pods of others: its API would not show them
 */
export function clusterOptionsOf(specification: Specification, seed: number): ClusterOptions {
  const { rest } = specification;
  if (Object.keys(rest.background).length > 0) {
    const field = `${specification.file}: background`;
    const expected = 'nothing in a cluster with an API (only simulate knows it)';
    throw new InputError('PERI_SIMULATION_INVALID', field, rest.background, expected);
  }
  const application = applicationOf(specification.application);
  return {
    application: rest.front === 'nginx' ? withNginx(application) : application,
    machines: specification.nodes.flatMap(machinesOf),
    seed,
    load: loadOf(specification),
    namespace: rest.name,
    cpuScale: rest.cpuScale,
    cpuLimits: rest.cpuLimits,
    overheads: overheadsOf(rest),
    mesh: rest.mesh.kind,
    meter: rest.meter,
    meterSeconds: METER_SECONDS,
    ...(rest.times.startUpSeconds > 0 ? { startUpSeconds: rest.times.startUpSeconds } : {}),
  };
}

/** The same world under another load. */
export function withLoad(world: World, load: Load): World {
  return { ...world, stage: { ...world.stage, load } };
}

function pinOf(place: Place): Pin {
  return { nodeSelector: typeof place === 'string' ? { [HOSTNAME]: place } : place };
}

function machinesOf(group: SpecNodes[number]): Machine[] {
  const { model, cores, memoryGib, speed, systemCores, power, labels, taints } = group;
  const curve = curveOf(power);
  return nodeNames(group).map((name) => ({
    name,
    model,
    cores,
    memoryBytes: memoryGib * GIB,
    speed,
    systemCores,
    curve,
    labels,
    taints,
  }));
}

function curveOf(power: SpecNodes[number]['power']): PowerCurve {
  switch (power.shape) {
    case 'measured':
      return power.watts;
    case 'linear':
      return linearCurve(power.idleWatts, power.fullWatts);
    case 'concave':
      return concaveCurve(power.idleWatts, power.fullWatts, power.bend);
  }
}

/** The application as the engine knows it. */
export function applicationOf(spec: SpecApplication): Application {
  return {
    name: spec.name,
    services: spec.services,
    manifestOrder: spec.order ?? spec.services.map(({ name }) => name),
    requests: spec.requests,
    operations: Object.fromEntries(
      Object.entries(spec.operations).map(([name, operation]): [string, OperationSpec] => [
        name,
        {
          service: operation.service,
          cpuMilliseconds: operation.cpuMilliseconds,
          law: lawOf(operation),
          steps: operation.calls.map((call) => (typeof call === 'string' ? [call] : call)),
        },
      ]),
    ),
  };
}

function lawOf({ law, fastShare, fastFactor }: SpecApplication['operations'][string]): Law {
  if (law !== 'bimodal') return { kind: law };
  return { kind: law, fastShare: fastShare ?? 0.5, fastFactor: fastFactor ?? 0.5 };
}

function dressed(application: Application, { mesh, front }: SpecRest): Application {
  const meshed = mesh.kind === 'waypoint' ? withWaypoint(application) : application;
  return front === 'nginx' ? withNginx(meshed) : meshed;
}

function overheadsOf({ network, mesh, interferenceSlope }: SpecRest): Overheads {
  const base: Overheads = { ...DEFAULT_OVERHEADS, ...MESH_OVERHEADS[mesh.kind] };
  const seconds = (milliseconds: number | undefined, fallback: number): number =>
    milliseconds === undefined ? fallback : milliseconds / 1000;
  return {
    ...base,
    sameNodeRoundTripSeconds: network.sameNodeRoundTripMilliseconds / 1000,
    otherNodeRoundTripSeconds: network.otherNodeRoundTripMilliseconds / 1000,
    crossNodeCpuSeconds: network.crossNodeCpuMilliseconds / 1000,
    sidecarHttpCpuSeconds: seconds(mesh.httpCpuMilliseconds, base.sidecarHttpCpuSeconds),
    sidecarTcpCpuSeconds: seconds(mesh.tcpCpuMilliseconds, base.sidecarTcpCpuSeconds),
    sidecarDelay: {
      medianSeconds: seconds(mesh.medianMilliseconds, base.sidecarDelay.medianSeconds),
      p99Seconds: seconds(mesh.p99Milliseconds, base.sidecarDelay.p99Seconds),
    },
    interferenceSlope,
  };
}

function loadOf({ rest: { load }, trace }: Specification): Load {
  if (load.kind !== 'trace') return load;
  return { kind: 'trace', stepSeconds: load.stepSeconds, rates: trace };
}

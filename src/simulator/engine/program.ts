// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { Application } from '#simulator/application/application.ts';
import type { Law } from '#simulator/random/law.ts';

/** An {@link Application} as flat tables, for the inner loop of the engine. */
export interface Program {
  /** Service names by service number. */
  readonly services: readonly string[];
  /** By service number: 1 where the service speaks plain TCP. */
  readonly tcp: Uint8Array;
  /** By operation: service number, mean of one burst (core-seconds), law. */
  readonly operationService: Int32Array;
  readonly burstSeconds: Float64Array;
  readonly laws: readonly Law[];
  /** By operation: number of the service that a relayed call is for; -1 where it relays none. */
  readonly relayedTo: Int32Array;
  /** Steps of operation `o`: `stepFirst[o]` up to `stepFirst[o + 1]`. */
  readonly stepFirst: Int32Array;
  /** Calls of step `s`: `callFirst[s]` up to `callFirst[s + 1]` in `callOperation`. */
  readonly callFirst: Int32Array;
  readonly callOperation: Int32Array;
  /** Request kinds: names, root operations, cumulative shares (the last is 1). */
  readonly requestNames: readonly string[];
  readonly requestOperation: Int32Array;
  readonly requestCumulative: Float64Array;
}

const INVALID = 'PERI_SIMULATION_INVALID';

/**
 * Compiles an application; `cpuScale` multiplies every CPU time.
 *
 * @throws InputError `PERI_SIMULATION_INVALID` on an unknown name or an impossible number.
 */
export function compile(application: Application, cpuScale: number): Program {
  if (!(cpuScale > 0)) throw new InputError(INVALID, 'cpuScale', cpuScale, 'a number above 0');
  const services = application.services.map((service) => service.name);
  const names = Object.keys(application.operations);
  const operations = Object.values(application.operations);
  const steps = operations.flatMap((operation) => operation.steps);
  const calls = steps.flat();

  const requests = cumulativeShares(application);
  return {
    services,
    tcp: Uint8Array.from(application.services, (service) => Number(service.protocol === 'tcp')),
    operationService: Int32Array.from(operations, (operation, i) =>
      index(services, operation.service, `operations.${names[i] ?? ''}.service`),
    ),
    burstSeconds: Float64Array.from(operations, (operation, i) => {
      if (!(operation.cpuMilliseconds >= 0)) {
        const field = `operations.${names[i] ?? ''}.cpuMilliseconds`;
        throw new InputError(INVALID, field, operation.cpuMilliseconds, 'a number of at least 0');
      }
      return (operation.cpuMilliseconds * cpuScale) / 1000 / (operation.steps.length + 1);
    }),
    laws: operations.map((operation) => operation.law),
    relayedTo: Int32Array.from(operations, ({ relays, steps: own }) => {
      const call = relays === true ? application.operations[own[0]?.[0] ?? ''] : undefined;
      return call === undefined ? -1 : services.indexOf(call.service);
    }),
    stepFirst: offsets(operations.map((operation) => operation.steps.length)),
    callFirst: offsets(steps.map((step) => step.length)),
    callOperation: Int32Array.from(calls, (call) => index(names, call, 'operations.steps')),
    requestNames: application.requests.map((request) => request.name),
    requestOperation: Int32Array.from(application.requests, (request) =>
      index(names, request.operation, `requests.${request.name}.operation`),
    ),
    requestCumulative: requests,
  };
}

function cumulativeShares(application: Application): Float64Array {
  const total = application.requests.reduce((sum, request) => sum + request.share, 0);
  if (!(total > 0)) throw new InputError(INVALID, 'requests', total, 'shares that sum above 0');
  let sum = 0;
  const shares = Float64Array.from(application.requests, (request) => (sum += request.share));
  shares.forEach((share, i) => (shares[i] = share / total));
  shares[shares.length - 1] = 1;
  return shares;
}

function index(names: readonly string[], name: string, field: string): number {
  const found = names.indexOf(name);
  if (found < 0) throw new InputError(INVALID, field, name, 'a name that exists');
  return found;
}

function offsets(lengths: readonly number[]): Int32Array {
  const result = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => (result[i + 1] = (result[i] ?? 0) + length));
  return result;
}

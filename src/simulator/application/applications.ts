// SPDX-License-Identifier: Apache-2.0
import type { Application, OperationSpec, Protocol, ServiceSpec } from './application.ts';
import { CONSTANT, EXPONENTIAL } from '#simulator/random/law.ts';

/*
 * hotelReservation of DeathStarBench: services and call graph from its manifests and code, CPU
 * per call from the Erms artifact, store times from uqSim. docs/explanation/simulator.md names
 * the source of every number and what is assumed. Nothing here says where a Pod should run.
 */

function business(name: string, port: number, protocol: Protocol = 'grpc'): ServiceSpec {
  return {
    name,
    tier: 'business',
    protocol,
    port,
    image: 'deathstarbench/hotel-reservation:latest',
    requestMillicores: 100,
    limitMillicores: 1000,
    replicas: 1,
    strategy: 'RollingUpdate',
  };
}

function store(name: string): ServiceSpec {
  const mongo = name.startsWith('mongodb');
  return {
    ...business(name, mongo ? 27017 : 11211, 'tcp'),
    tier: 'data',
    image: mongo ? 'mongo:4.4.6' : 'memcached:1.6',
    strategy: mongo ? 'Recreate' : 'RollingUpdate',
  };
}

function infra(name: string, port: number, image: string): ServiceSpec {
  return { ...business(name, port, 'http'), tier: 'infra', image };
}

const SERVICES: readonly ServiceSpec[] = [
  business('frontend', 5000, 'http'),
  business('search', 8082),
  business('geo', 8083),
  business('rate', 8084),
  business('profile', 8081),
  business('recommendation', 8085),
  business('reservation', 8087),
  business('user', 8086),
  store('memcached-rate'),
  store('memcached-profile'),
  store('memcached-reserve'),
  store('mongodb-geo'),
  store('mongodb-profile'),
  store('mongodb-rate'),
  store('mongodb-recommendation'),
  store('mongodb-reservation'),
  store('mongodb-user'),
  infra('consul', 8500, 'hashicorp/consul:latest'),
  infra('jaeger', 16686, 'jaegertracing/all-in-one:latest'),
];

/** Order of the folders and files that `kubectl apply -R` walks. */
const MANIFEST_ORDER: readonly string[] = [
  'consul',
  'frontend',
  'geo',
  'mongodb-geo',
  'jaeger',
  'memcached-profile',
  'mongodb-profile',
  'profile',
  'memcached-rate',
  'mongodb-rate',
  'rate',
  'mongodb-recommendation',
  'recommendation',
  'memcached-reserve',
  'mongodb-reservation',
  'reservation',
  'search',
  'mongodb-user',
  'user',
];

function operation(
  service: string,
  cpuMilliseconds: number,
  ...steps: (readonly string[])[]
): OperationSpec {
  return { service, cpuMilliseconds, law: EXPONENTIAL, steps };
}

/** Share of searches whose area holds no hotel (20,000 draws of the load script's inputs). */
const EMPTY_SEARCH_SHARE = 0.485;
/** CPU of an empty search against the mean one, behind geo. Assumed; the mean is kept. */
const EMPTY_FACTOR = 0.5;
const FULL_FACTOR = (1 - EMPTY_SEARCH_SHARE * EMPTY_FACTOR) / (1 - EMPTY_SEARCH_SHARE);
/** Nights of a reservation: memcached and MongoDB are visited once per night. */
const RESERVED_NIGHTS = 3;

/** The operations of one kind of search; empty ones ask no cache. */
function searchOperations(kind: 'full' | 'empty'): Record<string, OperationSpec> {
  const factor = kind === 'full' ? FULL_FACTOR : EMPTY_FACTOR;
  const cached = (...calls: string[]): string[][] =>
    kind === 'full' ? calls.map((call) => [call]) : [];
  return {
    [`frontend.hotels.${kind}`]: operation(
      'frontend',
      3.1 * factor,
      [`search.nearby.${kind}`],
      [`reservation.check.${kind}`],
      [`profile.hotels.${kind}`],
    ),
    [`search.nearby.${kind}`]: operation(
      'search',
      1.9 * factor,
      ['geo.nearby'],
      [`rate.get.${kind}`],
    ),
    [`rate.get.${kind}`]: operation('rate', 0.96 * factor, ...cached('memcached-rate.read')),
    [`reservation.check.${kind}`]: operation(
      'reservation',
      2.48 * factor,
      ...cached('memcached-reserve.read', 'memcached-reserve.read'),
    ),
    [`profile.hotels.${kind}`]: operation(
      'profile',
      0.94 * factor,
      ...cached('memcached-profile.read'),
    ),
  };
}

function storeOperation(service: string, microseconds: number): OperationSpec {
  return { service, cpuMilliseconds: microseconds / 1000, law: EXPONENTIAL, steps: [] };
}

const NIGHTS: readonly (readonly string[])[] = Array.from({ length: RESERVED_NIGHTS }, () => [
  ['memcached-reserve.read'],
  ['memcached-reserve.read'],
  ['memcached-reserve.write'],
  ['mongodb-reservation.insert'],
]).flat();

/** hotelReservation: 19 services, the mix of `mixed-workload_type_1.lua`. */
export const hotelReservation: Application = {
  name: 'hotel-reservation',
  services: SERVICES,
  manifestOrder: MANIFEST_ORDER,
  requests: [
    {
      name: 'search (hotels found)',
      share: 0.6 * (1 - EMPTY_SEARCH_SHARE),
      operation: 'frontend.hotels.full',
    },
    { name: 'search (none)', share: 0.6 * EMPTY_SEARCH_SHARE, operation: 'frontend.hotels.empty' },
    { name: 'recommend', share: 0.39, operation: 'frontend.recommendations' },
    { name: 'user', share: 0.005, operation: 'frontend.user' },
    { name: 'reserve', share: 0.005, operation: 'frontend.reservation' },
  ],
  operations: {
    ...searchOperations('full'),
    ...searchOperations('empty'),
    'geo.nearby': operation('geo', 1.05),
    'frontend.recommendations': operation(
      'frontend',
      1.53,
      ['recommendation.get'],
      ['profile.recommended'],
    ),
    'recommendation.get': operation('recommendation', 0.6),
    'profile.recommended': operation('profile', 1.57, ['memcached-profile.read']),
    'frontend.user': operation('frontend', 1.53, ['user.check']),
    'user.check': operation('user', 0.3),
    'frontend.reservation': operation('frontend', 1.53, ['user.check'], ['reservation.make']),
    'reservation.make': operation('reservation', 2.48, ...NIGHTS),
    'memcached-rate.read': storeOperation('memcached-rate', 11.1),
    'memcached-profile.read': storeOperation('memcached-profile', 11.1),
    'memcached-reserve.read': storeOperation('memcached-reserve', 11.1),
    'memcached-reserve.write': storeOperation('memcached-reserve', 20.9),
    'mongodb-reservation.insert': storeOperation('mongodb-reservation', 78),
  },
};

/** One service with one operation: the M/M/c queue, for checks and first experiments. */
export function singleQueue(cpuMilliseconds: number, exponential = true): Application {
  return {
    name: 'queue',
    services: [business('server', 8080, 'http')],
    manifestOrder: ['server'],
    requests: [{ name: 'get', share: 1, operation: 'server.get' }],
    operations: {
      'server.get': {
        service: 'server',
        cpuMilliseconds,
        law: exponential ? EXPONENTIAL : CONSTANT,
        steps: [],
      },
    },
  };
}

// SPDX-License-Identifier: Apache-2.0
import type { Specification } from '#cli/simulate/specification.ts';

/*
 * "Input data 2,000 to 10,000", of which the talk says no more, read as the number of hotels in the
 * data stores. Upstream has 80, and every cache is warm after a moment. With more of them a run of
 * a minute begins with cold caches, and each record is fetched from MongoDB once.
 */

/** Hotels of upstream's data set: caches are warm. */
export const UPSTREAM_RECORDS = 80;

/** What a run reads, for the share of reads that are the first of their record. */
const RUN = {
  /** The default scheduler's rate in the base case, times the minute of a run. */
  requests: 1190 * 60,
  /** Hotels near a place, each looked up in the cache of rates. */
  rateIds: 5,
  /** Hotels of an answer, each looked up in the cache of profiles: searches, recommendations. */
  searchIds: 1.65,
  recommendedIds: 2.3,
};

/** CPU of one find and of one write to memcached, milliseconds (uqSim). */
const FIND_MILLISECONDS = 0.078;
const WRITE_MILLISECONDS = 0.0209;
/** CPU to look at one more hotel of the list that a recommendation walks. Assumed. */
const SCAN_MILLISECONDS = 0.05 / 1000;

type Application = Specification['application'];
type Operation = Application['operations'][string];

/** Calls with at least one record that is not in the cache yet, and how many they miss. */
interface Misses {
  readonly share: number;
  readonly records: number;
}

function missesOf(records: number, idsPerCall: number, idsRead: number): Misses {
  const each = Math.min(1, records / idsRead);
  const share = 1 - (1 - each) ** idsPerCall;
  return { share, records: share > 0 ? (idsPerCall * each) / share : 0 };
}

/** Share of a run's calls that miss, by cache: for the text of the report. */
export function missShares(records: number): { readonly rate: number; readonly profile: number } {
  const { rate, searchProfile } = allMisses(records);
  return { rate: rate.share, profile: searchProfile.share };
}

function allMisses(records: number): Record<'rate' | 'searchProfile' | 'recommended', Misses> {
  const { requests, rateIds, searchIds, recommendedIds } = RUN;
  const found = 0.309;
  const profileReads = requests * (found * searchIds + 0.39 * recommendedIds);
  return {
    rate: missesOf(records, rateIds, requests * found * rateIds),
    searchProfile: missesOf(records, searchIds, profileReads),
    recommended: missesOf(records, recommendedIds, profileReads),
  };
}

/**
 * hotelReservation with so many hotels: kinds of requests that miss stand beside those that do not,
 * each with its share; recommendations walk a longer list.
 */
export function withInputSize(specification: Specification, records: number): Specification {
  if (records <= UPSTREAM_RECORDS) return specification;
  const { rate, searchProfile, recommended } = allMisses(records);
  const { application } = specification;
  const operations: Record<string, Operation> = { ...application.operations };
  const of = (name: string): Operation => {
    const operation = operations[name];
    if (operation === undefined) throw new RangeError(`operation: ${name}`);
    return operation;
  };
  /** An operation that asks MongoDB for what its cache lacks, and then fills the cache. */
  const missing = (name: string, cache: string, store: string, misses: Misses): string => {
    const find = `${name}.find`;
    const fill = `${name}.fill`;
    const cost = (service: string, milliseconds: number): Operation => ({
      service,
      cpuMilliseconds: milliseconds * misses.records,
      law: 'exponential',
      calls: [],
    });
    operations[find] = cost(store, FIND_MILLISECONDS);
    operations[fill] = cost(cache, WRITE_MILLISECONDS);
    operations[`${name}.miss`] = { ...of(name), calls: [...of(name).calls, find, fill] };
    return `${name}.miss`;
  };
  /** The same operation with some of its calls exchanged. */
  const calling = (name: string, suffix: string, exchange: Readonly<Record<string, string>>) => {
    const calls = of(name).calls.map((call) =>
      typeof call === 'string' ? (exchange[call] ?? call) : call,
    );
    operations[`${name}.${suffix}`] = { ...of(name), calls };
    return `${name}.${suffix}`;
  };
  const rateMiss = missing('rate.get.full', 'memcached-rate', 'mongodb-rate', rate);
  const profileMiss = missing(
    'profile.hotels.full',
    'memcached-profile',
    'mongodb-profile',
    searchProfile,
  );
  const recommendedMiss = missing(
    'profile.recommended',
    'memcached-profile',
    'mongodb-profile',
    recommended,
  );
  const nearbyMiss = calling('search.nearby.full', 'rate-miss', { 'rate.get.full': rateMiss });
  const nearby = { 'search.nearby.full': nearbyMiss };
  const profiles = { 'profile.hotels.full': profileMiss };
  const search = 'frontend.hotels.full';
  const searches = [
    [search, (1 - rate.share) * (1 - searchProfile.share)],
    [calling(search, 'rate-miss', nearby), rate.share * (1 - searchProfile.share)],
    [calling(search, 'profile-miss', profiles), (1 - rate.share) * searchProfile.share],
    [calling(search, 'both-miss', { ...nearby, ...profiles }), rate.share * searchProfile.share],
  ] as const;
  const recommend = 'frontend.recommendations';
  const recommendations = [
    [recommend, 1 - recommended.share],
    [calling(recommend, 'miss', { 'profile.recommended': recommendedMiss }), recommended.share],
  ] as const;
  operations['recommendation.get'] = {
    ...of('recommendation.get'),
    cpuMilliseconds:
      of('recommendation.get').cpuMilliseconds + (records - UPSTREAM_RECORDS) * SCAN_MILLISECONDS,
  };
  const requests = application.requests.flatMap((request) => {
    const kinds =
      request.operation === search
        ? searches
        : request.operation === recommend
          ? recommendations
          : undefined;
    return (
      kinds?.map(([operation, share], i) => ({
        name: `${request.name}${i === 0 ? '' : ` (miss ${i})`}`,
        share: request.share * share,
        operation,
      })) ?? [request]
    );
  });
  return { ...specification, application: { ...application, operations, requests } };
}

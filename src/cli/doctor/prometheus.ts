// SPDX-License-Identifier: Apache-2.0
import { PrometheusClient } from '#telemetry/prometheus/client.ts';
import type { Settings } from '#settings/settings.ts';
import { bucketFindingOf } from './buckets.ts';
import { answerOf, type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';

const { ok, warning, problem } = findingsOf('telemetry');

/** A series older than this is not being scraped any more. */
const STALE_SECONDS = 120;

type PrometheusSettings = NonNullable<Settings['telemetry']['prometheus']>;

/** Asks the Prometheus server of the settings for the same things as the exporters themselves. */
export async function prometheusFindings(
  { now }: Survey,
  settings: PrometheusSettings,
): Promise<Finding[]> {
  const client = new PrometheusClient({ ...settings, tries: 1, random: Math.random });
  const one = async (query: string): Promise<number | undefined> =>
    (await client.query(query, now))[0]?.value;
  try {
    const alive = await answerOf(() => one('vector(1)'));
    if (alive.kind === 'unknown') {
      const text = `Prometheus at ${settings.url} cannot be asked from here: ${alive.reason}`;
      return [warning(text, `curl ${settings.url}/-/healthy # from inside the cluster`)];
    }
    const age = (metric: string): Promise<number | undefined> =>
      one(`time() - max(timestamp(${metric}))`);
    const [recent, old, istio, bounds] = await Promise.all([
      age('kepler_node_cpu_joules_total'),
      age('kepler_node_package_joules_total'),
      age('istio_requests_total'),
      client.query('count by (le) (istio_request_duration_milliseconds_bucket)', now),
    ]);
    const generation = recent === undefined ? '0.9 or older' : '0.10 or newer';
    return [
      freshness(`Kepler ${generation}`, recent ?? old, true),
      freshness('Istio', istio, false),
      ...bucketFindingOf(
        bounds
          .map(({ labels }) => Number(labels['le'] === '+Inf' ? Number.NaN : labels['le']))
          .filter(Number.isFinite)
          .sort((a, b) => a - b),
        undefined,
      ),
    ];
  } finally {
    await client.close();
  }
}

function freshness(what: string, ageSeconds: number | undefined, needed: boolean): Finding {
  const say = needed ? problem : warning;
  const targets = 'look at /targets of the Prometheus server';
  if (ageSeconds === undefined) {
    return say(`Prometheus has no series of ${what.split(' ')[0] ?? what}`, targets);
  }
  const seconds = Math.round(ageSeconds);
  if (seconds > STALE_SECONDS)
    return say(`${what}: the newest sample is ${seconds} s old`, targets);
  return ok(`${what} in Prometheus, newest sample ${Math.max(0, seconds)} s old`);
}

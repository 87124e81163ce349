// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, WatchEvent } from '../../test/e2e/api.ts';
import { isServing, preferredTerms, type Pod } from '../../test/e2e/objects.ts';
import { waitFor } from '../../test/e2e/wait.ts';
import { pathOf, podSpec } from '../../test/e2e/workloads.ts';

/** What one burst of Pods of one Deployment took, as a client of the API server saw it. */
export interface Burst {
  /** From the creation of the Deployment until the last Pod was bound. */
  readonly boundSeconds: number;
  /** The same until the last Pod was Ready. */
  readonly readySeconds: number;
  /** Of each Pod from its creation until it was bound, ascending. */
  readonly toBoundSeconds: readonly number[];
  /** Pods with a preferred node affinity term. */
  readonly withTerm: number;
  /** Pods on the fullest node. */
  readonly mostOnOneNode: number;
}

interface Seen {
  readonly created: number;
  bound: number | undefined;
  ready: boolean;
  node: string | undefined;
  withTerm: boolean;
}

const LIMIT_SECONDS = 120;

/** Creates a Deployment, waits until all its Pods are Ready, removes it and waits for the rest. */
export async function burst(
  api: Api,
  at: { readonly namespace: string; readonly name: string; readonly pods: number },
): Promise<Burst> {
  const seen = new Map<string, Seen>();
  const watch = new AbortController();
  const path = pathOf('Pod', at.namespace);
  const told = ({ object }: WatchEvent<Pod>): void => take(seen, object);
  const followed = api.follow<Pod>(path, watch.signal, told);
  try {
    // The first list has to be there before the first Pod.
    await sleep(300);
    const begun = performance.now();
    const deployment = `/apis/apps/v1/namespaces/${at.namespace}/deployments`;
    await api.create(deployment, deploymentOf(at.name, at.pods));
    const all = (condition: (one: Seen) => boolean): boolean =>
      seen.size === at.pods && [...seen.values()].every(condition);
    const limit = { timeoutSeconds: LIMIT_SECONDS, everyMilliseconds: 20 };
    await waitFor(`${at.pods} Ready Pods`, limit, () => all(({ ready }) => ready));
    const readySeconds = (performance.now() - begun) / 1000;
    const pods = [...seen.values()];
    const boundAt = pods.map(({ bound = Number.NaN }) => bound);
    const result = {
      boundSeconds: (Math.max(...boundAt) - begun) / 1000,
      readySeconds,
      toBoundSeconds: pods
        .map(({ created, bound = Number.NaN }) => (bound - created) / 1000)
        .sort((a, b) => a - b),
      withTerm: pods.filter(({ withTerm }) => withTerm).length,
      mostOnOneNode: mostOf(pods.map(({ node }) => node)),
    };
    await api.delete(`${deployment}/${at.name}`);
    await waitFor('the Pods to be gone', { timeoutSeconds: LIMIT_SECONDS }, async () => {
      return (await api.list<Pod>(`${path}?limit=1`)).length === 0;
    });
    return result;
  } finally {
    watch.abort();
    await followed;
  }
}

/** Pods with an annotation, as meshed ones have: a constant patch can count on the map. */
function deploymentOf(name: string, replicas: number): object {
  const labels = { app: name };
  const annotations = { 'prometheus.io/scrape': 'true' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations }, spec: podSpec() },
    },
  };
}

function take(seen: Map<string, Seen>, pod: Pod): void {
  const uid = pod.metadata.uid ?? '';
  const now = performance.now();
  let known = seen.get(uid);
  if (known === undefined) {
    const withTerm = preferredTerms(pod).length > 0;
    known = { created: now, bound: undefined, ready: false, node: undefined, withTerm };
    seen.set(uid, known);
  }
  if (known.bound === undefined && pod.spec.nodeName !== undefined) {
    known.bound = now;
    known.node = pod.spec.nodeName;
  }
  known.ready ||= isServing(pod);
}

function mostOf(values: readonly (string | undefined)[]): number {
  const counts = new Map<string | undefined, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

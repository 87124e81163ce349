// SPDX-License-Identifier: Apache-2.0

/** Upper bounds of Istio's default buckets, milliseconds; one more bucket (+Inf) follows. */
export const ISTIO_BUCKETS: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000,
  1800000, 3600000,
];

/** The caller "outside the mesh" in tables indexed by service number. */
export const OUTSIDE = -1;

/** A duration as Envoy keeps it: whole milliseconds, cut off, so that 0.9 ms counts as 0. */
export function wholeMilliseconds(seconds: number): number {
  return Math.floor(seconds * 1000 + 1e-9);
}

/** Number of the bucket of {@link ISTIO_BUCKETS} that whole milliseconds belong to. */
export function bucketOf(milliseconds: number): number {
  let bucket = 0;
  while (bucket < ISTIO_BUCKETS.length && milliseconds > (ISTIO_BUCKETS[bucket] as number)) {
    bucket++;
  }
  return bucket;
}

/** Calls over one edge as one proxy saw them. */
export class EdgeCounts {
  /** Calls by bucket of {@link ISTIO_BUCKETS}, the last is +Inf. Not cumulative. */
  readonly buckets = new Float64Array(ISTIO_BUCKETS.length + 1);
  /** Sum of the whole milliseconds recorded. */
  sumMilliseconds = 0;
  count = 0;

  /** Records one call. */
  record(seconds: number): void {
    const milliseconds = wholeMilliseconds(seconds);
    const bucket = bucketOf(milliseconds);
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
    this.sumMilliseconds += milliseconds;
    this.count++;
  }

  /** Adds the calls of another edge. */
  add(other: EdgeCounts): void {
    other.buckets.forEach((calls, bucket) => {
      this.buckets[bucket] = (this.buckets[bucket] as number) + calls;
    });
    this.sumMilliseconds += other.sumMilliseconds;
    this.count += other.count;
  }
}

/** Which edge of a Pod: the service at the other end and how the calls went. */
export interface Edge {
  /** Service number at the other end, or {@link OUTSIDE}. */
  readonly peer: number;
  readonly failed: boolean;
  readonly counts: EdgeCounts;
}

/**
 * Edge number of a relayed call in the place of {@link Edge.peer}: from which service to which, of
 * so many.
 */
export function relayedEdge(source: number, destination: number, services: number): number {
  return destination * (services + 1) + source + 1;
}

/** The two ends of a {@link relayedEdge}. */
export function relayedEnds(
  edge: number,
  services: number,
): { readonly source: number; readonly destination: number } {
  const source = (edge % (services + 1)) - 1;
  return { source, destination: Math.floor(edge / (services + 1)) };
}

/** All calls that one proxy saw in one direction. */
export class Traffic {
  readonly #edges: (EdgeCounts | undefined)[] = [];

  record(peer: number, failed: boolean, seconds: number): void {
    const index = (peer + 1) * 2 + (failed ? 1 : 0);
    let counts = this.#edges[index];
    if (counts === undefined) {
      counts = new EdgeCounts();
      while (this.#edges.length < index) this.#edges.push(undefined);
      this.#edges[index] = counts;
    }
    counts.record(seconds);
  }

  /** Edges that saw at least one call, in a fixed order. */
  *edges(): Generator<Edge> {
    for (const [index, counts] of this.#edges.entries()) {
      if (counts === undefined) continue;
      yield { peer: (index >> 1) - 1, failed: (index & 1) === 1, counts };
    }
  }
}

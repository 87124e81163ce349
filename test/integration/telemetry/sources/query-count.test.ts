// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample, Selection, Vector } from '#telemetry/series/selection.ts';
import { staticCarbon } from '#telemetry/energy/carbon.ts';
import { createSources } from '#telemetry/sources/sources.ts';
import type { VectorSource } from '#telemetry/series/vector-source.ts';
import { policyWith, World } from '../../../unit/learner/world.ts';

/** A backend that knows the Pods of a world, and counts what it is asked. */
class CountingVectors implements VectorSource {
  questions = 0;
  samples = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  value(selection: Selection, time: number): Promise<Vector> {
    const seconds = time / 1000;
    const name = selection.name.split('.')[1] ?? '';
    if (selection.name === 'KeplerNew.pods') {
      return this.#answer(
        this.#pods((pod) => ({
          labels: { node_name: pod.nodeName ?? '', pod_id: pod.uid, zone: 'package' },
          value: 2 * seconds,
        })),
      );
    }
    if (selection.name === 'IstioSidecar.requests') {
      return this.#answer(
        this.#pods((pod) => ({
          labels: { ...endpoint(pod), response_code: '200', grpc_response_status: '' },
          value: 10 * seconds,
        })),
      );
    }
    if (name === 'buckets') {
      return this.#answer(
        this.#pods((pod) => ({
          labels: { ...endpoint(pod), le: '+Inf' },
          value: 10 * seconds,
        })).concat(
          this.#pods((pod) => ({
            labels: { ...endpoint(pod), le: '10' },
            value: 10 * seconds,
          })),
        ),
      );
    }
    return this.#answer([]);
  }

  sampledAt(selection: Selection, time: number): Promise<Vector> {
    if (selection.name === 'KeplerNew.nodeNewest') return this.#answer(this.#nodes(time));
    if (selection.name === 'IstioSidecar.requestsNewest') {
      return this.#answer(this.#pods((pod) => ({ labels: endpoint(pod), value: time })));
    }
    return this.#answer([]);
  }

  sum(selection: Selection): Promise<Vector> {
    return this.#answer(selection.name === 'KeplerNew.node' ? this.#nodes(400) : []);
  }

  least(selection: Selection): Promise<Vector> {
    return this.#answer(selection.name === 'KeplerNew.node' ? this.#nodes(100) : []);
  }

  count(selection: Selection): Promise<Vector> {
    return this.#answer(selection.name === 'KeplerNew.node' ? this.#nodes(4) : []);
  }

  present(selections: readonly Selection[]): Promise<ReadonlySet<string>> {
    this.questions += 1;
    const names = selections.map(({ name }) => name);
    const there = names.filter((name) => /^(KeplerNew|IstioSidecar)\./.test(name));
    return Promise.resolve(new Set(there));
  }

  #answer(vector: Sample[]): Promise<Vector> {
    this.questions += 1;
    this.samples += vector.length;
    return Promise.resolve(vector);
  }

  #pods(of: (pod: World['pods'] extends Map<string, infer P> ? P : never) => Sample): Sample[] {
    return [...this.#world.pods.values()].map(of);
  }

  #nodes(value: number): Sample[] {
    return [...this.#world.nodes.keys()].map((name) => ({
      labels: { node_name: name, zone: 'package', path: '/sys/intel-rapl:0' },
      value,
    }));
  }
}

function endpoint(pod: { readonly namespace: string; readonly name: string }) {
  return { namespace: pod.namespace, pod: pod.name, job: 'pods', instance: pod.name };
}

/** One whole settling cycle of a rollout of so many Pods. */
async function cycle(pods: number): Promise<{
  readonly questions: number;
  readonly samples: number;
  readonly settled: number;
}> {
  const policy = policyWith();
  const world = new World(7, policy);
  const vectors = new CountingVectors(world);
  const sources = createSources(vectors, { minimumRequests: 1 });
  const carbon = staticCarbon({ default: 300 }, () =>
    [...world.nodes.keys()].map((name) => ({ name, zone: undefined })),
  );
  const learner = world.learner({ power: sources, latency: sources, load: sources, carbon });
  world.rollOut(pods);
  world.pass(200);
  await learner.tick();
  return { questions: vectors.questions, samples: vectors.samples, settled: world.records.length };
}

test('a settling cycle costs the same number of queries for 10 and for 10,000 Pods', async (t) => {
  const few = await cycle(10);
  const many = await cycle(10_000);
  t.diagnostic(`${few.questions} queries, ${few.samples} and ${many.samples} samples`);
  assert.equal(many.questions, few.questions);
  // Two windows (what is now, and the rollout's), each 8 for power, 12 for latency, 23 for load.
  assert.equal(few.questions, 2 * (8 + 12 + 23));
  // The cycles are worth counting only if they settled what they were asked to.
  assert.equal(few.settled, 10);
  assert.equal(many.settled, 10_000);
  assert.ok(many.samples > 900 * few.samples);
});

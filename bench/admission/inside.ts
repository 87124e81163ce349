// SPDX-License-Identifier: Apache-2.0
import { createSecretKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditEntryOf, type Result } from '#admission/handling/audit-entry.ts';
import { checkPatch } from '#admission/patch/check.ts';
import { Deadline } from '#admission/server/deadline.ts';
import { decide } from '#admission/decision/decide.ts';
import { incomingPod } from '#admission/pod/incoming-pod.ts';
import { Memory } from '#admission/decision/memory.ts';
import { planMerge } from '#admission/patch/merge.ts';
import { operationsOf } from '#admission/patch/patch.ts';
import { parseReview, patched } from '#admission/review/review.ts';
import { encodeEntry } from '#audit/encode.ts';
import { openAuditLog } from '#audit/open.ts';
import { annotationsOf } from '#cluster/decision/codec.ts';
import { subjectOf } from '#cluster/decision/signature.ts';
import { choiceFlag, integerFlag } from '#cli/command/flags.ts';
import { POOL_LABEL, World, type WorldOptions } from '../scale/world.ts';
import { flagsOrExit, orExit } from '../shared/front.ts';
import { NAMESPACE, reviewBodies } from './review.ts';

/*
 * Where the product's own time goes, in one process without network: least and median CPU time of
 * each stage of an admission, over many short batches. The least is what the code costs where
 * nobody else disturbs it, so that it can be compared between two checkouts on a busy machine; the
 * median says how busy it was. `node bench/admission/inside.ts [--batches N] [--only hostnames]`
 */
const values = flagsOrExit('inside', {
  batches: { type: 'string' },
  only: { type: 'string' },
  json: { type: 'boolean', default: false },
});

/** Calls in one batch: some tens of milliseconds at most, so that many a batch is undisturbed. */
const CALLS = 96;
const PODS = 500;
const ROOM = { cpu: '4000', memory: '32Ti' };

/** The targets to choose among: as in the experiment, as in a common cluster, and at their most. */
const CLUSTERS: Readonly<Record<string, { readonly nodes: number } & WorldOptions>> = {
  three: { nodes: 3, room: ROOM },
  pools: { nodes: 50, pools: 8, topologyKey: POOL_LABEL, room: ROOM },
  hostnames: { nodes: 50, room: ROOM },
};

/** Microseconds of CPU time per call. */
interface Cost {
  readonly least: number;
  readonly median: number;
}

const { batches, only } = orExit('inside', () => ({
  batches: integerFlag(values, 'batches', { default: 100, minimum: 1, maximum: 1_000_000 }),
  only: choiceFlag(values, 'only', ['all', ...Object.keys(CLUSTERS)]),
}));
const table: Record<string, Record<string, Cost>> = {};
for (const [name, options] of Object.entries(CLUSTERS)) {
  if (only !== 'all' && only !== name) continue;
  table[name] = await measure(new World(options.nodes, PODS, options), batches);
}
if (values.json) console.log(JSON.stringify(table));
else print(table);

async function measure(world: World, batches: number): Promise<Record<string, Cost>> {
  const folder = mkdtempSync(join(tmpdir(), 'perihelion-inside-'));
  const now = (): number => Date.now();
  const audit = openAuditLog({ path: join(folder, 'audit.jsonl'), source: 'inside', now });
  const stages = stagesOf(world, audit);
  const costs = new Map<string, number[]>(Object.keys(stages).map((name) => [name, []]));
  try {
    for (let batch = -Math.ceil(batches / 2); batch < batches; batch += 1) {
      for (const [name, stage] of Object.entries(stages)) {
        const start = process.cpuUsage();
        for (let call = 0; call < CALLS; call += 1) stage(call);
        const { user, system } = process.cpuUsage(start);
        // The audit log is written between the batches, and counts as a stage of its own.
        const rest = process.cpuUsage();
        if (audit.stats.queued > 0) await audit.flush(10_000);
        const written = process.cpuUsage(rest);
        if (batch < 0) continue;
        costs.get(name)?.push((user + system) / CALLS);
        if (name !== 'answer') continue;
        const append = (written.user + written.system) / CALLS;
        costs.set('auditAppend', [...(costs.get('auditAppend') ?? []), append]);
      }
    }
    const { dropped } = audit.stats;
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    if (lost > 0) throw new Error(`audit lines were dropped: ${JSON.stringify(dropped)}`);
  } finally {
    await audit.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return Object.fromEntries([...costs].map(([name, list]) => [name, costOf(list)]));
}

/** One function per stage; each is called with the number of the call. */
function stagesOf(
  world: World,
  audit: Parameters<World['admission']>[0],
): Readonly<Record<string, (call: number) => void>> {
  const { view, models, policies } = world;
  const now = (): number => Date.now();
  const checkpoint = (): void => undefined;
  const texts = reviewBodies().map((body) => body.toString('utf8'));
  const bodies = texts.map((text) => JSON.parse(text) as unknown);
  const { handler } = world.admission(audit);
  const requests = bodies.map(parseReview);
  const pods = requests.map(incomingPod);
  const policy = policies.policyFor(NAMESPACE);
  const key = createSecretKey(Buffer.alloc(32, 7));
  const memory = new Memory({ view, policies, keys: key, now });
  for (const pod of view.allPods()) memory.podSeen(pod);
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `00000000-0000-4000-9000-${String(ids).padStart(12, '0')}`;
  };
  const decided = pods.map((pod) => {
    // The holdout and the default have no term; what costs most is measured.
    for (let draw = 0; draw < 100; draw += 1) {
      const taken = decide({ pod, policy, view, models, memory, now: now(), newId, checkpoint });
      if (taken.target !== undefined) return taken;
    }
    throw new Error('no decision is for a target');
  });
  const annotated = decided.map(({ record }, index) =>
    annotationsOf(record, subjectOf(at(pods, index)), key),
  );
  const merged = decided.map(({ target }, index) => mergeOf(index, target));
  const written = merged.map((merge, index) => operationsOf(at(pods, index).raw, merge));
  const results = decided.map((decision, index): Result => ({
    outcome: 'injected',
    reason: decision.choice.reason,
    operations: at(written, index),
    decision,
  }));
  const context = { now: now(), durationSeconds: 0.0005, versions: { perihelion: 'bench' } };
  const entries = results.map((result, index) =>
    auditEntryOf(at(requests, index), result, context),
  );
  const bodyBytes = texts[0]?.length ?? 0;
  return {
    answer: (call) => {
      const deadline = new Deadline(() => 0, 1);
      handler.answer({ body: at(bodies, call), bodyBytes, deadline, arrivedAt: performance.now() });
    },
    parseJson: (call) => void JSON.parse(at(texts, call)),
    incomingPod: (call) => void incomingPod(parseReview(at(bodies, call))),
    decide: (call) =>
      void decide({
        pod: at(pods, call),
        policy,
        view,
        models,
        memory,
        now: now(),
        newId,
        checkpoint,
      }),
    annotations: (call) =>
      void annotationsOf(at(decided, call).record, subjectOf(at(pods, call)), key),
    mergeAndOperations: (call) =>
      void operationsOf(at(pods, call).raw, mergeOf(call, at(decided, call).target)),
    checkPatch: (call) =>
      void checkPatch({
        pod: at(pods, call).raw,
        bodyBytes,
        merge: at(merged, call),
        operations: at(written, call),
      }),
    auditEntry: (call) => void auditEntryOf(at(requests, call), at(results, call), context),
    auditEncode: (call) => void encodeEntry(at(entries, call)),
    response: (call) => void JSON.stringify(patched('uid', at(written, call))),
  };

  function mergeOf(call: number, target: (typeof decided)[number]['target']) {
    return planMerge({
      pod: at(pods, call).raw,
      target,
      former: undefined,
      annotations: at(annotated, call),
    });
  }
}

/** The item of a call; the reviews come round again. */
function at<Item>(items: readonly Item[], call: number): Item {
  return items[call % items.length] as Item;
}

function costOf(list: number[]): Cost {
  const sorted = list.toSorted((a, b) => a - b);
  return { least: sorted[0] ?? Number.NaN, median: at(sorted, Math.floor(sorted.length / 2)) };
}

function print(costs: Readonly<Record<string, Readonly<Record<string, Cost>>>>): void {
  const names = Object.keys(costs);
  const row = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(20) : cell.padStart(18))).join('');
  console.log('CPU microseconds of one call, least (median)');
  console.log(row(['', ...names]));
  for (const stage of Object.keys(costs[names[0] ?? ''] ?? {})) {
    const cells = names.map((name) => {
      const { least, median } = costs[name]?.[stage] ?? { least: Number.NaN, median: Number.NaN };
      return `${least.toFixed(1)} (${median.toFixed(1)})`;
    });
    console.log(row([stage, ...cells]));
  }
}

// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { JsonObject } from '#cluster/wire/json.ts';

/** One event as a kube-apiserver sent it to two watches at the same time. */
export interface RecordedEvent {
  readonly json: { readonly type: string; readonly object: JsonObject };
  /** The frame of the watch in protobuf. */
  readonly protobuf: Buffer;
}

/** One answer in both encodings. */
export interface RecordedAnswer {
  readonly json: JsonObject;
  readonly protobuf: Buffer;
}

/** The events of a recording in `test/fixtures/watch`. */
export function recordedEvents(
  name: 'pods' | 'meshed-pod-life' | 'nodes' | 'replicasets',
): RecordedEvent[] {
  return linesOf(`${name}.jsonl`) as unknown as RecordedEvent[];
}

/** The lists of Pods, Nodes and ReplicaSets (metadata only). */
export function recordedList(name: 'podlist' | 'nodelist' | 'rslist'): RecordedAnswer {
  const found = linesOf('lists.jsonl').find((line) => line['name'] === name);
  if (found === undefined) throw new Error(`no recorded ${name}`);
  return found as unknown as RecordedAnswer;
}

/** Refusals in protobuf, each with its status. */
export function recordedRefusals(): { readonly status: number; readonly protobuf: Buffer }[] {
  return linesOf('refusals.jsonl') as unknown as { status: number; protobuf: Buffer }[];
}

function linesOf(file: string): Record<string, unknown>[] {
  const url = new URL(`../../fixtures/watch/${file}`, import.meta.url);
  return readFileSync(url, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const parsed = JSON.parse(line) as Record<string, unknown>;
      return { ...parsed, protobuf: Buffer.from(String(parsed['protobuf']), 'base64') };
    });
}

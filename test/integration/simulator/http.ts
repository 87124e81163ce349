// SPDX-License-Identifier: Apache-2.0
import type { KubeObject } from '#simulator/kube/kube.ts';

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly body: KubeObject & { items?: KubeObject[]; reason?: string; code?: number };
}

/** Calls the embedded API as any client would. */
export async function call(
  base: string,
  method: string,
  path: string,
  options: { body?: unknown; type?: string; accept?: string } = {},
): Promise<Answer> {
  const { body, type = 'application/json', accept = 'application/json' } = options;
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { accept, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** One event of a watch. */
export interface WatchEvent {
  readonly type: string;
  readonly object: KubeObject & { code?: number };
}

/** Watches until `count` events other than bookmarks have come (or the server ends). */
export async function watch(base: string, path: string, count: number): Promise<WatchEvent[]> {
  const abort = new AbortController();
  const response = await fetch(`${base}${path}`, { signal: abort.signal });
  const events: WatchEvent[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const lines = text.split('\n');
    text = lines.pop()!;
    events.push(...lines.map((line) => JSON.parse(line) as WatchEvent));
    if (events.length >= count) break;
  }
  abort.abort();
  return events;
}

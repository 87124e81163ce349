// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import { afterEach } from 'node:test';
import { sleep } from '#cluster/api/backoff.ts';
import type { ReflectorHappening } from '#cluster/watch/happenings.ts';
import { Reflector, type ReflectorSource } from '#cluster/watch/reflector.ts';
import type { ReflectorTimes } from '#cluster/watch/times.ts';
import { asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import { json, scripted, type Asked, type Scripted } from '../scripted-server.ts';

const TIMES: Partial<ReflectorTimes> = {
  backoffBaseMilliseconds: 4,
  backoffCapMilliseconds: 16,
  inactivityMilliseconds: 60_000,
};

/** What the scripted objects are projected to. */
export interface Thing {
  readonly name: string;
  readonly color: string;
}

/** An object as the scripted server sends it. */
export const thing = (name: string, resourceVersion: string, color = 'red', uid = name) => ({
  metadata: { namespace: 'n', name, uid, resourceVersion },
  spec: { color },
});
/** Leaves out what is hidden, and fails at what is broken. */
export const project = (raw: JsonObject): Thing | undefined => {
  const color = asText(asObject(raw['spec'])['color']);
  if (color === 'broken') throw new Error('unreadable');
  return color === 'hidden'
    ? undefined
    : { name: asText(asObject(raw['metadata'])['name']), color };
};
/** A list of them. */
export const list = (resourceVersion: string, ...items: object[]) => ({
  metadata: { resourceVersion },
  items,
});
/** A line of a watch. */
export const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
/** A line that says how far the watch is. */
export const bookmark = (resourceVersion: string) =>
  event('BOOKMARK', { metadata: { resourceVersion } });
/** The line that says that the watch's version is too old. */
export const gone = event('ERROR', {
  kind: 'Status',
  code: 410,
  reason: 'Expired',
  message: 'too old',
});

/** A reflector that was started, its server, and what happened. */
export interface Rig {
  readonly server: Scripted;
  readonly reflector: Reflector<Thing>;
  readonly counts: Map<ReflectorHappening, number>;
  readonly waits: number[];
  readonly count: (happening: ReflectorHappening) => number;
  readonly names: () => string[];
  readonly lists: () => Asked[];
  readonly watches: () => Asked[];
}

/** Rigs of one test file; they end with each test. */
export function rigs(): typeof rig {
  const made: Rig[] = [];
  afterEach(async () => {
    for (const one of made.splice(0)) {
      await one.reflector.stop();
      await one.server.close();
    }
  });
  return async (script, more) => {
    const one = await rig(script, more);
    made.push(one);
    return one;
  };
}

/** A script is asked for the n-th list and the n-th watch; a watch it leaves open stays open. */
async function rig(
  script: {
    list?: (response: ServerResponse, n: number, asked: Asked) => void;
    watch?: (response: ServerResponse, n: number, asked: Asked) => void;
  },
  more: Partial<ReflectorSource<Thing>> & { times?: Partial<ReflectorTimes> } = {},
): Promise<Rig> {
  const numbers = { list: 0, watch: 0 };
  const server = await scripted((asked) => {
    const kind = asked.query.get('watch') === 'true' ? 'watch' : 'list';
    numbers[kind] += 1;
    const answer = script[kind];
    if (answer !== undefined) answer(asked.response, numbers[kind], asked);
    else if (kind === 'list') json(asked.response, 200, list('10', thing('a', '1')));
    else asked.response.writeHead(200).flushHeaders();
  });
  const counts = new Map<ReflectorHappening, number>();
  const waits: number[] = [];
  const { times, ...source } = more;
  const reflector = new Reflector<Thing>(
    { path: '/things', project, ...source },
    {
      api: server.client,
      random: () => 0.5,
      now: () => performance.now(),
      sleep: (milliseconds, signal) => {
        waits.push(milliseconds);
        return sleep(milliseconds, signal);
      },
      observe: (happening) => counts.set(happening, (counts.get(happening) ?? 0) + 1),
    },
    { ...TIMES, ...times },
  );
  const made: Rig = {
    server,
    reflector,
    counts,
    waits,
    count: (happening) => counts.get(happening) ?? 0,
    names: () => [...reflector.store.values()].map((one) => `${one.name}=${one.color}`).sort(),
    lists: () => server.asked.filter((asked) => asked.query.get('watch') !== 'true'),
    watches: () => server.asked.filter((asked) => asked.query.get('watch') === 'true'),
  };
  reflector.start();
  return made;
}

/** Begins a watch that stays open. */
export function open(response: ServerResponse, text = ''): void {
  response.writeHead(200);
  if (text === '') response.flushHeaders();
  else response.write(text);
}

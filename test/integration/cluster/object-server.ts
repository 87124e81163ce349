// SPDX-License-Identifier: Apache-2.0
import { asObject, asText, isObject } from '#cluster/wire/json.ts';
import { bodyOf, json, refuse, scripted, type Asked, type Scripted } from './scripted-server.ts';

/** A stored object as it travels. */
export type Stored = Record<string, unknown> & {
  metadata: Record<string, unknown> & { name: string; resourceVersion: string };
};

/** An API server that keeps objects with the rules of resourceVersion, and nothing else. */
export interface ObjectServer extends Scripted {
  readonly objects: Map<string, Stored>;
  /** Asked before each call is carried out; true when it has answered by itself. */
  intercept: ((asked: Asked) => boolean) | undefined;
  /** Changes an object as another client would. */
  readonly meddle: (path: string, change: (stored: Stored) => void) => void;
}

/** GET, POST, PUT and DELETE of any path; a PUT of another resourceVersion is a conflict. */
export async function objectServer(): Promise<ObjectServer> {
  const objects = new Map<string, Stored>();
  let version = 0;
  const store = (path: string, body: Record<string, unknown>): Stored => {
    version += 1;
    const metadata = asObject(body['metadata']);
    const name = asText(metadata['name']);
    const stored = { ...body, metadata: { ...metadata, name, resourceVersion: String(version) } };
    objects.set(path, stored);
    return stored;
  };
  const server: ObjectServer = {
    ...(await scripted(async (asked) => {
      const { method, path, request, response } = asked;
      const text = await bodyOf(request);
      if (server.intercept?.(asked) === true) return;
      const parsed: unknown = text === '' ? {} : JSON.parse(text);
      const body = isObject(parsed) ? { ...parsed } : {};
      const metadata = asObject(body['metadata']);
      const known = objects.get(path);
      if (method === 'POST') {
        const at = `${path}/${asText(metadata['name'])}`;
        if (objects.has(at)) refuse(response, 409, 'AlreadyExists');
        else if (metadata['resourceVersion'] !== undefined) refuse(response, 400, 'BadRequest');
        else json(response, 201, store(at, body));
      } else if (known === undefined) refuse(response, 404, 'NotFound');
      else if (method === 'GET') json(response, 200, known);
      else if (method === 'DELETE') {
        const { resourceVersion } = asObject(body['preconditions']);
        const stands = known.metadata.resourceVersion;
        if (resourceVersion !== undefined && resourceVersion !== stands) {
          refuse(response, 409, 'Conflict');
          return;
        }
        objects.delete(path);
        json(response, 200, {});
      } else if (metadata['resourceVersion'] !== known.metadata.resourceVersion) {
        refuse(response, 409, 'Conflict');
      } else json(response, 200, store(path, body));
    })),
    objects,
    intercept: undefined,
    meddle: (path, change) => {
      const copy = structuredClone(objects.get(path));
      if (copy === undefined) throw new Error(`nothing at ${path}`);
      change(copy);
      store(path, copy);
    },
  };
  return server;
}

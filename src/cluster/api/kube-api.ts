// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import type { JsonObject } from '#cluster/wire/json.ts';
import type { Message } from '#cluster/wire/protobuf.ts';

/** What may be said about one call. */
export interface CallOptions {
  /** Query parameters; undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Default `application/json`. */
  readonly accept?: string;
  /**
   * Ask for protobuf first, and read it by this message: only what the message names is there. A
   * server that has no protobuf for the resource (one of a CRD, a proxy) answers in JSON.
   */
  readonly protobuf?: Message | undefined;
  readonly signal?: AbortSignal;
  /** Deadline of each try, in milliseconds. Default 15,000. */
  readonly timeoutMilliseconds?: number;
  /** Tries after the first. Default 4 (see `KubeClient`). */
  readonly retries?: number;
}

/** What may be said about one deletion. */
export interface DeleteOptions extends CallOptions {
  /** Only what stands exactly so is deleted; anything else is a conflict (409). */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** A patch and how it is to be read. */
export type Patch =
  | {
      readonly type: 'apply';
      readonly body: JsonObject;
      readonly fieldManager: string;
      /** Take over fields of other managers. */
      readonly force: boolean;
    }
  | { readonly type: 'merge'; readonly body: JsonObject }
  | { readonly type: 'json'; readonly body: readonly JsonObject[] };

/** A watch that was opened: the bytes as they come, and what they are. */
export interface WatchBody {
  /** Of the answer; empty where it has none. */
  readonly contentType: string;
  readonly stream: Readable;
}

/** What the reflector, the lease and the stores need of an API client. */
export interface KubeApi {
  get(path: string, options?: CallOptions): Promise<JsonObject>;
  create(path: string, body: JsonObject, options?: CallOptions): Promise<JsonObject>;
  update(path: string, body: JsonObject, options?: CallOptions): Promise<JsonObject>;
  delete(path: string, options?: DeleteOptions): Promise<JsonObject>;
  watch(path: string, options?: CallOptions): Promise<WatchBody>;
}

// SPDX-License-Identifier: Apache-2.0
import type { KubeApi, WatchBody } from '#cluster/api/kube-api.ts';
import { asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import { isProtobuf } from '#cluster/wire/protobuf-envelope.ts';
import { listOf } from '#cluster/wire/protobuf-messages.ts';
import type { Message } from '#cluster/wire/protobuf.ts';
import { PerihelionError } from '#errors';
import { FrameReader } from './frames.ts';
import { LineReader, type WatchReader } from './lines.ts';

/** A collection of the API server, and what is wanted of it. */
export interface CollectionSource {
  /** Path of the collection, for example `/api/v1/pods`. */
  readonly path: string;
  /** Label and field selectors. */
  readonly query?: Readonly<Record<string, string>>;
  /** Ask for `PartialObjectMetadata`: owners are needed by their metadata only. */
  readonly metadataOnly?: boolean;
  /**
   * What the objects are read by where the server has them in protobuf; it is asked for JSON alone
   * where this is undefined. Must name every field that the projection reads.
   */
  readonly protobuf?: Message | undefined;
}

const METADATA = 'g=meta.k8s.io;v=v1';
const METADATA_LIST = `application/json;as=PartialObjectMetadataList;${METADATA}`;
const METADATA_OBJECT = `application/json;as=PartialObjectMetadata;${METADATA}`;
const LIST_TIMEOUT_MILLISECONDS = 60_000;

/** How one collection is asked for: pages of a list, and watches. */
export class Collection {
  readonly #api: KubeApi;
  readonly #source: CollectionSource;
  readonly #listMessage: Message | undefined;

  constructor(api: KubeApi, source: CollectionSource) {
    this.#api = api;
    this.#source = source;
    this.#listMessage = source.protobuf === undefined ? undefined : listOf(source.protobuf);
  }

  /**
   * One page of the list; the first without a token.
   * @throws KubernetesError as the client does; it is not tried again. PerihelionError
   *   `PERI_KUBERNETES_OBJECT` for what is no list: taken for an empty one, it would delete everything
   */
  async page(size: number, token: string | undefined, signal: AbortSignal): Promise<JsonObject> {
    const page = await this.#api.get(this.#source.path, {
      query: { ...this.#source.query, limit: size, continue: token },
      ...(this.#source.metadataOnly === true ? { accept: METADATA_LIST } : {}),
      protobuf: this.#listMessage,
      signal,
      timeoutMilliseconds: LIST_TIMEOUT_MILLISECONDS,
      retries: 0,
    });
    // Every list has one, an empty one too; items may be left out.
    if (asText(asObject(page['metadata'])['resourceVersion']) === '') {
      const problem = 'found no list, expected one with a resourceVersion';
      throw new PerihelionError('PERI_KUBERNETES_OBJECT', `${this.#source.path}: ${problem}`);
    }
    return page;
  }

  /**
   * A watch from there on, which the server ends after that time.
   * @throws KubernetesError as the client does
   */
  watch(
    from: { readonly resourceVersion: string | undefined; readonly timeoutSeconds: number },
    signal: AbortSignal,
  ): Promise<WatchBody> {
    return this.#api.watch(this.#source.path, {
      query: { ...this.#source.query, watch: true, allowWatchBookmarks: true, ...from },
      ...(this.#source.metadataOnly === true ? { accept: METADATA_OBJECT } : {}),
      protobuf: this.#source.protobuf,
      signal,
    });
  }

  /** What reads the events of a watch that came with that content type. */
  readerOf(contentType: string): WatchReader {
    const { protobuf } = this.#source;
    return protobuf !== undefined && isProtobuf(contentType)
      ? new FrameReader(protobuf)
      : new LineReader();
  }
}

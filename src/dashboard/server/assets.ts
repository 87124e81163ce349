// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** One file of the page, ready to be sent. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  ts: 'text/javascript; charset=utf-8',
};

/** The files of the page by their path. */
export function assetsOf(files: Readonly<Record<string, string>>): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const [name, text] of Object.entries(files)) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined) continue;
    const body = Buffer.from(text);
    const asset = { type, body, etag: etagOf(body) };
    assets.set(name === 'index.html' ? '/' : `/${name}`, asset);
  }
  return assets;
}

/** A validator of exactly this content. */
export function etagOf(content: string | Buffer): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;
}

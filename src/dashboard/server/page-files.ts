// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

/*
 * The files of the page. In the bundle this module is replaced by one that holds their text
 * (tools/build.ts calls `pageFiles` then), so that the one file is all there is.
 */

const FOLDER = new URL('../page/', import.meta.url);
const SHOWN = /\.(ts|css|html|svg)$/;

/** Text of every file of the page by its name; TypeScript without its types. */
export function pageFiles(): Readonly<Record<string, string>> {
  const names = readdirSync(FOLDER).filter((name) => SHOWN.test(name));
  return Object.fromEntries(
    names.map((name) => {
      const text = readFileSync(new URL(name, FOLDER), 'utf8');
      return [name, name.endsWith('.ts') ? stripTypeScriptTypes(text) : text];
    }),
  );
}

// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Files that are made from sources: path from the project's root -> text. */
export type GeneratedFiles = Readonly<Record<string, string>>;

/** Puts texts into the project's one format. */
export async function formatted(files: GeneratedFiles): Promise<GeneratedFiles> {
  const options = (await resolveConfig(`${ROOT}package.json`)) ?? {};
  const entries = Object.entries(files).map(async ([path, text]): Promise<[string, string]> => [
    path,
    await format(text, { ...options, filepath: path }),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Objects as one YAML file, with a head that says where it comes from. */
export function yamlOf(head: string, ...objects: readonly object[]): string {
  const texts = objects.map((object) =>
    stringify(object, {
      lineWidth: 0,
      singleQuote: true,
      aliasDuplicateObjects: false,
      // Helm and kubectl read YAML 1.1, where a bare Off is a boolean.
      compat: 'yaml-1.1',
    }),
  );
  return `# ${head}\n${texts.join('---\n')}`;
}

/** Those files that are not on disk as they should be. */
export function stale(files: GeneratedFiles): string[] {
  return Object.entries(files)
    .filter(([path, text]) => onDisk(path) !== text)
    .map(([path]) => path);
}

/** Writes the files that changed. @returns their paths */
export function write(files: GeneratedFiles): string[] {
  const changed = stale(files);
  for (const path of changed) {
    mkdirSync(dirname(ROOT + path), { recursive: true });
    writeFileSync(ROOT + path, files[path] ?? '');
  }
  return changed;
}

function onDisk(path: string): string | undefined {
  try {
    return readFileSync(ROOT + path, 'utf8');
  } catch {
    return undefined;
  }
}

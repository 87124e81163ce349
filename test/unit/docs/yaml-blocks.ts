// SPDX-License-Identifier: Apache-2.0
import { LineCounter, parseAllDocuments } from 'yaml';
import { isObject } from '#cluster/wire/json.ts';
import { lintDocument } from '#cli/policy/lint-document.ts';
import { parseSettings } from '#settings/parse.ts';
import { chartValuesSchema } from '../../../tools/chart-values.ts';

/** What a block of YAML is. */
export type BlockKind = 'policy' | 'settings' | 'values' | 'kustomization' | 'other';

/** A block of YAML of a page, and what is wrong with it. */
export interface YamlBlock {
  readonly kind: BlockKind;
  readonly text: string;
  /** One line each; empty = as it should be. */
  readonly problems: readonly string[];
}

/** Fields that kustomize knows and the pages use. */
const KUSTOMIZATION = new Set([
  ...['apiVersion', 'kind', 'resources', 'components', 'images', 'patches', 'configMapGenerator'],
]);

/** Every YAML block of a page, policies in here documents of shell blocks included. */
export function yamlBlocksOf(markdown: string): YamlBlock[] {
  const blocks = [...markdown.matchAll(/^([ \t]*)```(ya?ml|sh)\n([^]*?)^\1```/gm)];
  return blocks.flatMap(([, indent = '', language, code = '']) => {
    const text = code.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    if (language !== 'sh') return [blockOf(text)];
    const documents = [...text.matchAll(/> \S+\.yaml <<'?(\w+)'?\n([^]*?)^\1$/gm)];
    return documents.map(([, , body = '']) => blockOf(body));
  });
}

/** By its first line (`# settings.yaml`), its kind, or its fields. */
function blockOf(text: string): YamlBlock {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const faults = documents.flatMap(({ errors, warnings }) =>
    [...errors, ...warnings].map(({ message }) => message),
  );
  if (faults.length > 0) return { kind: 'other', text, problems: faults };
  const value: unknown = documents[0]?.toJS();
  const kind = kindOf(text, value);
  const problems: Record<BlockKind, () => readonly string[]> = {
    policy: () =>
      documents.flatMap((one) => lintDocument(one, lines).mistakes.map(({ message }) => message)),
    settings: () => thrown(() => parseSettings(value)),
    values: () =>
      (chartValuesSchema.partial().safeParse(value).error?.issues ?? [])
        // A file of values holds what differs; the rest are the chart's.
        .filter(({ code, message }) => !(code === 'invalid_type' && /undefined/.test(message)))
        .map(({ path, message }) => `${path.join('.')}: ${message}`),
    kustomization: () =>
      Object.keys(value as object)
        .filter((field) => !KUSTOMIZATION.has(field))
        .map((field) => `${field}: not a field of a kustomization`),
    other: () => [],
  };
  return { kind, text, problems: problems[kind]() };
}

function kindOf(text: string, value: unknown): BlockKind {
  const [, file] = /^# (?:\S+\/)?([\w-]+)\.yaml\b/.exec(text) ?? [];
  if (file === 'settings' || file === 'values' || file === 'kustomization') return file;
  if (isObject(value) && value['kind'] === 'PlacementPolicy') return 'policy';
  return 'other';
}

function thrown(act: () => unknown): string[] {
  try {
    act();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

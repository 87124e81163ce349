// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse as parseYaml } from 'yaml';
import { InputError } from '#errors';
import { parseSpecification } from '#cli/simulate/read-specification.ts';
import { worldOf } from '#cli/simulate/world.ts';
import { mutateJson } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

const FOLDER = fileURLToPath(new URL('../../../simulations/', import.meta.url));
const FILE = join(FOLDER, 'fuzzed.yaml');
/** A message is one line, however long what was found. */
const LONGEST_MESSAGE = 2000;

/**
 * The reader of simulation specifications: it gives a world that can be simulated, or one line that
 * says what is wrong. Files that it may read are the shipped parts and no others.
 */
export function specificationTarget(): FuzzTarget {
  const parts = new Map<string, string>();
  for (const folder of ['applications', 'clusters', 'traces']) {
    for (const name of readdirSync(join(FOLDER, folder))) {
      const file = join(FOLDER, folder, name);
      parts.set(normalize(file), readFileSync(file, 'utf8'));
    }
  }
  const read = (file: string, field: string): string => {
    const text = parts.get(normalize(file));
    if (text !== undefined) return text;
    throw new InputError('PERI_SETTINGS_UNREADABLE', field, file, 'a readable file');
  };
  const shipped = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(FOLDER, name), 'utf8'));
  // The same in one document, so that mutations reach every field.
  const whole = shipped.map((text) => {
    const raw = parseYaml(text) as Record<string, unknown>;
    const inline = (field: string): unknown =>
      typeof raw[field] === 'string'
        ? (parseYaml(read(join(FOLDER, raw[field]), field)) as unknown)
        : raw[field];
    return { ...raw, application: inline('application'), nodes: inline('nodes') };
  });
  return {
    name: 'specification',
    seeds: [...shipped, ...whole.map((one) => JSON.stringify(one))].map((text) =>
      Buffer.from(text),
    ),
    generate: (random) => Buffer.from(JSON.stringify(mutateJson(random.pick(whole), random))),
    run: (input) => {
      try {
        const world = worldOf(parseSpecification(input.toString('utf8'), FILE, read));
        assert.ok(world.machines.length > 0);
        assert.ok(world.application.services.length > 0);
        assert.ok(Number.isFinite(world.stage.windowSeconds));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        assert.ok(error.message.length <= LONGEST_MESSAGE, String(error.message.length));
        assert.doesNotMatch(error.message, /[\n\r]/);
      }
    },
  };
}

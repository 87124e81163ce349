// SPDX-License-Identifier: Apache-2.0
// simulations/schema.json, from the zod schema of simulation specifications.
import { z } from 'zod';
import { publishedSchema } from '#cli/simulate/schema.ts';
import { formatted, type GeneratedFiles } from './generated-file.ts';

/** The JSON Schema of a specification, for editors and for people. */
export function simulationSchema(): Promise<GeneratedFiles> {
  const schema = z.toJSONSchema(publishedSchema, { io: 'input', target: 'draft-2020-12' });
  const document = {
    $id: 'https://perihelion.dev/schemas/simulation/v1.json',
    title: 'Specification of a simulation for `perihelion simulate`',
    ...schema,
  };
  return formatted({ 'simulations/schema.json': JSON.stringify(document) });
}

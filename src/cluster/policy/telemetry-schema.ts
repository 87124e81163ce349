// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { MESH_FIELDS, SERVED_RULE, servedFits } from './mesh-schema.ts';
import { METER_FIELDS, ZONE_RULE, zonesFit } from './meter-schema.ts';
import { PRESET_NAME } from './preset-fields.ts';

const choice = (what: string, own: string) =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(PRESET_NAME)
    .optional()
    .meta({
      description: `${what} that this policy reads by: a name that is shipped or declared in the settings, \`Auto\` for what is there, or \`Custom\` for \`${own}\`. Default: as the settings say.`,
    });

const customMeter = z
  .object(METER_FIELDS)
  .refine(zonesFit, ZONE_RULE.message)
  .optional()
  .meta({
    description: 'A meter of power of your own, for `meter: Custom`.',
    'x-kubernetes-validations': [ZONE_RULE.cel],
  });

const customMesh = z
  .object(MESH_FIELDS)
  .refine(servedFits, SERVED_RULE.message)
  .optional()
  .meta({
    description: 'A mesh or proxy of your own, for `mesh: Custom`.',
    'x-kubernetes-validations': [SERVED_RULE.cel],
  });

const PAIRS = [
  ['meter', 'customMeter'],
  ['mesh', 'customMesh'],
] as const;

/** What a policy reads by; see `meter-schema.ts` and `mesh-schema.ts` for presets of a user's own. */
export const policyTelemetry = z
  .object({
    meter: choice('Meter of power', 'customMeter'),
    mesh: choice('Mesh or proxy', 'customMesh'),
    customMeter,
    customMesh,
  })
  .superRefine((value, context) => {
    for (const [name, own] of PAIRS) {
      if ((value[name] === 'Custom') === (value[own] !== undefined)) continue;
      context.addIssue({
        code: 'custom',
        path: [name],
        input: value[name],
        message: `is Custom where \`${own}\` is given, and only there`,
      });
    }
  })
  .prefault({})
  .meta({
    description: 'Which exporters tell of the Pods of this policy.',
    'x-kubernetes-validations': PAIRS.map(([name, own]) => ({
      rule: `(has(self.${name}) && self.${name} == 'Custom') == has(self.${own})`,
      message: `\`${name}\` is Custom where \`${own}\` is given, and only there`,
      fieldPath: `.${name}`,
    })),
  });

/** See {@link policyTelemetry}. */
export type TelemetrySpec = z.output<typeof policyTelemetry>;

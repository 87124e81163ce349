// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { integer } from './integer.ts';

/** `spec.circuitBreaker` of a policy. */
export const circuitBreakerSchema = z
  .object({
    mode: z.enum(['Enabled', 'Disabled']).default('Enabled').meta({
      description:
        'Enabled: a workload whose placements turn out badly is left to the default scheduler for a while. Disabled: never.',
    }),
    sloBreaches: integer(
      1,
      1000,
      3,
      'Missed objectives of Pods that were sent to a target, in a row, that open the circuit.',
    ),
    regretThousandths: integer(
      1,
      10_000,
      200,
      'Mean disadvantage against the default scheduler that opens the circuit once it is shown with confidence, in thousandths of its cost.',
    ),
    lostMeasurements: integer(
      1,
      10_000,
      10,
      'Pods that were sent to a target and could not be measured, in a row, that open the circuit.',
    ),
    coolingOffSeconds: integer(
      1,
      604_800,
      600,
      'Time for which an open circuit leaves the workload to the default scheduler; doubled with each further trip.',
    ),
    coolingOffLimitSeconds: integer(
      1,
      2_592_000,
      86_400,
      'Longest cooling-off time; not below `coolingOffSeconds`. A trip that comes later than this after the last one starts anew.',
    ),
    trialDecisions: integer(
      1,
      100,
      3,
      'Pods that are sent to a target on trial after the cooling-off time; all of them must turn out well.',
    ),
  })
  .refine((value) => value.coolingOffSeconds <= value.coolingOffLimitSeconds, {
    message: 'must not be less than `coolingOffSeconds`',
    path: ['coolingOffLimitSeconds'],
  })
  .prefault({})
  .meta({
    description: 'When a workload is left to the default scheduler for a while.',
    'x-kubernetes-validations': [
      {
        rule: 'self.coolingOffSeconds <= self.coolingOffLimitSeconds',
        message: '`coolingOffLimitSeconds` must not be less than `coolingOffSeconds`',
        fieldPath: '.coolingOffLimitSeconds',
      },
    ],
  });

// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { integer } from './integer.ts';

const WEIGHTS_MESSAGE =
  '`sustainabilityPercent`, `performancePercent` and `resourcesPercent` must add up to 100';

/** `spec.reward`. */
export const rewardSchema = z
  .object({
    sustainabilityPercent: integer(
      0,
      100,
      50,
      'Weight of energy per request, in percent; the three weights add up to 100.',
    ),
    performancePercent: integer(
      0,
      100,
      40,
      'Weight of latency and errors, in percent; the three weights add up to 100.',
    ),
    resourcesPercent: integer(
      0,
      100,
      10,
      'Weight of CPU and memory pressure, in percent; the three weights add up to 100.',
    ),
    accounting: z.enum(['Attributed', 'Amortised', 'Marginal']).default('Attributed').meta({
      description:
        "How a Pod's energy is counted. Attributed: as Kepler attributes it. Amortised: the energy of the node, shared by the Pods in proportion to what Kepler attributes to them. Marginal: what a Pod's share of the node costs by the slope of the node's learned power curve.",
    }),
    unit: z.enum(['Joules', 'GramsCO2e']).default('Joules').meta({
      description:
        'What energy is counted in. Joules: energy per request. GramsCO2e: the same times the carbon intensity of the zone, which the settings tell.',
    }),
    sloP99Milliseconds: z.int().min(1).max(3_600_000).optional().meta({
      description:
        'Objective for the 99th percentile of latency, in milliseconds; without it latency is judged against the baseline.',
      format: 'int32',
    }),
    sloErrorThousandths: z.int().min(0).max(1000).optional().meta({
      description:
        'Objective for the share of failed requests, in thousandths; without it there is none.',
      format: 'int32',
    }),
  })
  .refine(
    (value) =>
      value.sustainabilityPercent + value.performancePercent + value.resourcesPercent === 100,
    `obeys: ${WEIGHTS_MESSAGE}`,
  )
  .prefault({})
  .meta({
    description: 'Weights and objectives of the reward.',
    'x-kubernetes-validations': [
      {
        rule: 'self.sustainabilityPercent + self.performancePercent + self.resourcesPercent == 100',
        message: WEIGHTS_MESSAGE,
      },
    ],
  });

/** `spec.measurement`. */
export const measurementSchema = z
  .object({
    warmUpSeconds: integer(0, 3600, 30, 'Time between Ready and the begin of the measurement.'),
    windowSeconds: integer(1, 86_400, 120, 'Length of the measurement.'),
    minimumRequests: integer(
      1,
      1_000_000_000,
      100,
      'Fewer requests than this in the window give no reward.',
    ),
    staleAfterSeconds: integer(1, 3600, 60, 'A reading older than this counts as stale.'),
    episodeGapSeconds: integer(
      1,
      3600,
      30,
      'A pause in Pod creation of this length ends a rollout (one episode).',
    ),
  })
  .prefault({})
  .meta({ description: 'When and how long a placement is measured.' });

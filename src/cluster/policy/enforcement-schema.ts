// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { integer } from './integer.ts';

/** `spec.release`. */
export const releaseSchema = z
  .object({
    afterSeconds: integer(
      5,
      86_400,
      60,
      'A Pod that a required rule of ours keeps from being bound for so long is evicted, so that its controller makes a new one without the rule.',
    ),
    coolingOffSeconds: integer(
      10,
      604_800,
      600,
      'Time after a release for which nothing is required for the workload; doubled with each further release, up to 16 times.',
    ),
    evictionsPerHour: integer(
      0,
      10_000,
      20,
      'Pods evicted for a release at most per namespace and hour; 0 releases by hand only.',
    ),
  })
  .prefault({})
  .meta({
    description:
      'When a Pod that a required rule of ours keeps Pending is given back to the scheduler.',
  });

/** `spec.escalation`. */
export const escalationSchema = z
  .object({
    mode: z.enum(['Disabled', 'Enabled']).default('Disabled').meta({
      description:
        'Enabled: a workload whose Pods do not land where asked gets a required rule in place of the preference, as in mode Require, for a while. Only in mode Prefer.',
    }),
    adherencePercent: integer(
      1,
      100,
      60,
      'Share of Pods that landed where asked below which a workload is escalated, in percent.',
    ),
    minimumPods: integer(
      1,
      50,
      20,
      'Pods of the workload that must have been asked before the share counts; about the newest 50 are looked at.',
    ),
    holdSeconds: integer(
      60,
      2_592_000,
      86_400,
      'Time for which a workload stays escalated before the preference is tried again.',
    ),
  })
  .prefault({})
  .meta({
    description: 'When a preference that the scheduler does not follow becomes a required rule.',
  });

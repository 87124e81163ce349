// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { integer } from './integer.ts';

/** `spec.learning`. */
export const learningSchema = z
  .object({
    algorithm: z
      .enum(['EpsilonGreedy', 'UCB1', 'Thompson', 'Softmax'])
      .default('EpsilonGreedy')
      .meta({ description: 'How the agent explores.' }),
    seed: integer(
      0,
      2_147_483_647,
      1,
      'Seeds the generator of every decision together with its id, so that a decision can be replayed.',
    ),
    gammaThousandths: integer(
      0,
      1000,
      300,
      'Discount of later rewards of one rollout, in thousandths.',
    ),
    lambdaThousandths: integer(
      0,
      1000,
      800,
      'Decay of the eligibility traces of TD(lambda), in thousandths.',
    ),
    initialValueThousandths: integer(
      -10_000,
      10_000,
      150,
      'Value of an action that was never tried, in thousandths of advantage over the default scheduler; above 0 is optimistic.',
    ),
    initialWeightThousandths: integer(
      0,
      1_000_000,
      1000,
      "Samples, in thousandths, that `initialValueThousandths` counts for against those of the tier, where a workload has never tried an action itself: the more, the less the experience of other workloads keeps it from trying. 0 takes the tier's value alone.",
    ),
    epsilonThousandths: integer(
      0,
      1000,
      30,
      'Share of exploring decisions at the start, in thousandths.',
    ),
    epsilonHalvingEpisodes: integer(
      1,
      100_000,
      20,
      'Rollouts of a workload after which its share of exploring decisions is halved.',
    ),
    epsilonFloorThousandths: integer(
      0,
      1000,
      10,
      'Least share of exploring decisions, in thousandths; not above `epsilonThousandths`.',
    ),
    explorationTemperatureThousandths: integer(
      0,
      10_000,
      100,
      'Where EpsilonGreedy explores, it draws an action in proportion to exp(value / this), in thousandths of advantage over the default scheduler: the lower, the more rarely what is known to be bad is tried. 0 tries all actions alike.',
    ),
    stepFloorThousandths: integer(
      1,
      1000,
      50,
      'Least step size of an update, in thousandths: how fast changes of the cluster are followed.',
    ),
    burnInDecisions: integer(
      0,
      10_000,
      3,
      'Decisions of the default scheduler that must be measured before the agent chooses for a workload.',
    ),
    applicationShareThousandths: integer(
      0,
      1000,
      300,
      "Share of the whole application's reward in the reward of one workload, in thousandths.",
    ),
    landingCreditThousandths: integer(
      0,
      1000,
      500,
      'Weight of an update for a Pod that landed on another target than the one it was asked to prefer, in thousandths.',
    ),
  })
  .refine((value) => value.epsilonFloorThousandths <= value.epsilonThousandths, {
    message: 'must not be greater than `epsilonThousandths`',
    path: ['epsilonFloorThousandths'],
  })
  .prefault({})
  .meta({
    description: 'Hyperparameters of the agent.',
    'x-kubernetes-validations': [
      {
        rule: 'self.epsilonFloorThousandths <= self.epsilonThousandths',
        message: '`epsilonFloorThousandths` must not be greater than `epsilonThousandths`',
        fieldPath: '.epsilonFloorThousandths',
      },
    ],
  });

/** `spec.exploration`. */
export const explorationSchema = z
  .object({
    budgetPerHour: integer(
      0,
      1_000_000,
      60,
      'Exploring decisions allowed per namespace and clock hour, of all replicas of the webhook together; beyond it the best known action is taken.',
    ),
    maximumCpuPercent: integer(
      0,
      1000,
      80,
      'No Pod is sent to a target whose CPU would be filled beyond this, in percent of allocatable, by what it and the measured Pods there are expected to use. 0 = no limit.',
    ),
  })
  .prefault({})
  .meta({ description: 'Limits of exploration.' });

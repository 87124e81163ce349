// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { integer } from './integer.ts';

/*
 * The two parts of a policy that act on Pods that run already: how many there are, and where. Both
 * are off unless somebody turns them on.
 */

const ORDER_MESSAGE = '`minReplicas` must not be greater than `maxReplicas`';

function mode(what: string) {
  return z
    .enum(['Off', 'Recommend', 'Apply'])
    .default('Off')
    .meta({
      description: `Off: nothing. Recommend: say in the status, in Events and metrics what would be done. Apply: do it; ${what}`,
    });
}

/** `spec.scaling`. */
export const scalingSchema = z
  .object({
    mode: mode(
      'needs the rights of the overlay `scaling-and-moving`, and only recommends where a HorizontalPodAutoscaler, VerticalPodAutoscaler or ScaledObject owns the workload.',
    ),
    minReplicas: integer(1, 100_000, 2, 'Never fewer replicas than this.'),
    maxReplicas: integer(1, 100_000, 10, 'Never more replicas than this.'),
    intervalSeconds: integer(
      30,
      86_400,
      300,
      'Time between two decisions for a workload; at least warm-up and measurement together.',
    ),
    cooldownSeconds: integer(
      0,
      86_400,
      600,
      'Time after a change of the number of replicas, by whomever, in which nothing is changed.',
    ),
    changesPerHour: integer(0, 10_000, 6, 'Changes allowed per namespace and hour.'),
    changeCostThousandths: integer(
      0,
      1000,
      20,
      "What one change is taken to cost, in thousandths of the workload's cost of one interval.",
    ),
    gammaThousandths: integer(
      1,
      999,
      800,
      'Discount of the rewards of later intervals, in thousandths.',
    ),
  })
  .refine((value) => value.minReplicas <= value.maxReplicas, {
    message: 'must not be greater than `maxReplicas`',
    path: ['minReplicas'],
  })
  .prefault({})
  .meta({
    description: 'Whether and how the agent chooses the number of replicas of a workload.',
    'x-kubernetes-validations': [
      {
        rule: 'self.minReplicas <= self.maxReplicas',
        message: ORDER_MESSAGE,
        fieldPath: '.minReplicas',
      },
    ],
  });

/** `spec.rebalancing`. */
export const rebalancingSchema = z
  .object({
    mode: mode('needs the rights of the overlay `scaling-and-moving`.'),
    horizonSeconds: integer(
      60,
      2_592_000,
      14_400,
      'Time for which the saving of a move is counted: how long a Pod stays, as a rule.',
    ),
    factorThousandths: integer(
      1000,
      1_000_000,
      2000,
      'The expected saving must be so many times the measured cost of the move, in thousandths.',
    ),
    minimumSavingThousandths: integer(
      1,
      10_000,
      50,
      "Least advantage of the better target over the Pod's own, in thousandths of the cost of the default scheduler.",
    ),
    movesPerHour: integer(0, 10_000, 4, 'Moves allowed per namespace and hour.'),
    cooldownSeconds: integer(
      0,
      604_800,
      1800,
      'Time after a move or rollout of a workload in which none of its Pods is moved.',
    ),
  })
  .prefault({})
  .meta({ description: 'Whether and when Pods that run are moved to a better target.' });

// SPDX-License-Identifier: Apache-2.0
import { modelSpecSchema } from '#cluster/model/schema.ts';
import { AGE, type Definition } from './definition.ts';
import { schemaOf } from './structural-schema.ts';

/** PlacementModel. */
export const MODEL: Definition = {
  kind: 'PlacementModel',
  plural: 'placementmodels',
  singular: 'placementmodel',
  shortName: 'plmod',
  description:
    'What the agent has learned of one workload under a policy, or what it has last observed. Written by the elected learner; deleting it makes the agent forget.',
  spec: schemaOf(modelSpecSchema),
  specRequired: true,
  status: undefined,
  columns: [
    { name: 'Policy', type: 'string', jsonPath: '.spec.policyName', description: 'Its policy.' },
    { name: 'Workload', type: 'string', jsonPath: '.spec.workload', description: 'Its workload.' },
    {
      name: 'Version',
      type: 'integer',
      jsonPath: '.spec.shard.version',
      description: 'Number of writes.',
    },
    {
      name: 'Episodes',
      type: 'integer',
      jsonPath: '.spec.shard.episodes',
      description: 'Rollouts settled.',
    },
    AGE,
    {
      name: 'Asked',
      type: 'integer',
      jsonPath: '.spec.shard.asked',
      description: 'Pods that were asked to prefer a target.',
      priority: 1,
    },
    {
      name: 'Followed',
      type: 'integer',
      jsonPath: '.spec.shard.followed',
      description: 'Pods that landed there.',
      priority: 1,
    },
  ],
};

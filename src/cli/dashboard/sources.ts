// SPDX-License-Identifier: Apache-2.0
import { OPT_IN_VALUE } from '#admission/pod/eligibility.ts';
import { workloadOf } from '#admission/pod/owner.ts';
import { tierOf } from '#admission/pod/tier.ts';
import { PLACEMENT_LABEL } from '#cluster/decision/decision.ts';
import type { Informers } from '#cluster/mirror/informers.ts';
import { workloadKey } from '#cluster/objects/workload.ts';
import type { FeedOptions } from '#dashboard/decisions/decision-feed.ts';
import type { Experiment } from '#dashboard/api/api.ts';
import type { DashboardSources } from '#dashboard/now/sources.ts';
import { createPodReader } from '#learner/episodes/decisions.ts';
import { createSettledOf } from '#learner/episodes/plan.ts';
import { powerHealth } from '#learner/observation/target-health.ts';
import { askWindow } from '#learner/readings/telemetry-window.ts';
import type { Telemetry } from '#telemetry/sources/sources.ts';
import { circuitFigure } from '#cli/report/circuit-figure.ts';
import { stateText } from '#cli/report/format.ts';
import { savingsNow } from './savings.ts';
import { storyOf } from './story.ts';

/** What the dashboard's sources are made of. */
export interface SourcesInput {
  readonly informers: Informers;
  readonly telemetry: Telemetry;
  readonly leads: () => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly experiment: () => Experiment | undefined;
  /** Whether this process answers admissions, and so writes their audit lines. */
  readonly admits: boolean;
}

/** Plugs informers, telemetry and reports into what the dashboard asks for. */
export function dashboardSources(input: SourcesInput): DashboardSources {
  const { informers, telemetry, now } = input;
  const { view, models, policies } = informers;
  const sources = { power: telemetry, latency: telemetry, load: telemetry };
  return {
    view,
    models,
    policyFor: (namespace) => policies.policyFor(namespace),
    *namespaces() {
      for (const { name, labels } of view.namespaces()) {
        if (labels[PLACEMENT_LABEL] === OPT_IN_VALUE) yield name;
      }
    },
    workloadOf: (pod) => workloadKey(workloadOf(pod, view)),
    tierOf: (pod) => tierOf(pod.labels, policies.policyFor(pod.namespace).spec.tiers),
    measure: (window) => askWindow(sources, window),
    powerHealth,
    savings: () => savingsNow(informers, now()),
    circuitText: (shard) => circuitFigure(shard.circuit, now()).text,
    stateText,
    story: (known) => storyOf(known, informers),
    experiment: input.experiment,
    leads: input.leads,
    limits: () => limitsOf(input),
  };
}

/** How the feed of decisions reads Pods. */
export function feedOptions(
  { view, models, policies }: Informers,
  decisionKey: Buffer,
): FeedOptions {
  const read = createPodReader(decisionKey);
  const settledOf = createSettledOf();
  return {
    read,
    targetOf(namespace, node) {
      const labels = view.node(node)?.labels ?? {};
      const { topologyKey } = policies.policyFor(namespace).spec;
      return Object.hasOwn(labels, topologyKey) ? labels[topologyKey] : undefined;
    },
    isSettled({ id, time, namespace, claim }) {
      const [policy = ''] = claim.policy.split('@');
      const shard = models.shard(namespace, policy, claim.workload);
      // When a decision was taken is known only of one that is signed.
      return settledOf(shard)({ id, decidedAt: claim.signed ? time : Infinity });
    },
  };
}

function limitsOf({ admits, leads }: SourcesInput): string[] {
  const limits: string[] = [];
  if (!admits) {
    limits.push(
      'Decisions are seen on the Pods, of all replicas. What was compared and how it was drawn ' +
        'stands in the audit log of the admission replica that decided.',
    );
  }
  if (!leads()) {
    limits.push(
      'This process does not lead: that a decision was settled is seen in the models, its figures ' +
        'stand in the audit log of the leader.',
    );
  }
  return limits;
}

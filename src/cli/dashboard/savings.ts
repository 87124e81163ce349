// SPDX-License-Identifier: Apache-2.0
import type { Informers } from '#cluster/mirror/informers.ts';
import type { DashboardSources, SavingsNow } from '#dashboard/now/sources.ts';
import { reportOf, type NamespaceReport, type WorkloadReport } from '#cli/report/report.ts';

/** Neither grams nor money: the page shows joules, the report turns them into more. */
const NO_ASSUMPTIONS = { gramsPerKilowattHour: undefined, price: undefined };

/** Savings as `perihelion report` computes them, from the models as they are watched. */
export function savingsNow(
  { models, policies }: Pick<Informers, 'models' | 'policies'>,
  now: number,
): ReturnType<DashboardSources['savings']> {
  const shards = [...models.shards()];
  const report = reportOf({ shards, policies, unreadable: [] }, NO_ASSUMPTIONS, now);
  return { namespaces: report.namespaces.map(namespaceOf), unreadable: report.unreadable };
}

function namespaceOf(report: NamespaceReport): SavingsNow {
  const { namespace, policy, mode, settled, adherence, savings, workloads } = report;
  return {
    namespace,
    policy: policy?.name,
    mode,
    settled,
    adherence,
    savings,
    workloads: workloads.map(workloadOf),
    workloadsOmitted: 0,
  };
}

function workloadOf(report: WorkloadReport): SavingsNow['workloads'][number] {
  const { workload, policy, settled, adherence, savings, circuit } = report;
  return { workload, policy, settled, adherence, savings, circuit: circuit.text };
}

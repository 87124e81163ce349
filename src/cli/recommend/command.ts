// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import type { StatusRecommendation } from '#cluster/policy/recommendations.ts';
import { projectPolicy } from '#cluster/policy/live-view.ts';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag, textFlag } from '#cli/command/flags.ts';
import { asItIs, KUBE_FLAGS, listOptional, withCluster } from '#cli/access/kube-access.ts';
import { jsonText, OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { printable } from '#cli/terminal/style.ts';
import { renderTable } from '#cli/terminal/table.ts';

/** `perihelion recommend`: what would it do with replicas and with Pods that run? */
export const recommendCommand: Command = {
  name: 'recommend',
  summary: 'Show which changes of replicas and moves of Pods are recommended, done or refused.',
  flags: {
    namespace: {
      type: 'string',
      short: 'n',
      placeholder: 'NAME',
      help: 'Only workloads of this namespace (default: all).',
    },
    ...KUBE_FLAGS,
    ...OUTPUT_FLAG,
  },
  notes: [
    'Reads the status of PlacementPolicies, and changes nothing. A policy recommends where',
    'spec.scaling.mode or spec.rebalancing.mode is Recommend or Apply; both are Off by default.',
  ],
  examples: ['perihelion recommend', 'perihelion recommend -n shop --output json'],
  run: recommend,
};

/** A recommendation and the policy that it was made under. */
interface Row extends StatusRecommendation {
  /** `namespace/name`. */
  readonly policy: string;
}

async function recommend(flags: FlagValues, terminal: Terminal): Promise<number> {
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const namespace = textFlag(flags, 'namespace');
  const listed = await withCluster(flags, ({ client }) =>
    listOptional(client, resourcePath(RESOURCES.policies), asItIs),
  );
  if (listed === undefined) {
    throw new PerihelionError(
      'PERI_KUBERNETES_REQUEST',
      'the API server does not serve PlacementPolicies: Perihelion is not installed (perihelion doctor)',
    );
  }
  const policies = listed.map(projectPolicy);
  const rows = policies.flatMap((policy): Row[] =>
    (policy.status?.recommendations ?? [])
      .filter((one) => namespace === undefined || one.namespace === namespace)
      .map((one) => ({ policy: `${policy.namespace}/${policy.name}`, ...one })),
  );
  const recommending = policies.filter(({ spec }) => isOn(spec)).length;
  if (format === 'json') terminal.stdout.write(jsonText({ recommending, recommendations: rows }));
  else terminal.stdout.write(textOf(rows, recommending));
  return 0;
}

function isOn(spec: Readonly<Record<string, unknown>>): boolean {
  return ['scaling', 'rebalancing'].some((part) => {
    const value = spec[part] as { readonly mode?: unknown } | undefined;
    return value?.mode === 'Recommend' || value?.mode === 'Apply';
  });
}

function textOf(rows: readonly Row[], recommending: number): string {
  if (rows.length === 0) {
    return recommending === 0
      ? 'no policy recommends anything: spec.scaling and spec.rebalancing are Off\n'
      : 'nothing is recommended now\n';
  }
  const header = ['namespace', 'workload', 'what', 'from', 'to', 'outcome', 'since'];
  const cells = rows.map((one) => [
    one.namespace,
    one.workload,
    one.pod === undefined ? 'scale' : `move ${one.pod}`,
    one.from,
    one.to,
    one.reason === undefined ? one.outcome : `${one.outcome}: ${one.reason}`,
    one.since,
  ]);
  const words = [1, 2, 3, 4, 5, 6];
  return renderTable(
    header,
    cells.map((row) => row.map(printable)),
    words,
  );
}

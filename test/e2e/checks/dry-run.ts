// SPDX-License-Identifier: Apache-2.0
import { readProductLines } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS, DEFAULT_ACTION, preferredTargets } from '../ledger.ts';
import type { Pod } from '../objects.ts';
import { PROBE } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { waitFor } from '../wait.ts';
import { barePod, pathOf } from '../workloads.ts';

const COUNT = 12;

/**
 * A server-side dry run gets the same answer as the real thing and leaves no trace.
 *
 * @returns the ids of its decisions, for {@link checkDryRunForgotten}.
 */
export async function checkDryRun(stage: Stage): Promise<readonly string[]> {
  const { api } = stage.controlPlane;
  const ids: string[] = [];
  await stage.checks.check('dry run: the same patch as without', async () => {
    let injected = 0;
    for (let index = 0; index < COUNT; index += 1) {
      const pod = await api.create<Pod>(
        `${pathOf('Pod', PROBE)}?dryRun=All`,
        barePod(`dry-${index}`),
      );
      const annotations = pod.metadata.annotations ?? {};
      ids.push(annotations[ANNOTATIONS.id] ?? '');
      const action = annotations[ANNOTATIONS.action];
      if (action !== DEFAULT_ACTION && preferredTargets(pod)[0] === action) injected += 1;
    }
    expect(
      ids.every((id) => id !== ''),
      `${ids.filter((id) => id === '').length} without a decision`,
    );
    expect(injected > 0, `none of ${COUNT} got a term`);
    return `${injected} of ${COUNT} got a term, all got a decision`;
  });
  await stage.checks.check('dry run: the audit lines are flagged', async () => {
    const lines = await waitFor('the lines', { timeoutSeconds: 60 }, () => {
      const found = readProductLines(stage.product.auditFiles).filter(
        (line) => line.decision !== undefined && ids.includes(line.decision.id),
      );
      return found.length >= COUNT ? found : undefined;
    });
    const bad = lines.filter((line) => line.dryRun !== true || line.outcome !== 'dry-run');
    expect(bad.length === 0, `${bad.length} of ${lines.length} are not flagged`);
    return `${lines.length} lines with dryRun true`;
  });
  await stage.checks.check('dry run: no Pod comes of it', async () => {
    const pods = await api.list<Pod>(pathOf('Pod', PROBE));
    const left = pods.filter((pod) => pod.metadata.name.startsWith('dry-'));
    expect(left.length === 0, `${left.length} Pods exist`);
    return `none of ${pods.length} Pods is of a dry run`;
  });
  return ids;
}

/** Looks again when there was more than time enough to learn from it. */
export async function checkDryRunForgotten(stage: Stage, ids: readonly string[]): Promise<void> {
  await stage.checks.check('dry run: nothing was learned from it', () => {
    const settled = [...stage.models.settled.values()].some((set) => ids.some((id) => set.has(id)));
    expect(!settled, 'a decision of a dry run was settled');
    const shards = [...stage.models.shards.keys()].filter((key) => key.includes('/dry-'));
    expect(shards.length === 0, `there are shards: ${shards.join(', ')}`);
    return `${ids.length} decisions, none settled, no shard`;
  });
}

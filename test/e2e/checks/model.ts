// SPDX-License-Identifier: Apache-2.0
import { readProductLines } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { DEFAULT_ACTION } from '../ledger.ts';
import type { Placement } from '../ledger.ts';
import { ratioFigure } from '../results.ts';
import type { Figure } from '../results.ts';
import { SHOP, SHOP_WORKLOADS } from '../stage.ts';
import type { Stage } from '../stage.ts';

interface Count {
  followed: number;
  asked: number;
}

/** Nothing counted twice, nothing lost, and adherence as it really was. */
export async function checkModel(stage: Stage): Promise<Figure | undefined> {
  const { checks, models } = stage;
  await checks.check('settling: versions rise by one and no id is settled twice', () => {
    expect(models.faults.length === 0, models.faults.join('; '));
    const ids = [...models.settled.values()].reduce((sum, set) => sum + set.size, 0);
    return `${ids} ids in ${models.shards.size} shards, ${models.writes} writes seen`;
  });
  await checks.check('settling: each decision has one line in the audit log', () =>
    settledOnce(stage),
  );
  const total: Count = { followed: 0, asked: 0 };
  for (const name of SHOP_WORKLOADS) {
    await checks.check(`adherence: ${name} as counted from the Pods`, () => {
      const workload = `Deployment/${name}`;
      const counted = count(
        stage.ledger.of(SHOP, workload).filter((one) => models.hasSettled(SHOP, workload, one.id)),
      );
      total.followed += counted.followed;
      total.asked += counted.asked;
      const shard = models.shard(SHOP, workload);
      const text = `reported ${shard?.followed ?? '-'} of ${shard?.asked ?? '-'}, counted ${counted.followed} of ${counted.asked}`;
      expect(shard?.followed === counted.followed && shard.asked === counted.asked, text);
      return text;
    });
  }
  return total.asked === 0 ? undefined : ratioFigure(total.followed, total.asked);
}

function count(placements: readonly Placement[]): Count {
  const asked = placements.filter(
    (one) => one.action !== DEFAULT_ACTION && one.landed !== undefined,
  );
  return {
    asked: asked.length,
    followed: asked.filter((one) => one.landed === one.action).length,
  };
}

function settledOnce(stage: Stage): string {
  const lines = readProductLines(stage.product.auditFiles).filter(
    (line) => line.kind === 'settlement',
  );
  const times = Map.groupBy(lines, (line) => line.decisionId ?? '');
  const twice = [...times].filter(([, found]) => found.length > 1).map(([id]) => id);
  expect(lines.length > 0, 'no settlement was logged');
  expect(
    twice.length === 0,
    `${twice.length} decisions have more than one line: ${twice.slice(0, 3).join(', ')}`,
  );
  const status = Map.groupBy(lines, (line) => line.status ?? '');
  return [...status].map(([name, found]) => `${found.length} ${name}`).join(', ');
}

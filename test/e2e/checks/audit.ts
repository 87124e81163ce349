// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { decisionIdIn, readProductLines, readServerRecord } from '../audit-lines.ts';
import type { Operation, ProductLine } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import type { Stage } from '../stage.ts';
import { DIRECT } from '../state/webhook.ts';

/** How the two audit logs compare. */
export interface AuditFigures {
  readonly matched: number;
  readonly differing: number;
}

/**
 * Holds every patch in the product's audit log against the API server's own record of what it
 * received. The two are joined by the decision id inside the patch.
 *
 * @param least patches that there must be at least
 */
export async function checkAudit(
  stage: Pick<Stage, 'checks' | 'controlPlane' | 'manifests' | 'product'>,
  least = 1,
): Promise<AuditFigures> {
  const figures = { matched: 0, differing: 0 };
  await stage.checks.check('audit: every patch is as the API server recorded it', () => {
    const server = readServerRecord(stage.controlPlane.auditLog);
    const ours = server.patches.filter(
      (one) => one.configuration === stage.manifests.configuration && one.patch.length > 0,
    );
    const received = byId(ours.map((one) => one.patch));
    const said = byId(
      readProductLines(stage.product.auditFiles).flatMap((line) =>
        line.kind === 'admission' && !isDirect(line) && (line.patch?.length ?? 0) > 0
          ? [line.patch ?? []]
          : [],
      ),
    );
    const differing: string[] = [];
    for (const id of new Set([...received.keys(), ...said.keys()])) {
      if (isDeepStrictEqual(received.get(id), said.get(id))) figures.matched += 1;
      else differing.push(describe(id, received.get(id), said.get(id)));
    }
    figures.differing = differing.length;
    const { matched } = figures;
    expect(matched >= least, `${matched} patches in ${server.creations} creations, expected more`);
    expect(differing.length === 0, `${differing.length} differ, first: ${differing[0] ?? ''}`);
    return `${figures.matched} patches in ${server.creations} creations, none differs`;
  });
  return figures;
}

/** Whether the run itself has asked, in the API server's place. */
function isDirect({ requestUid }: ProductLine): boolean {
  return requestUid?.startsWith(DIRECT) === true;
}

/** Patches by the decision id that they write; several with one id stay together. */
function byId(patches: readonly (readonly Operation[])[]): Map<string, (readonly Operation[])[]> {
  return Map.groupBy(patches, (patch) => decisionIdIn(patch, ANNOTATIONS.id) ?? '(none)');
}

function describe(id: string, received: unknown, said: unknown): string {
  const short = (value: unknown): string =>
    value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 300);
  return `${id}: received ${short(received)}, logged ${short(said)}`;
}

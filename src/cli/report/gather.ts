// SPDX-License-Identifier: Apache-2.0
import { PerihelionError } from '#errors';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { projectModel } from '#cluster/model/live-view.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { PolicyView } from '#cluster/policy/policy.ts';
import { asItIs, type ClusterAccess, listOptional } from '#cli/access/kube-access.ts';
import { policiesOf, policyViewOf } from '#cli/access/policies.ts';

type Client = ClusterAccess['client'];

/** What a report is made of. */
export interface Gathered {
  readonly shards: readonly ModelShard[];
  /** Undefined = the account may not read the policies. */
  readonly policies: PolicyView | undefined;
  /** Models and policies that could not be read, and why; one line each. */
  readonly unreadable: readonly string[];
}

/** Which models a report is about. */
export interface Selection {
  /** Undefined = all. */
  readonly namespace: string | undefined;
  readonly policy: string | undefined;
  /** Namespace of the installation, whose policies hold where there is none of one's own. */
  readonly ownNamespace: string;
}

/**
 * Reads the published models, page by page, and the policies they belong to.
 *
 * Rejects with `PERI_KUBERNETES_REQUEST` where models cannot be read or are not served at all.
 */
export async function gather(client: Client, selection: Selection): Promise<Gathered> {
  const { namespace, policy } = selection;
  const shards: ModelShard[] = [];
  const unreadable: string[] = [];
  const listed = await listOptional(
    client,
    resourcePath(RESOURCES.models, { namespace }),
    (raw) => {
      try {
        const model = projectModel(raw);
        if (model.kind !== 'shard') return;
        if (policy === undefined || model.shard.policy === policy) shards.push(model.shard);
      } catch (error) {
        unreadable.push(firstLine(error));
      }
    },
  );
  if (listed === undefined) {
    throw new PerihelionError(
      'PERI_KUBERNETES_REQUEST',
      'the API server does not serve PlacementModels: Perihelion is not installed (perihelion doctor)',
    );
  }
  try {
    return { shards, policies: await policiesFor(client, selection), unreadable };
  } catch (error) {
    unreadable.push(`policies, so that no mode is shown: ${firstLine(error)}`);
    return { shards, policies: undefined, unreadable };
  }
}

async function policiesFor(
  client: Client,
  { namespace, ownNamespace }: Selection,
): Promise<PolicyView> {
  if (namespace !== undefined) return policiesOf(client, namespace, ownNamespace);
  const all = await listOptional(client, resourcePath(RESOURCES.policies), asItIs);
  return policyViewOf(all ?? [], ownNamespace);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

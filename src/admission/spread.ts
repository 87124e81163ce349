// SPDX-License-Identifier: Apache-2.0

/** What counts of a Pod that is there or on its way. */
export interface Member {
  readonly ownerUid: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly nodeName: string | undefined;
  /** The node's number; undefined = not bound. */
  readonly node: number | undefined;
  readonly cpuMillicores: number;
}

/** Where the Pods of one workload are, in rows: place for place a node and what is there. */
export interface Spread {
  /** Nodes with bound Pods that will remain, each once. */
  readonly nodes: readonly number[];
  readonly pods: readonly number[];
  /** Nodes with any bound Pods, those being replaced too. */
  readonly requestedOn: readonly number[];
  readonly requestedMillicores: readonly number[];
}

/** @param incomingOwner owner of a Pod that is just being created; undefined = none is */
export function spreadOf(
  members: ReadonlyMap<string, Member>,
  incomingOwner: string | undefined,
): Spread {
  const counts = remaining(members, incomingOwner);
  const sums = new Map<number, number>();
  for (const { node, cpuMillicores } of members.values()) {
    if (node !== undefined) sums.set(node, (sums.get(node) ?? 0) + cpuMillicores);
  }
  return {
    nodes: [...counts.keys()],
    pods: [...counts.values()],
    requestedOn: [...sums.keys()],
    requestedMillicores: [...sums.values()],
  };
}

function remaining(
  members: ReadonlyMap<string, Member>,
  incomingOwner: string | undefined,
): ReadonlyMap<number, number> {
  const newest = incomingOwner ?? newestOwner(members.values());
  const counts = new Map<number, number>();
  const count = ({ node }: Member): void => {
    if (node !== undefined) counts.set(node, (counts.get(node) ?? 0) + 1);
  };
  const older: Member[] = [];
  let replaced = incomingOwner === undefined ? 0 : 1;
  for (const member of members.values()) {
    if (member.ownerUid !== newest) {
      older.push(member);
      continue;
    }
    replaced += 1;
    count(member);
  }
  // The stock controllers take the youngest old Pods last.
  older.sort((a, b) => b.createdAt - a.createdAt);
  older.slice(0, Math.max(0, older.length - replaced)).forEach(count);
  return counts;
}

/** The owner of the youngest Pod; of Pods of the same second the last one seen. */
function newestOwner(members: Iterable<Member>): string {
  let newest: Member | undefined;
  for (const member of members) {
    if (newest === undefined || member.createdAt >= newest.createdAt) newest = member;
  }
  return newest?.ownerUid ?? '';
}

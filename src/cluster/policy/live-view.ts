// SPDX-License-Identifier: Apache-2.0
import type { Change, Store } from '#cluster/watch/store.ts';
import { asObject, asText, type JsonObject } from '#cluster/wire/json.ts';
import { BUILT_IN_POLICY, parsePolicySpec, policyProblems } from './parse.ts';
import type { PlacementPolicy, PolicyView } from './policy.ts';
import { projectPolicyStatus, type PolicyStatus } from './status.ts';

/** A PlacementPolicy as it came from the API server; its spec is checked by {@link LivePolicyView}. */
export interface RawPolicy {
  readonly namespace: string;
  readonly name: string;
  /** Tells it from one of its name that was deleted; empty = not said. */
  readonly uid: string;
  /** Milliseconds since the epoch; undefined = not said. */
  readonly createdAt: number | undefined;
  readonly generation: number;
  readonly spec: JsonObject;
  /** As last written; undefined = none yet. */
  readonly status: PolicyStatus | undefined;
}

/** What is wrong with a policy, and what holds instead. */
export interface PolicyProblem {
  readonly namespace: string;
  readonly name: string;
  /** The generation that was refused. */
  readonly generation: number;
  /** One line per field. */
  readonly problems: readonly string[];
  /** The generation that stays in force; undefined = none of this policy ever was good. */
  readonly inForce: number | undefined;
}

/** A raw PlacementPolicy, slim. */
export function projectPolicy(raw: JsonObject): RawPolicy {
  const metadata = asObject(raw['metadata']);
  const { generation } = metadata;
  const createdAt = Date.parse(asText(metadata['creationTimestamp']));
  return {
    namespace: asText(metadata['namespace']),
    name: asText(metadata['name']),
    uid: asText(metadata['uid']),
    createdAt: Number.isNaN(createdAt) ? undefined : createdAt,
    generation: typeof generation === 'number' ? generation : 0,
    spec: asObject(raw['spec']),
    status: projectPolicyStatus(raw['status']),
  };
}

/**
 * The policies in force. A policy that cannot be used leaves its last good generation in force
 * and is reported; where there is none, the next policy counts: that of the namespace by name,
 * that of the default namespace, the built-in one.
 */
export class LivePolicyView implements PolicyView {
  readonly #store: Store<RawPolicy>;
  readonly #defaultNamespace: string | undefined;
  readonly #onProblem: (problem: PolicyProblem) => void;
  readonly #good = new Map<string, PlacementPolicy>();
  readonly #problems = new Map<string, PolicyProblem>();
  /** By namespace, the policy in force: the admission path reads nothing else. */
  readonly #inForce = new Map<string, PlacementPolicy>();

  /** To be made before the store is filled. */
  constructor(
    store: Store<RawPolicy>,
    options: {
      /** Policies of this namespace hold where a namespace has none of its own. */
      readonly defaultNamespace?: string | undefined;
      readonly onProblem?: ((problem: PolicyProblem) => void) | undefined;
    } = {},
  ) {
    this.#store = store;
    this.#defaultNamespace = options.defaultNamespace;
    this.#onProblem = options.onProblem ?? (() => undefined);
    store.subscribe((change) => this.#apply(change));
  }

  policyFor(namespace: string): PlacementPolicy {
    const own = this.#inForce.get(namespace);
    if (own !== undefined) return own;
    const shared =
      this.#defaultNamespace === undefined ? undefined : this.#inForce.get(this.#defaultNamespace);
    return shared ?? BUILT_IN_POLICY;
  }

  /** Policies that cannot be used as they stand. */
  problems(): Iterable<PolicyProblem> {
    return this.#problems.values();
  }

  /** Every policy from the API server, usable or not. */
  all(): Iterable<RawPolicy> {
    return this.#store.values();
  }

  /** Every usable policy from the API server. */
  policies(): Iterable<PlacementPolicy> {
    return this.#good.values();
  }

  #apply(change: Change<RawPolicy>): void {
    const { after, before } = change;
    const { namespace } = after ?? before;
    if (after === undefined) {
      this.#good.delete(keyOf(before));
      this.#problems.delete(keyOf(before));
    } else {
      this.#take(after);
    }
    this.#choose(namespace);
  }

  #take(raw: RawPolicy): void {
    const { namespace, name, generation, createdAt } = raw;
    const key = keyOf(raw);
    const problems = policyProblems(raw.spec);
    if (problems.length === 0) {
      const spec = parsePolicySpec(raw.spec);
      this.#good.set(key, { namespace, name, generation, createdAt, builtIn: false, spec });
      this.#problems.delete(key);
      return;
    }
    const inForce = this.#good.get(key)?.generation;
    const problem = { namespace, name, generation, problems, inForce };
    // A write of the status brings the same generation again.
    const known = this.#problems.get(key)?.generation === generation;
    this.#problems.set(key, problem);
    if (!known) this.#onProblem(problem);
  }

  /** The first by name; compared by code unit, the same on every replica. */
  #choose(namespace: string): void {
    let first: PlacementPolicy | undefined;
    for (const policy of this.#good.values()) {
      if (policy.namespace !== namespace) continue;
      if (first === undefined || policy.name < first.name) first = policy;
    }
    if (first === undefined) this.#inForce.delete(namespace);
    else this.#inForce.set(namespace, first);
  }
}

function keyOf(policy: { readonly namespace: string; readonly name: string }): string {
  return `${policy.namespace}/${policy.name}`;
}

// SPDX-License-Identifier: Apache-2.0
import type { Role } from '../manifests.ts';
import type { KubeObject } from '../objects.ts';

/** One verb on one resource, as one rule of the manifests grants it. */
export interface Right {
  readonly role: Role;
  readonly kind: 'ClusterRole' | 'Role';
  readonly rule: number;
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface RoleObject extends KubeObject {
  readonly rules: readonly Rule[];
}

/** Every right that the manifests grant to a role. */
export function rightsOf(objects: readonly KubeObject[], role: Role): readonly Right[] {
  return rolesOf(objects, role).flatMap((object) =>
    object.rules.flatMap(({ apiGroups, resources, verbs }, rule) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb): Right => ({ role, kind: kindOf(object), rule, group, resource, verb })),
        ),
      ),
    ),
  );
}

/** `learner: create placementmodels.perihelion.dev`. */
export function nameOfRight({ role, verb, resource, group }: Right): string {
  return `${role}: ${verb} ${resource}${group === '' ? '' : `.${group}`}`;
}

/** Where a trial installation is. */
export interface Trial {
  /** Its namespace, and the name of its webhook configuration and of its cluster roles. */
  readonly name: string;
  readonly role: Role;
  /** The shipped name of the webhook configuration. */
  readonly configuration: string;
  /** The shipped name of roles and account. */
  readonly account: string;
}

/**
 * The roles of a trial installation with their bindings: as shipped, but for its names, and for the
 * right that is taken away.
 */
export function trialRoles(
  objects: readonly KubeObject[],
  trial: Trial,
  without: Right | undefined,
): readonly KubeObject[] {
  return rolesOf(objects, trial.role).flatMap((object) => {
    const kind = kindOf(object);
    const namespace = kind === 'Role' ? { namespace: trial.name } : {};
    const rules = object.rules.flatMap((rule, index) => {
      const named = { ...rule, ...namesOf(rule, trial) };
      return without?.kind === kind && without.rule === index ? less(named, without) : [named];
    });
    const metadata = { name: trial.name, ...namespace };
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules };
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: trial.name },
      subjects: [{ kind: 'ServiceAccount', name: trial.account, namespace: trial.name }],
    };
    return [role, binding];
  });
}

function rolesOf(objects: readonly KubeObject[], role: Role): readonly RoleObject[] {
  return objects.filter(
    (object): object is RoleObject =>
      (object.kind === 'ClusterRole' || object.kind === 'Role') &&
      object.metadata.name.includes(role),
  );
}

function kindOf(object: KubeObject): 'ClusterRole' | 'Role' {
  return object.kind === 'Role' ? 'Role' : 'ClusterRole';
}

/** A configuration has no namespace, so each trial has one of another name. */
function namesOf({ resourceNames }: Rule, trial: Trial): { resourceNames?: readonly string[] } {
  if (resourceNames === undefined) return {};
  return {
    resourceNames: resourceNames.map((name) => (name === trial.configuration ? trial.name : name)),
  };
}

/** The rule without one verb on one resource; nothing else of it changes. */
function less(rule: Rule, { resource, verb }: Right): Rule[] {
  const others = rule.resources.filter((one) => one !== resource);
  const verbs = rule.verbs.filter((one) => one !== verb);
  return [
    ...(others.length === 0 ? [] : [{ ...rule, resources: others }]),
    ...(verbs.length === 0 ? [] : [{ ...rule, resources: [resource], verbs }]),
  ];
}

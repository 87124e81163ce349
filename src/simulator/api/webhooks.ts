// SPDX-License-Identifier: Apache-2.0
import type { KubeObject, LabelSelector } from '#simulator/kube/kube.ts';
import { matchesSelector } from '#simulator/kube/selectors.ts';
import { apiVersionOf, findResource, type Resource } from './resources.ts';
import { StatusError } from './status.ts';
import type { Store } from './store.ts';
import { interpret } from './webhook-answer.ts';
import type { WebhookClient } from './webhook-client.ts';

/** Who makes a request, as AdmissionReview tells it. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
}

/** One call of a webhook, for measurements. */
export interface WebhookCall {
  readonly configuration: string;
  readonly webhook: string;
  /** `namespace/name` or `namespace/generateName*`. */
  readonly object: string;
  /** Wall-clock time of the call as the API server saw it. */
  readonly durationMilliseconds: number;
  readonly outcome: 'patched' | 'allowed' | 'denied' | 'failed';
  /** What failed or was denied. */
  readonly message?: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** One entry of `webhooks` of a MutatingWebhookConfiguration. */
interface Webhook {
  readonly name: string;
  readonly clientConfig?: { readonly url?: string; readonly caBundle?: string };
  readonly rules?: readonly {
    readonly operations?: readonly string[];
    readonly apiGroups?: readonly string[];
    readonly apiVersions?: readonly string[];
    readonly resources?: readonly string[];
  }[];
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly failurePolicy?: string;
  readonly timeoutSeconds?: number;
}

/** The context of one admission. */
export interface AdmissionContext {
  readonly dryRun: boolean;
  readonly user: UserInfo;
}

/** The parts the dispatcher needs. */
export interface DispatcherParts {
  readonly store: Store;
  readonly client: WebhookClient;
  /** Ids for `request.uid`. */
  readonly newId: () => string;
  readonly onCall: (call: WebhookCall) => void;
}

/**
 * Calls the mutating webhooks of the stored configurations as the real API server does:
 * configurations by name, webhooks in order, each sees what the one before made of the object.
 * `matchConditions` and reinvocation are left out.
 */
export class WebhookDispatcher {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /**
   * Passes a new object through all webhooks that match.
   *
   * @throws StatusError 403 where one denies; 500 where one fails with `failurePolicy: Fail`
   */
  async admit(
    resource: Resource,
    object: KubeObject,
    context: AdmissionContext,
  ): Promise<KubeObject> {
    let current = object;
    for (const [configuration, webhook] of this.#matching(resource, object)) {
      current = await this.#call(configuration, webhook, resource, { object: current, context });
    }
    return current;
  }

  #matching(resource: Resource, object: KubeObject): [string, Webhook][] {
    const configurations = findResource(
      'admissionregistration.k8s.io',
      'mutatingwebhookconfigurations',
    );
    if (configurations === undefined) return [];
    const matching: [string, Webhook][] = [];
    for (const configuration of this.#parts.store.list(configurations)) {
      const webhooks = (configuration['webhooks'] ?? []) as readonly Webhook[];
      for (const webhook of webhooks) {
        if (this.#matches(webhook, resource, object)) {
          matching.push([configuration.metadata.name ?? '', webhook]);
        }
      }
    }
    return matching;
  }

  #matches(webhook: Webhook, resource: Resource, object: KubeObject): boolean {
    const has = (list: readonly string[] | undefined, value: string): boolean =>
      list !== undefined && (list.includes('*') || list.includes(value));
    const ruled = (webhook.rules ?? []).some(
      (rule) =>
        has(rule.operations, 'CREATE') &&
        has(rule.apiGroups, resource.group) &&
        has(rule.apiVersions, resource.version) &&
        (has(rule.resources, resource.plural) || rule.resources?.includes('*/*') === true),
    );
    if (!ruled) return false;
    const namespaces = findResource('', 'namespaces');
    const name = object.metadata.namespace ?? '';
    const namespace =
      namespaces === undefined ? undefined : this.#parts.store.get(namespaces, '', name);
    const namespaceLabels = {
      'kubernetes.io/metadata.name': name,
      ...namespace?.metadata.labels,
    };
    return (
      matchesSelector(namespaceLabels, webhook.namespaceSelector) &&
      matchesSelector(object.metadata.labels ?? {}, webhook.objectSelector)
    );
  }

  async #call(
    configuration: string,
    webhook: Webhook,
    resource: Resource,
    request: { object: KubeObject; context: AdmissionContext },
  ): Promise<KubeObject> {
    const { object, context } = request;
    const uid = this.#parts.newId();
    const reply = await this.#parts.client.post(
      { ...webhook.clientConfig, timeoutSeconds: webhook.timeoutSeconds ?? 10 },
      review(resource, object, context, uid),
    );
    const call = {
      configuration,
      webhook: webhook.name,
      object: `${object.metadata.namespace ?? ''}/${object.metadata.name ?? `${object.metadata.generateName ?? ''}*`}`,
      durationMilliseconds: reply.durationMilliseconds,
    };
    const answer = interpret(reply, uid, object);
    this.#parts.onCall({ ...call, ...answer });
    if (answer.outcome === 'denied') {
      const message = `admission webhook "${webhook.name}" denied the request: ${answer.message ?? ''}`;
      throw new StatusError(403, 'Forbidden', message);
    }
    if (answer.outcome === 'failed' && webhook.failurePolicy !== 'Ignore') {
      const message = `failed calling webhook "${webhook.name}": ${answer.message ?? ''}`;
      throw new StatusError(500, 'InternalError', message);
    }
    return answer.result;
  }
}

/** The AdmissionReview of a CREATE. */
function review(
  resource: Resource,
  object: KubeObject,
  context: AdmissionContext,
  uid: string,
): unknown {
  const { group, version, kind, plural } = resource;
  const kindReference = { group, version, kind };
  const resourceReference = { group, version, resource: plural };
  const { name, namespace } = object.metadata;
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: kindReference,
      resource: resourceReference,
      requestKind: kindReference,
      requestResource: resourceReference,
      ...(name === undefined ? {} : { name }),
      namespace,
      operation: 'CREATE',
      userInfo: context.user,
      object: { ...object, apiVersion: apiVersionOf(resource), kind },
      oldObject: null,
      dryRun: context.dryRun,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

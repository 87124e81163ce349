// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import { sleep } from '#cluster/api/backoff.ts';
import { KubeClient } from '#cluster/api/client.ts';
import { asObject, asObjects, asOptionalText, type JsonObject } from '#cluster/wire/json.ts';
import { KubernetesError } from '#cluster/api/kubernetes-error.ts';
import { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import type { Flag, FlagValues } from '#cli/command/command.ts';
import { textFlag } from '#cli/command/flags.ts';

/** Flags of every command that talks to an API server, named as kubectl names them. */
export const KUBE_FLAGS = {
  kubeconfig: {
    type: 'string',
    placeholder: 'FILE',
    help: 'How to reach the cluster (default: KUBECONFIG, ~/.kube/config, then in-cluster).',
  },
  context: { type: 'string', placeholder: 'NAME', help: 'Context of the kubeconfig.' },
} as const satisfies Record<string, Flag>;

/** The flag that names a namespace, as kubectl has it. */
export const NAMESPACE_FLAG = {
  type: 'string',
  short: 'n',
  placeholder: 'NAME',
  help: "Namespace (default: the context's, then `default`).",
} as const satisfies Flag;

/**
 * The kubeconfig that the flags of {@link KUBE_FLAGS} name.
 *
 * @throws InputError when it cannot be read, or names no cluster.
 */
export function kubeConfigOf(flags: FlagValues): PooledKubeConfig {
  const config = new PooledKubeConfig();
  const file = textFlag(flags, 'kubeconfig');
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new InputError(
      'PERI_SETTINGS_UNREADABLE',
      '--kubeconfig',
      file ?? 'the default kubeconfig',
      `a readable kubeconfig (${reason})`,
    );
  }
  const context = textFlag(flags, 'context');
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      const expected = `one of ${names.join(', ')}`;
      throw new InputError('PERI_SETTINGS_INVALID', '--context', context, expected);
    }
    config.setCurrentContext(context);
  }
  if (file === undefined && isGuess(config)) {
    throw new InputError(
      'PERI_SETTINGS_INVALID',
      '--kubeconfig',
      undefined,
      'a kubeconfig: there is none in KUBECONFIG or ~/.kube/config, nor a service account of a Pod',
    );
  }
  if (config.getCurrentCluster() === null) {
    throw new InputError(
      'PERI_SETTINGS_INVALID',
      '--kubeconfig',
      file ?? 'a configuration without a cluster',
      'a kubeconfig whose current context names a cluster',
    );
  }
  return config;
}

/** Where nothing names a cluster, the library guesses one that no API server has served for years. */
function isGuess(config: PooledKubeConfig): boolean {
  return (
    config.getCurrentContext() === 'loaded-context' &&
    config.getCurrentCluster()?.server === 'http://localhost:8080'
  );
}

/** The namespace that a command is about, as kubectl would take it. */
export function namespaceOf(flags: FlagValues, config: PooledKubeConfig): string {
  const context = config.getContextObject(config.getCurrentContext());
  return textFlag(flags, 'namespace') ?? context?.namespace ?? 'default';
}

/** A way to a cluster for one command. */
export interface ClusterAccess {
  readonly config: PooledKubeConfig;
  readonly client: KubeClient;
}

/** Runs work with a client of the cluster that the flags name, and closes its connections. */
export async function withCluster<T>(
  flags: FlagValues,
  work: (access: ClusterAccess) => Promise<T>,
): Promise<T> {
  const config = kubeConfigOf(flags);
  const client = new KubeClient(config, { random: Math.random, sleep });
  try {
    return await work({ config, client });
  } finally {
    await config.close();
  }
}

/** How a person waits for an API server: one more try, and not for long. */
export const IMPATIENT = { retries: 1, timeoutMilliseconds: 10_000 } as const;

/** An object, or undefined where there is none. Rejects with `PERI_KUBERNETES_REQUEST`. */
export async function getOptional(
  api: Pick<KubeClient, 'get'>,
  path: string,
): Promise<JsonObject | undefined> {
  try {
    return await api.get(path, IMPATIENT);
  } catch (error) {
    if (KubernetesError.is(error, 404)) return undefined;
    throw error;
  }
}

/** Objects in one page of a list. */
const PAGE = 500;

/**
 * Every object of a collection, page by page, each projected as it comes. Undefined where the
 * resource is not served. Rejects with `PERI_KUBERNETES_REQUEST`.
 */
export async function listOptional<T>(
  api: Pick<KubeClient, 'get'>,
  path: string,
  project: (raw: JsonObject) => T,
): Promise<T[] | undefined> {
  const found: T[] = [];
  let token: string | undefined;
  do {
    const query = { limit: PAGE, continue: token };
    let answer: JsonObject;
    try {
      answer = await api.get(path, { ...IMPATIENT, query });
    } catch (error) {
      if (KubernetesError.is(error, 404)) return undefined;
      throw error;
    }
    found.push(...asObjects(answer['items']).map(project));
    token = asOptionalText(asObject(answer['metadata'])['continue']);
  } while (token !== undefined);
  return found;
}

/** As it is. */
export function asItIs(raw: JsonObject): JsonObject {
  return raw;
}

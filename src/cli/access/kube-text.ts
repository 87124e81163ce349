// SPDX-License-Identifier: Apache-2.0
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { request } from 'undici';
import { errorOfAnswer, KubernetesError, NO_ANSWER } from '#cluster/api/kubernetes-error.ts';
import type { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';

const TIMEOUT_MILLISECONDS = 5000;

/**
 * Reads a path of the API server that answers text, not JSON: `/metrics`, or a Pod's port through
 * the API server's proxy.
 *
 * Rejects with `PERI_KUBERNETES_REQUEST`.
 */
export async function kubeText(config: PooledKubeConfig, path: string): Promise<string> {
  const call = `GET ${path}`;
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
  const context = new RequestContext(`${server}${path}`, HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  const dispatcher = context.getDispatcher();
  try {
    const answer = await request(context.getUrl(), {
      method: 'GET',
      headers: { ...context.getHeaders(), accept: 'text/plain' },
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return text;
    throw errorOfAnswer(call, answer.statusCode, text, undefined);
  } catch (error) {
    if (error instanceof KubernetesError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new KubernetesError(call, { status: 0, reason: NO_ANSWER.unreachable, message });
  }
}

// SPDX-License-Identifier: Apache-2.0
import { request } from 'undici';
import type { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { type Exposition, parseExposition } from '#telemetry/series/exposition.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { kubeText } from '#cli/access/kube-text.ts';
import { type Answer, answerOf } from './finding.ts';

const TIMEOUT_MILLISECONDS = 2000;

/**
 * Reads an exporter: through the API server's proxy, which works from anywhere, else directly,
 * which works inside the cluster.
 */
export async function readExporter(
  target: ScrapeTarget,
  config: PooledKubeConfig,
): Promise<Answer<Exposition>> {
  const proxied = await answerOf(() => kubeText(config, proxyPath(target)));
  const answer = proxied.kind === 'known' ? proxied : await answerOf(() => direct(target.url));
  if (answer.kind === 'unknown') return answer;
  const exposition = parseExposition(answer.value);
  if (exposition.series.length === 0) return { kind: 'unknown', reason: 'no series in its answer' };
  return { kind: 'known', value: exposition };
}

function proxyPath({ url, labels }: ScrapeTarget): string {
  const { protocol, port, pathname, search } = new URL(url);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const usual = scheme === 'https' ? '443' : '80';
  const pod = `${scheme}:${labels.pod ?? ''}:${port === '' ? usual : port}`;
  const namespace = encodeURIComponent(labels.namespace ?? '');
  return `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(pod)}/proxy${pathname}${search}`;
}

async function direct(url: string): Promise<string> {
  const answer = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
  return text;
}

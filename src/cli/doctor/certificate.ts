// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { asObject, asText } from '#cluster/wire/json.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Survey } from './survey.ts';
import { probeTls, type TlsProbe } from './tls-probe.ts';
import { callTarget, type CallTarget, ourWebhook } from './webhook.ts';

const { ok, warning, problem } = findingsOf('certificate');

const DAY_MILLISECONDS = 86_400_000;
/** A bundle that ends so soon is not being renewed. */
const SOON_DAYS = 7;

/** Does the API server have a CA bundle, and does the webhook's certificate chain to it? */
export async function checkCertificate(survey: Survey): Promise<Finding[]> {
  const { configuration, settings, now } = survey;
  const webhook = configuration.kind === 'known' ? ourWebhook(configuration.value)?.raw : undefined;
  if (webhook === undefined) return [];
  const { namespace } = settings;
  const restart = `kubectl rollout restart deployment -n ${namespace} perihelion-admission`;
  const encoded = asText(asObject(webhook['clientConfig'])['caBundle']);
  if (encoded === '') {
    const text = 'caBundle is empty: the API server trusts no certificate, and calls nobody';
    return [problem(text, restart)];
  }
  const caBundle = Buffer.from(encoded, 'base64').toString('utf8');
  const bundle = bundleFinding(caBundle, now, restart);
  if (bundle.level === 'problem') return [bundle];
  const target = callTarget(webhook);
  const at = addressOf(target);
  if (at === undefined) return [bundle, problem('the webhook has no usable address')];
  const probe = await probeTls({ ...at, caBundle });
  return [bundle, probeFinding(probe, { target, address: `${at.host}:${at.port}`, restart })];
}

function bundleFinding(pem: string, now: number, restart: string): Finding {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  let last = -Infinity;
  try {
    for (const block of blocks) {
      last = Math.max(last, new X509Certificate(block).validToDate.getTime());
    }
  } catch {
    return problem('caBundle holds a certificate that cannot be read', restart);
  }
  if (blocks.length === 0) return problem('caBundle holds no certificate', restart);
  const days = Math.floor((last - now) / DAY_MILLISECONDS);
  if (last <= now) return problem('every CA of the caBundle has expired', restart);
  if (days < SOON_DAYS) return warning(`the caBundle expires in ${days} days`, restart);
  return ok(`caBundle holds ${blocks.length} CA, the last is valid for ${days} days`);
}

function addressOf(target: CallTarget): { host: string; port: number } | undefined {
  if (target.kind === 'service') {
    return { host: `${target.name}.${target.namespace}.svc`, port: target.port };
  }
  if (!URL.canParse(target.url)) return undefined;
  const { hostname, port } = new URL(target.url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) };
}

interface Probed {
  readonly target: CallTarget;
  readonly address: string;
  readonly restart: string;
}

function probeFinding(probe: TlsProbe, { target, address, restart }: Probed): Finding {
  switch (probe.kind) {
    case 'trusted': {
      const until = new Date(probe.notAfter).toISOString();
      return ok(`${address} shows a certificate that the caBundle trusts, until ${until}`);
    }
    case 'distrusted':
      return problem(`${address} is not trusted by the caBundle: ${probe.reason}`, restart);
    case 'unreachable': {
      if (target.kind === 'url') {
        const text = `${address} does not answer: ${probe.reason}`;
        return problem(text, `kubectl get pods -A -l app.kubernetes.io/name=perihelion`);
      }
      // Service names only resolve inside the cluster; the dry run below asks from inside.
      const text = `${address} cannot be reached from here, its certificate was not looked at`;
      return warning(
        text,
        `kubectl get endpointslices -n ${target.namespace} -l kubernetes.io/service-name=${target.name}`,
      );
    }
  }
}

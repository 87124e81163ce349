// SPDX-License-Identifier: Apache-2.0
import type { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import type { Exposition } from '#telemetry/series/exposition.ts';
import type { ExporterKind } from '#telemetry/presets/questions.ts';
import type { ScrapeTarget } from '#telemetry/scrape/target.ts';
import { bucketFinding } from './buckets.ts';
import { readExporter } from './exporters.ts';
import { type Finding, findingsOf } from './finding.ts';
import { prometheusFindings } from './prometheus.ts';
import type { Survey } from './survey.ts';

const { ok, warning, problem } = findingsOf('telemetry');

/** Exporters of one kind that are read; one that answers may stand for all. */
const SAMPLE = 3;

/** Are power and latency measured, by what, and finely enough? */
export async function checkTelemetry(survey: Survey, config: PooledKubeConfig): Promise<Finding[]> {
  const { telemetry } = survey.settings;
  if (telemetry.backend === 'Prometheus' && telemetry.prometheus !== undefined) {
    return prometheusFindings(survey, telemetry.prometheus);
  }
  if (survey.pods.kind === 'unknown') {
    return [warning(`exporters could not be looked for: ${survey.pods.reason}`)];
  }
  const read = (kind: ExporterKind): Promise<Sampled> => sample(survey.targets, kind, config);
  const [kepler, istio] = await Promise.all([read('kepler'), read('istio')]);
  return [powerFinding(kepler), latencyFinding(istio), ...bucketFinding(survey, istio.read)];
}

/** Some exporters of one kind. */
interface Sampled {
  readonly found: number;
  readonly read: readonly Exposition[];
  /** Why the others could not be read. */
  readonly failures: readonly string[];
}

async function sample(
  targets: readonly ScrapeTarget[],
  kind: ExporterKind,
  config: PooledKubeConfig,
): Promise<Sampled> {
  const all = targets.filter((target) => target.kind === kind);
  const answers = await Promise.all(
    all.slice(0, SAMPLE).map((target) => readExporter(target, config)),
  );
  return {
    found: all.length,
    read: answers.flatMap((answer) => (answer.kind === 'known' ? [answer.value] : [])),
    failures: answers.flatMap((answer) => (answer.kind === 'unknown' ? [answer.reason] : [])),
  };
}

const INSTALL_KEPLER = 'helm install kepler kepler/kepler --namespace kepler --create-namespace';

function powerFinding({ found, read, failures }: Sampled): Finding {
  if (found === 0) {
    const text =
      'no Kepler found (Pods labelled app.kubernetes.io/name=kepler): nothing is measured';
    return problem(text, INSTALL_KEPLER);
  }
  const pods = 'kubectl get pods -A -l app.kubernetes.io/name=kepler';
  const [first] = read;
  if (first === undefined) {
    return warning(`${found} Kepler Pods found, none could be read: ${failures[0] ?? ''}`, pods);
  }
  const has = (name: string): boolean =>
    read.some(({ series }) => series.some((one) => one.name === name));
  const generation = has('kepler_build_info') || has('kepler_node_cpu_joules_total') ? NEW : OLD;
  const watts =
    generation === NEW ? 'kepler_node_cpu_joules_total' : 'kepler_node_package_joules_total';
  if (!has(watts)) {
    const text = `Kepler answers, but exports no energy of its node (${watts}): it cannot read the meter`;
    return problem(text, 'kubectl logs -A -l app.kubernetes.io/name=kepler');
  }
  return ok(`Kepler ${generation}: ${found} found, ${read.length} read`);
}

const NEW = '0.10 or newer';
const OLD = '0.9 or older';

function latencyFinding({ found, read, failures }: Sampled): Finding {
  if (found === 0) {
    const text = 'no Pod with an Istio sidecar found: latency is not measured';
    return warning(text, 'kubectl label namespace NAME istio-injection=enabled');
  }
  if (read.length === 0) {
    return warning(`${found} sidecars found, none could be read: ${failures[0] ?? ''}`);
  }
  const requests = read.some(({ series }) =>
    series.some(({ name }) => name === 'istio_requests_total'),
  );
  const text = `Istio: ${found} sidecars found, ${read.length} read`;
  return requests ? ok(text) : warning(`${text}, without istio_requests_total: no traffic yet`);
}

// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { Settings } from '#settings/settings.ts';
import { SpanExporter } from '#tracing/exporter.ts';
import { TracingMetrics } from '#tracing/metrics.ts';
import { Sender } from '#tracing/sender.ts';
import { Tracer } from '#tracing/tracer.ts';
import { VERSION } from '#cli/command/version.ts';
import type { ProductPorts } from './ports.ts';

/** Tracing that is on. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what waits, for a moment. */
  close(): Promise<void>;
}

/**
 * Traces of decisions, as the settings ask for; undefined = they do not. The counters are there in
 * either case.
 *
 * @throws InputError where a file that the settings name cannot be read
 */
export function startTracing(options: {
  readonly settings: Settings;
  readonly ports: Pick<ProductPorts, 'elapsed' | 'random' | 'identity' | 'logger'>;
  readonly registry: Registry;
}): Tracing | undefined {
  const { settings, ports, registry } = options;
  const metrics = new TracingMetrics(registry);
  const { tracing } = settings;
  if (tracing === undefined) return undefined;
  const exporter = new SpanExporter({
    sender: new Sender(tracing),
    origin: {
      version: VERSION,
      resource: {
        'service.name': 'perihelion',
        'service.version': VERSION,
        // Begins with the Pod's name, and tells a restarted process from the one before.
        'service.instance.id': ports.identity,
        'k8s.namespace.name': settings.namespace,
      },
    },
    metrics,
    logger: ports.logger,
    random: ports.random,
  });
  const tracer = new Tracer({
    share: tracing.sampleThousandths / 1000,
    // Real time, whatever clock decisions follow: spans stand beside those of the API server.
    now: () => Date.now(),
    elapsed: ports.elapsed,
    random: ports.random,
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    ended: (spans) => exporter.add(spans),
  });
  return { tracer, close: () => exporter.close() };
}

// SPDX-License-Identifier: Apache-2.0
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createPrometheusTelemetry } from '#telemetry/prometheus/prometheus.ts';
import { createScrapeTelemetry } from '#telemetry/scrape/scrape.ts';
import type { Telemetry } from '#telemetry/sources/sources.ts';
import type { World } from '../../../unit/learner/world.ts';
import { answerPromql, type Point, pointsOf } from '../promql-server.ts';
import { exportersOf, type Illness, illPage } from './fleet.ts';

/** A backend of the product, over sockets, with exporters that can be made ill. */
export interface Backend {
  readonly sources: Telemetry;
  /** One round of scrapes at the world's time. */
  readonly scrape: () => Promise<void>;
  readonly warnings: readonly string[];
  illness: Illness | undefined;
}

/** An answer that takes so long; the product gives up before. */
const SLOW_MILLISECONDS = 10_000;
const TIMEOUT_SECONDS = 1;

/** The direct scrape of exporters that are real servers. */
export async function scrapeBackend(t: TestContext, world: World): Promise<Backend> {
  const answer = (path: string, response: ServerResponse): void => {
    const exporter = exportersOf(world).find((one) => one.path === path);
    if (exporter === undefined) return void response.writeHead(404).end();
    const { illness } = backend;
    const ill = illness?.source === exporter.source && illness.node === exporter.node;
    const page = exporter.page(world.now);
    if (!ill) return void response.end(page);
    const said = illPage(page, illness.failure, world.now);
    if (said === undefined) response.socket?.destroy();
    else if (illness.failure === '10 s') later(() => response.end(said));
    else response.end(said);
  };
  // Exporters are servers of their own: one that is slow keeps no other from being read.
  const bases = new Map<string, string>();
  for (const { source, node } of exportersOf(world)) bases.set(`${source} ${node}`, '');
  for (const node of world.nodes.keys()) bases.set(`latency ${node}`, '');
  for (const key of bases.keys()) bases.set(key, await serve(t, answer));
  const warnings: string[] = [];
  const telemetry = createScrapeTelemetry({
    targets: () =>
      exportersOf(world).map(({ source, node, path, labels, kind }) => ({
        url: `${bases.get(`${source} ${node}`)}${path}`,
        labels,
        kind,
      })),
    timeoutSeconds: TIMEOUT_SECONDS,
    onWarning: (message) => warnings.push(message),
  });
  t.after(() => telemetry.close());
  const backend: Backend = {
    sources: telemetry,
    scrape: () => telemetry.collect(world.now),
    warnings,
    illness: undefined,
  };
  return backend;
}

/**
 * A Prometheus server that scrapes those exporters. When one is slow the server times out, as it
 * does; when the whole source is slow to answer it is the server's queries that hang (`slowQuery`).
 */
export async function prometheusBackend(
  t: TestContext,
  world: World,
): Promise<Backend & { slowQuery: RegExp | undefined }> {
  let points: Point[] = [];
  const url = await serve(t, (_path, response, body) => {
    const form = new URLSearchParams(body);
    const query = form.get('query') ?? '';
    const text = answerPromql(points, query, Number(form.get('time')));
    response.setHeader('content-type', 'application/json');
    if (backend.slowQuery?.test(query) === true) later(() => response.end(text));
    else response.end(text);
  });
  const warnings: string[] = [];
  const telemetry = createPrometheusTelemetry({
    url,
    random: () => 0,
    timeoutSeconds: TIMEOUT_SECONDS,
    maximumInFlight: 64,
    tries: 2,
    meter: 'KeplerNew',
    mesh: 'IstioSidecar',
    onWarning: (message) => warnings.push(message),
  });
  t.after(() => telemetry.close());
  const backend = {
    sources: telemetry,
    scrape: (): Promise<void> => {
      points = points.filter(({ time }) => time > world.now - 600_000);
      for (const { page, labels, source, node, path } of exportersOf(world)) {
        const { illness } = backend;
        const ill = illness?.source === source && illness.node === node;
        const text = ill ? illPage(page(world.now), illness.failure, world.now) : page(world.now);
        if (text === undefined || (ill && illness.failure === '10 s')) continue;
        const known = Object.entries(labels).filter(([, value]) => value !== undefined);
        const target = { ...Object.fromEntries(known), job: source, instance: path };
        points.push(...pointsOf({ time: world.now, text, labels: target }));
      }
      return Promise.resolve();
    },
    warnings,
    illness: undefined as Illness | undefined,
    slowQuery: undefined as RegExp | undefined,
  };
  return backend;
}

function later(answer: () => void): void {
  setTimeout(answer, SLOW_MILLISECONDS).unref();
}

async function serve(
  t: TestContext,
  answer: (path: string, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      answer(request.url ?? '', response, Buffer.concat(chunks).toString('utf8')),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

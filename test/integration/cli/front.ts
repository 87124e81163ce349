// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What a SubjectAccessReview asks about. */
export interface Asked {
  readonly verb: string;
  readonly resource: string;
}

/** An API server of which the embedded one is the larger part; this adds rights and `/metrics`. */
export interface Front {
  readonly kubeconfig: string;
  /** Rights that are refused. */
  deny: (asked: Asked) => boolean;
  /** Calls that failed open, by its own count. */
  failedOpen: number;
  close(): Promise<void>;
}

/** Answers what the embedded API server does not serve and passes everything else on. */
export async function frontOf(url: string, folder: string): Promise<Front> {
  const server = createServer((incoming, response) => {
    if (incoming.url?.endsWith('/subjectaccessreviews') === true) void review(incoming, response);
    else if (incoming.url === '/metrics') {
      response.end(
        '# TYPE apiserver_admission_webhook_fail_open_count counter\n' +
          `apiserver_admission_webhook_fail_open_count{name="placement.perihelion.dev",type="mutating"} ${front.failedOpen}\n` +
          'apiserver_admission_webhook_fail_open_count{name="other",type="mutating"} 3\n',
      );
    } else pass(incoming, response, url);
  });
  const review = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = '';
    for await (const chunk of incoming) text += String(chunk);
    const body = JSON.parse(text) as { spec: { user: string; resourceAttributes: Asked } };
    const ours = body.spec.user.startsWith('system:serviceaccount:perihelion-system:perihelion-');
    const allowed = ours && !front.deny(body.spec.resourceAttributes);
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...body, status: { allowed } }));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, 'front');
  const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'front',
      clusters: [{ name: 'front', cluster }],
      users: [{ name: 'front', user: {} }],
      contexts: [{ name: 'front', context: { cluster: 'front', user: 'front' } }],
    }),
  );
  const front: Front = {
    kubeconfig,
    deny: () => false,
    failedOpen: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return front;
}

function pass(incoming: IncomingMessage, response: ServerResponse, url: string): void {
  const { method, headers } = incoming;
  const outgoing = request(`${url}${incoming.url ?? ''}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.once('error', () => response.destroy());
  incoming.pipe(outgoing);
}

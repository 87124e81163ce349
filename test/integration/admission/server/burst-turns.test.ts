// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AdmissionServer, TlsMaterial } from '#admission/server/server.ts';
import { node, rawPod, reviewOf, World } from '../../../unit/admission/world.ts';
import { selfSigned } from '../certificate.ts';
import { WireClient } from '../client.ts';

/** Reviews sent at once; the client has 50 connections for them. */
const BURST = 200;
const LARGE_BYTES = 2 ** 20;
/** What one answer takes on the clock of this test: more than a turn may take together. */
const ANSWER_MILLISECONDS = 5;

let certificate: TlsMaterial;

before(async () => {
  certificate = await selfSigned('01');
});

/** Answers of every turn of the event loop, as long as the watch runs. */
class TurnWatch {
  readonly answers: number[] = [];
  readonly #count: () => number;
  #before: number;
  #next: NodeJS.Immediate;

  constructor(count: () => number) {
    this.#count = count;
    this.#before = count();
    this.#next = setImmediate(() => this.#turn());
  }

  stop(): void {
    clearImmediate(this.#next);
  }

  #turn(): void {
    const now = this.#count();
    this.answers.push(now - this.#before);
    this.#before = now;
    this.#next = setImmediate(() => this.#turn());
  }
}

describe('a burst over real sockets', () => {
  let world: World;
  let server: AdmissionServer;
  let client: WireClient;

  before(async () => {
    world = new World([node('w1'), node('w2')]);
    // Time passes with every answer and with nothing else, so nothing here depends on the machine.
    const admission = world.admission({
      elapsed: () => world.entries.length * ANSWER_MILLISECONDS,
    });
    server = admission.server(certificate);
    const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
    client = new WireClient(port, [String(certificate.cert)]);
  });
  after(async () => {
    client.agent.destroy();
    await server.close(0);
  });

  async function burst(body: string, count: number): Promise<readonly number[]> {
    const begun = world.entries.length;
    const watch = new TurnWatch(() => world.entries.length);
    const answers = await Promise.all(Array.from({ length: count }, () => client.send(body)));
    watch.stop();
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(world.entries.length - begun, count);
    return watch.answers;
  }

  it('lets the event loop turn between any two answers that take longer than a turn may', async () => {
    const turns = await burst(JSON.stringify(reviewOf(rawPod())), BURST);
    assert.equal(Math.max(...turns), 1);
  });

  it('answers a Pod of 1 MiB alone in its turn, and what waits behind it afterwards', async () => {
    const env = [{ name: 'FILLER', value: 'x'.repeat(LARGE_BYTES) }];
    const pod = rawPod({ containers: [{ name: 'web', image: 'web', env }] });
    const turns = await burst(JSON.stringify(reviewOf(pod)), 8);
    assert.equal(Math.max(...turns), 1);
  });
});

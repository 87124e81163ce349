// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEntry } from '#audit/decode.ts';
import type { AdmissionEntry } from '#audit/entry.ts';
import { openAuditLog } from '#audit/open.ts';
import type { AuditSink } from '#audit/sink.ts';
import { LineVerifier } from '#audit/verify.ts';
import type { AdmissionServer } from '#admission/server/server.ts';
import { node, policyOf, rawPod, reviewOf, World } from '../../unit/admission/world.ts';
import { selfSigned } from '../admission/certificate.ts';
import { WireClient } from '../admission/client.ts';

/** The webhook under attack: the product's own server, views and audit file. */
export interface Subject {
  readonly world: World;
  readonly client: WireClient;
  readonly port: number;
  /** Lines of the audit file that were not read yet; each must decode and continue the chain. */
  newLines(): Promise<AdmissionEntry[]>;
  /** One ordinary request; fails unless it is answered as ever. */
  ordinary(): Promise<void>;
  stop(): Promise<void>;
}

/** Time until a stuck audit log fails the test. */
const FLUSH_MILLISECONDS = 10_000;

/**
 * Starts a webhook that always prefers a target, with the audit log of production.
 * @param elapsed the monotonic clock; a virtual one shows how often it is looked at
 */
export async function startSubject(
  elapsed: () => number = () => performance.now(),
): Promise<Subject> {
  const material = await selfSigned('01');
  const folder = await mkdtemp(join(tmpdir(), 'perihelion-hostile-'));
  const path = join(folder, 'audit.jsonl');
  const audit = openAuditLog({ path, source: 'hostile', now: () => Date.now() });
  const world = eagerWorld();
  const admission = world.admission({
    audit,
    elapsed,
    newId: () => randomUUID(),
  });
  const server = admission.server(material);
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  const client = new WireClient(port, [String(material.cert)]);
  const lines = new AuditLines(path, audit);
  const body = JSON.stringify(reviewOf(rawPod(), { uid: 'ordinary' }));
  return {
    world,
    client,
    port,
    newLines: () => lines.read(),
    async ordinary() {
      const { status, text } = await client.send(body);
      assert.equal(status, 200);
      assert.match(text, /"uid":"ordinary","allowed":true,"patchType":"JSONPatch"/);
    },
    stop: () => stop({ client, server, audit, folder }),
  };
}

/** Three nodes, of which one is tainted, and a policy without chance. */
function eagerWorld(): World {
  const taints = [{ key: 'dedicated', value: 'infra', effect: 'NoSchedule' }];
  // Room for more Pods than the table creates: none of them is ever bound.
  const allocatable = { cpuMillicores: 10 ** 9, memoryBytes: 2 ** 50, pods: 10 ** 6 };
  const world = new World([
    node('w1', { allocatable }),
    node('w2', { allocatable }),
    node('infra', { allocatable, taints }),
  ]);
  const { learning } = policyOf().spec;
  world.policy = policyOf({
    learning: {
      ...learning,
      burnInDecisions: 0,
      epsilonThousandths: 0,
      epsilonFloorThousandths: 0,
    },
  });
  world.addNamespace('closed', {});
  world.addNamespace('kube-system', { 'perihelion.dev/placement': 'enabled' });
  world.addNamespace('perihelion-system', { 'perihelion.dev/placement': 'enabled' });
  return world;
}

async function stop(parts: {
  client: WireClient;
  server: AdmissionServer;
  audit: AuditSink;
  folder: string;
}): Promise<void> {
  parts.client.agent.destroy();
  await parts.server.close(0);
  await parts.audit.close();
  await rm(parts.folder, { recursive: true, force: true });
}

/** Reads an audit file as it grows. */
class AuditLines {
  readonly #path: string;
  readonly #audit: AuditSink;
  readonly #verifier = new LineVerifier();
  #offset = 0;

  constructor(path: string, audit: AuditSink) {
    this.#path = path;
    this.#audit = audit;
  }

  async read(): Promise<AdmissionEntry[]> {
    await this.#audit.flush(FLUSH_MILLISECONDS);
    const lines = await this.#newText();
    for (const line of lines) this.#verifier.add(line);
    assert.deepEqual(this.#verifier.finish().problems, []);
    return lines.map((line) => {
      // Whatever a name holds: no reader may take it for the end of the line.
      assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u0085\u202e]/u);
      const entry = decodeEntry(line);
      assert.equal(entry.kind, 'admission', line.slice(0, 200));
      return entry;
    });
  }

  async #newText(): Promise<string[]> {
    const file = await open(this.#path, 'a+');
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(size - this.#offset);
      if (buffer.length === 0) return [];
      await file.read(buffer, 0, buffer.length, this.#offset);
      this.#offset = size;
      const text = buffer.toString('utf8');
      assert.ok(text.endsWith('\n'), 'the file ends within a line');
      return text.slice(0, -1).split('\n');
    } finally {
      await file.close();
    }
  }
}

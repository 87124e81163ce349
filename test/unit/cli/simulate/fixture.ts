// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { readSpecification } from '#cli/simulate/read-specification.ts';
import type { Specification } from '#cli/simulate/specification.ts';
import { worldOf, type World } from '#cli/simulate/world.ts';

/** A small specification, everything in one file: two services on two unequal nodes. */
export function smallSpec() {
  return {
    version: 1,
    name: 'small',
    application: {
      name: 'shop',
      services: [
        { name: 'front', protocol: 'http' },
        { name: 'back', protocol: 'grpc', replicas: 2 },
        { name: 'store', tier: 'data', protocol: 'tcp' },
      ],
      operations: {
        'front.get': { service: 'front', cpuMilliseconds: 2, calls: ['back.get'] },
        'back.get': { service: 'back', cpuMilliseconds: 3, calls: [['store.read', 'store.read']] },
        'store.read': { service: 'store', cpuMilliseconds: 0.05 },
      },
      requests: [{ name: 'get', share: 1, operation: 'front.get' }],
    },
    nodes: [
      {
        name: 'small',
        cores: 4,
        memoryGib: 16,
        power: { shape: 'concave', idleWatts: 20, fullWatts: 60 },
        labels: { pool: 'a' },
      },
      {
        name: 'big',
        cores: 8,
        memoryGib: 32,
        power: { shape: 'linear', idleWatts: 60, fullWatts: 200 },
        labels: { pool: 'b' },
      },
    ] as Record<string, unknown>[],
    load: { kind: 'open', requestsPerSecond: 200 } as Record<string, unknown>,
    times: { warmUpSeconds: 0.2, windowSeconds: 1, rollouts: 12, measured: 2 },
  };
}

/** A folder that goes with the test. */
export function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'perihelion-simulate-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a specification and returns its file. */
export function specFile(t: TestContext, spec: unknown): string {
  const file = join(folderOf(t), 'shop.yaml');
  writeFileSync(file, typeof spec === 'string' ? spec : stringify(spec));
  return file;
}

/** Reads it back. */
export function specificationOf(t: TestContext, spec: unknown): Specification {
  return readSpecification(specFile(t, spec));
}

/** The world of the small specification, with changes. */
export function smallWorld(
  t: TestContext,
  change: (spec: ReturnType<typeof smallSpec>) => unknown = (spec) => spec,
): World {
  return worldOf(specificationOf(t, change(smallSpec())));
}

// SPDX-License-Identifier: Apache-2.0
import { existsSync, globSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import type { Checks } from '../checks.ts';

/**
 * Runs the tests that need a real Prometheus, in processes of their own; each becomes a check.
 *
 * @param folder `test/integration-prometheus`.
 */
export async function checkPrometheusTests(checks: Checks, folder: string): Promise<void> {
  return checkTests(checks, folder, 'prometheus');
}

/**
 * The same for another folder of tests that need more than Node.
 *
 * @param subject stands before the name of each check
 */
export async function checkTests(checks: Checks, folder: string, subject: string): Promise<void> {
  const files = existsSync(folder) ? globSync('**/*.test.ts', { cwd: folder }) : [];
  if (files.length === 0) return;
  const stream = run({ files: files.map((file) => `${folder}/${file}`), concurrency: 1 });
  stream.on('test:pass', ({ name, file, details }) => {
    // Suites and files only repeat what their tests said.
    if (details.type === 'suite' || name === file) return;
    checks.record({ name: `${subject}: ${name}`, ok: true, detail: milliseconds(details) });
  });
  stream.on('test:fail', ({ name, details }) => {
    checks.record({ name: `${subject}: ${name}`, ok: false, detail: messageOf(details.error) });
  });
  // Reading it to its end is what makes it run.
  await finished(stream.resume());
}

function milliseconds(details: { readonly duration_ms: number }): string {
  return `${details.duration_ms.toFixed(0)} ms`;
}

function messageOf(error: Error): string {
  const { cause } = error;
  return (cause instanceof Error ? cause.message : error.message).slice(0, 500);
}

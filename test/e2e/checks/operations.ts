// SPDX-License-Identifier: Apache-2.0
import { request } from 'undici';
import { expect } from '../checks.ts';
import type { Stage } from '../stage.ts';

/** Every process can be watched: health, readiness, metrics of its own. */
export async function checkOperations(stage: Stage): Promise<void> {
  for (const replica of stage.product.replicas) {
    await stage.checks.check(`operations: ${replica.name} can be watched`, async () => {
      for (const path of ['/healthz', '/readyz']) {
        const answer = await request(`${replica.operationsUrl}${path}`);
        await answer.body.dump();
        expect(answer.statusCode === 200, `${path}: ${answer.statusCode}`);
      }
      const metrics = await request(`${replica.operationsUrl}/metrics`);
      const text = await metrics.body.text();
      const names = new Set(
        [...text.matchAll(/^# TYPE (perihelion_\w+)/gm)].map((match) => match[1]),
      );
      expect(metrics.statusCode === 200 && names.size > 0, `/metrics: ${metrics.statusCode}`);
      return `${names.size} families of its own`;
    });
  }
}

/** What the API server itself measured of the webhook: milliseconds per call, and calls. */
export async function webhookLatency(
  stage: Stage,
): Promise<{ readonly milliseconds: number; readonly calls: number }> {
  const text = await stage.controlPlane.api.text('/metrics');
  const sum = (suffix: string): number =>
    text
      .split('\n')
      .filter((line) =>
        line.startsWith(`apiserver_admission_webhook_admission_duration_seconds_${suffix}{`),
      )
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  const calls = sum('count');
  return { milliseconds: (1000 * sum('sum')) / Math.max(1, calls), calls };
}

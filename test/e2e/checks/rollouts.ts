// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { LineVerifier } from '#audit/verify.ts';
import { readFileSync } from 'node:fs';
import { decisionIdIn, readProductLines } from '../audit-lines.ts';
import { expect } from '../checks.ts';
import { ANNOTATIONS } from '../ledger.ts';
import type { Replica } from '../product.ts';
import { meanFigure } from '../results.ts';
import type { Figure } from '../results.ts';
import { PodLoad } from '../trust/pod-load.ts';
import { TRUST } from '../trust/stage.ts';
import type { TrustStage } from '../trust/stage.ts';
import { Witness } from '../trust/witness.ts';
import { waitFor } from '../wait.ts';

const ROLLOUTS = 10;
/** What endpoints take from an API server to every node: fast, usual, slow, in turn. */
const LAGS_MILLISECONDS = [50, 1000, 2500];
/** Longer than any drain: a process that is still there then is stuck. */
const GRACE_MILLISECONDS = 30_000;

/**
 * Ten rolling restarts of all replicas, as a Deployment with `maxUnavailable: 0` does them: a new
 * replica becomes ready, an old one gets SIGTERM in the same moment, and the Service hears of both
 * some time later. Connections that are open stay open, as in a cluster.
 */
export async function checkRollouts(
  stage: TrustStage,
  timings: Record<string, Figure>,
): Promise<void> {
  const { checks, product, controlPlane } = stage;
  const leaving: { replica: Replica; gone: Promise<void> }[] = [];
  let load: PodLoad | undefined;
  await checks.check(`rollouts: no call is lost in ${ROLLOUTS} of them`, async () => {
    const witness = new Witness(controlPlane);
    load = new PodLoad({
      ...{ api: controlPlane.api, namespace: TRUST, prefix: 'rolling' },
      ...{ concurrency: 3, pauseMilliseconds: 60, dryRun: false },
    });
    const seconds: number[] = [];
    try {
      const service = new Endpoints(stage);
      for (let turn = 1; turn <= ROLLOUTS; turn += 1) {
        const begin = performance.now();
        for (const [index, old] of service.replicas.entries()) {
          const replica = await product.add(`rollout-${turn}-${index + 1}`, 'admission');
          await waitFor('readiness', { timeoutSeconds: 60, everyMilliseconds: 50 }, () =>
            product.isReady(replica),
          );
          service.replace(old, replica, LAGS_MILLISECONDS[(turn + index) % 3] ?? 0);
          leaving.push({ replica: old, gone: old.program.stop('SIGTERM', GRACE_MILLISECONDS) });
        }
        seconds.push((performance.now() - begin) / 1000);
      }
      await Promise.all(leaving.map(({ gone }) => gone));
    } finally {
      await load.stop();
    }
    timings['rollout'] = meanFigure(seconds, 'seconds');
    const complaint = witness.complaint();
    expect(complaint === undefined, complaint ?? '');
    expect(load.failures.length === 0, `creations failed: ${load.failures[0] ?? ''}`);
    const { created, decided, injected } = load;
    expect(decided === created && injected === created, `${injected} of ${created} injected`);
    return `${created} Pods injected while ${leaving.length} replicas went, one by one`;
  });
  await checks.check('rollouts: each replica that went had its audit lines written', () => {
    const codes = new Set(leaving.map(({ replica }) => replica.program.ended));
    expect([...codes].join() === 'code 0', `replicas ended with ${[...codes].join(', ')}`);
    let lines = 0;
    for (const { replica } of leaving) {
      const verifier = new LineVerifier();
      const text = readFileSync(replica.auditFile, 'utf8');
      expect(text === '' || text.endsWith('\n'), `${replica.name}: half a line`);
      for (const line of text.split('\n').filter((one) => one !== '')) {
        verifier.add(line);
        lines += 1;
      }
      const { problems } = verifier.finish();
      expect(problems.length === 0, `${replica.name}: ${JSON.stringify(problems[0])}`);
    }
    const written = decisionsOf(readProductLines(product.auditFiles), 'rolling-');
    expect(written === load?.created, `${written} lines of ${load?.created ?? 0} Pods`);
    return `${leaving.length} files whole, ${lines} lines, one for each of ${written} Pods`;
  });
}

function decisionsOf(lines: ReturnType<typeof readProductLines>, prefix: string): number {
  const ids = lines
    .filter((line) => line.name?.startsWith(prefix) === true)
    .map((line) => decisionIdIn(line.patch ?? [], ANNOTATIONS.id));
  return new Set(ids.filter((id) => id !== undefined)).size;
}

/** The replicas that are meant to serve, and the Service that hears of them later. */
class Endpoints {
  replicas: Replica[];
  readonly #stage: TrustStage;
  #heardAt = 0;

  constructor(stage: TrustStage) {
    this.#stage = stage;
    this.replicas = [...stage.product.of('admission')];
  }

  replace(old: Replica, replica: Replica, lagMilliseconds: number): void {
    this.replicas = this.replicas.map((one) => (one === old ? replica : one));
    const ports = this.replicas.map(({ webhookPort }) => webhookPort);
    // What was said first is heard first.
    const now = performance.now();
    this.#heardAt = Math.max(this.#heardAt, now + lagMilliseconds);
    void sleep(this.#heardAt - now).then(() => this.#stage.product.forwarder.setBackends(ports));
  }
}

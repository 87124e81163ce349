// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeModel } from '#cluster/model/codec.ts';
import type { ModelShard } from '#cluster/model/model.ts';
import type { Report } from '#cli/report/report.ts';
import { savingsOfAll } from '#reward/savings.ts';
import { NAMESPACE, run, stage, type Stage } from './stage.ts';

/** Enough for a figure: a fifth of the decisions is held out. */
const ROLLOUTS = 24;

let world: Stage;
let access: string[];

before(async () => {
  world = await stage();
  for (let rollout = 0; rollout < ROLLOUTS; rollout += 1) await world.rollout();
  access = ['--kubeconfig', world.kubeconfig, '--config', world.config];
});

after(async () => {
  await world.stop();
  world.remove();
});

async function report(...more: string[]): Promise<Report> {
  const { code, stdout, stderr } = await run(['report', ...access, '-o', 'json', ...more]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Report;
}

/** What the API server holds, read past the command. */
function shards(): ModelShard[] {
  return world.cluster
    .objects('placementmodels', 'perihelion.dev')
    .map(({ metadata, spec }) => decodeModel(metadata.namespace ?? '', spec))
    .flatMap((model) => (model.kind === 'shard' ? [model.shard] : []));
}

describe('perihelion report', () => {
  it('shows every workload with what its model holds', async () => {
    const { namespaces, unreadable } = await report();
    assert.deepEqual(unreadable, []);
    assert.deepEqual(
      namespaces.map(({ namespace, mode, policy }) => [namespace, mode, policy?.name]),
      [[NAMESPACE, 'Prefer', 'demo']],
    );
    const [found] = namespaces;
    const stored = shards().filter(({ workload }) => !workload.startsWith('Tier/'));
    assert.ok(found !== undefined && stored.length > 5);
    assert.equal(found.workloads.length, stored.length);
    for (const one of found.workloads) {
      const shard = stored.find(({ workload }) => workload === one.workload);
      assert.ok(shard !== undefined);
      assert.equal(one.rollouts, shard.episodes);
      assert.equal(one.settled, shard.settled.length);
      assert.deepEqual([one.mode, one.circuit.phase], ['Prefer', 'closed']);
      if (shard.asked > 0) {
        const { byTarget = [], ...all } = one.adherence ?? {};
        assert.deepEqual(all, { followed: shard.followed, asked: shard.asked });
        const stored = Object.entries(shard.adherence ?? {});
        const found = byTarget.map(({ target, ...weights }) => [target, weights]);
        assert.deepEqual(Object.fromEntries(found), Object.fromEntries(stored));
      }
      const cells = Object.values(shard.cells).flatMap((row) => Object.values(row));
      assert.equal(one.values.length, cells.length);
      assert.ok(one.values.every(({ samples }) => samples > 0));
    }
    assert.ok(found.settled > 0 && (found.adherence?.asked ?? 0) > 0);
    assert.ok(found.tiers.length > 0);
  });

  it('gives the figures of the namespace, in joules, grams and money', async () => {
    const { namespaces } = await report(
      ...['--grams-per-kilowatt-hour', '360', '--price-per-kilowatt-hour', '0.36'],
      ...['--currency', 'EUR'],
    );
    const savings = namespaces[0]?.savings;
    const sums = shards().flatMap((shard) => (shard.savings === undefined ? [] : [shard.savings]));
    const expected = savingsOfAll(sums);
    assert.ok(savings?.kind === 'estimated' && expected.kind === 'estimated');
    assert.deepEqual(savings.savedJoules, expected.savedJoules);
    assert.deepEqual(
      [savings.decisions, savings.holdouts],
      [expected.decisions, expected.holdouts],
    );
    assert.ok(savings.savedJoules.low < savings.savedJoules.high);
    // 1 kWh is 3.6 MJ: 360 g and 0.36 EUR make 100 micrograms and 0.1 microeuro of a joule.
    const { mean } = savings.savedJoules;
    assert.ok(Math.abs((savings.savedGrams?.mean ?? NaN) / (mean * 1e-4) - 1) < 1e-9);
    assert.ok(Math.abs((savings.savedMoney?.amount.mean ?? NaN) / (mean * 1e-7) - 1) < 1e-9);
    assert.equal(savings.savedMoney?.currency, 'EUR');
  });

  it('refuses a figure of a workload in words while too little is held out', async () => {
    const { namespaces } = await report();
    const refusals = (namespaces[0]?.workloads ?? []).flatMap(({ savings }) =>
      savings.kind === 'refused' ? [savings.reason] : [],
    );
    assert.ok(refusals.length > 0);
    for (const reason of refusals) {
      assert.match(reason, /^\d+ of the 20 held-out Pods|^no (workload|Pod) /);
    }
  });

  it('is readable', async () => {
    const { code, stdout } = await run(['report', '-n', NAMESPACE, ...access]);
    assert.equal(code, 0);
    assert.match(stdout, /^Namespace hotel-res \(policy demo, mode Prefer\)$/m);
    assert.match(stdout, /^ {2}adherence {2}\d+ of \d+ \(\d+ %\)$/m);
    assert.match(stdout, /^ {2}saved {6}[+-][\d.]+ k?J \[[+-][\d.]+, [+-][\d.]+\]/m);
    assert.match(stdout, /^Deployment\/frontend +Prefer +\d+ +\d+ /m);
    assert.match(stdout, /^load=.*prefer worker-\d +[+-]\d\.\d{3} +\d/m);
  });

  it('writes one page that loads nothing', async () => {
    const file = join(world.folder, 'report.html');
    const { code, stdout, stderr } = await run(['report', ...access, '-o', 'html', '--out', file]);
    assert.deepEqual([code, stdout, stderr], [0, '', `wrote ${file}\n`]);
    const page = readFileSync(file, 'utf8');
    assert.ok(page.startsWith('<!doctype html>'));
    assert.match(page, /<h2 id="namespace-0">Namespace hotel-res<\/h2>/);
    assert.match(page, /Deployment\/frontend/);
    assert.match(page, /prefer worker-1/);
    assert.doesNotMatch(page, /<script|\b(src|href)="(?!#)|url\(|@import/);
  });

  it('is empty, and says so, where nothing was learned', async () => {
    assert.deepEqual((await report('-n', 'default')).namespaces, []);
    assert.deepEqual((await report('--policy', 'other')).namespaces, []);
    const { stdout } = await run(['report', '-n', 'default', ...access]);
    assert.match(stdout, /^Nothing is learned yet: /);
  });

  it('goes on past a model that cannot be read, and names it', async () => {
    await world.cluster.apply({
      apiVersion: 'perihelion.dev/v1alpha1',
      kind: 'PlacementModel',
      metadata: { name: 'broken', namespace: NAMESPACE },
      spec: { policyName: 'demo', workload: 'Deployment/<b>x</b>', shard: { version: 'x' } },
    });
    const found = await report();
    assert.equal(found.namespaces.length, 1);
    assert.equal(found.unreadable.length, 1);
    assert.match(found.unreadable[0] ?? '', /^PlacementModel /);
  });

  it('refuses flags and files that are no use, in one line', async () => {
    const refusal = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(['report', ...access, ...args]);
      assert.deepEqual([code, stdout], [2, '']);
      return stderr;
    };
    assert.match(await refusal('-o', 'pdf'), /--output: found "pdf", expected one of table, json/);
    assert.match(await refusal('--price-per-kilowatt-hour', '0.3'), /--currency: found nothing/);
    assert.match(await refusal('--currency', 'EUR'), /--price-per-kilowatt-hour: found nothing/);
    assert.match(
      await refusal('--price-per-kilowatt-hour', '1', '--currency', 'euro'),
      /--currency: found "euro"/,
    );
    for (const wrong of ['-1', 'NaN', '1e3', '0x10', '', '9999999']) {
      const text = await refusal(`--grams-per-kilowatt-hour=${wrong}`);
      assert.match(text, /--grams-per-kilowatt-hour: found "/, wrong);
    }
    assert.match(
      await refusal('--out', join(world.folder, 'no', 'such')),
      /--out: found ".*a file to write to \(ENOENT\)/,
    );
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeOffPolicy, type LoggedDecision } from '#agent/choosing/off-policy.ts';
import { createGenerator, gaussian } from '#agent/terms/random.ts';
import { range, summarise } from '../support/statistics.ts';

/** Logs of two actions (0 and 1), judged for the policy that always takes 1. */
function logOf(rows: readonly (readonly [number, number, number])[]): LoggedDecision[] {
  const model = [0.9, 0.3] as const;
  return rows.map(([action, propensity, reward]) => ({
    propensity,
    reward,
    targetProbability: action,
    modelled: model[action as 0 | 1],
    modelledTarget: model[1],
  }));
}

const near = (found: number | undefined, expected: number) =>
  assert.ok(Math.abs((found ?? NaN) - expected) < 1e-12, `${found}, not ${expected}`);

describe('judgeOffPolicy', () => {
  it('gives the known answers of the toy log: IPS 1.2, SNIPS 0.3, DR 0.3', () => {
    const report = judgeOffPolicy(
      logOf([
        [0, 0.9, 1],
        [0, 0.9, 0.8],
        [1, 0.1, 0.2],
        [0, 0.9, 0.9],
        [1, 0.1, 0.4],
      ]),
    )!;
    near(report.ips.mean, 1.2);
    near(report.snips?.mean, 0.3);
    near(report.doublyRobust?.mean, 0.3);
    near(report.effectiveSampleSize, 2);
  });

  it('is the plain mean where the policy judged is the one that logged', () => {
    const rewards = [0.1, 0.5, -0.3, 0.7];
    const log = rewards.map((reward) => ({ propensity: 0.4, targetProbability: 0.4, reward }));
    const report = judgeOffPolicy(log)!;
    const { mean, standardError } = summarise(rewards);
    near(report.ips.mean, mean);
    near(report.ips.standardError, standardError);
    near(report.snips?.mean, mean);
    near(report.effectiveSampleSize, 4);
    assert.equal(report.doublyRobust, undefined);
  });

  it('finds the truth, within its own standard errors', () => {
    const truth = [0.5, -0.25];
    const judged = [0.2, 0.8];
    const expected = truth[0]! * judged[0]! + truth[1]! * judged[1]!;
    const scores = { ips: [] as number[], snips: [] as number[], doublyRobust: [] as number[] };
    const stated = { ips: [] as number[], snips: [] as number[], doublyRobust: [] as number[] };
    for (const run of range(200)) {
      const generator = createGenerator(`off-policy ${run}`);
      const log = range(400).map((): LoggedDecision => {
        const action = generator.next() < 0.7 ? 0 : 1;
        const reward = truth[action]! + 0.3 * gaussian(generator);
        return {
          propensity: [0.7, 0.3][action]!,
          targetProbability: judged[action]!,
          reward,
          modelled: 0.1,
          modelledTarget: 0.1,
        };
      });
      const report = judgeOffPolicy(log)!;
      for (const name of ['ips', 'snips', 'doublyRobust'] as const) {
        scores[name].push(report[name]!.mean);
        stated[name].push(report[name]!.standardError!);
      }
    }
    for (const name of ['ips', 'snips', 'doublyRobust'] as const) {
      const { mean, standardError } = summarise(scores[name]);
      assert.ok(Math.abs(mean - expected) < 4 * standardError, `${name}: ${mean}`);
      // The spread over 200 runs is known to 1 / sqrt(2 * 199) = 5 % of itself.
      const ratio = summarise(stated[name]).mean / (standardError * Math.sqrt(200));
      assert.ok(Math.abs(ratio - 1) < 4 * 0.05, `${name}: stated error off by ${ratio}`);
    }
  });

  it('has no answer without decisions, or without a decision the policy would take', () => {
    assert.equal(judgeOffPolicy([]), undefined);
    const report = judgeOffPolicy(logOf([[0, 0.9, 1]]))!;
    assert.equal(report.snips, undefined);
    assert.equal(report.effectiveSampleSize, 0);
    assert.equal(report.ips.standardError, undefined);
  });

  it('refuses numbers that cannot be', () => {
    const good = { propensity: 0.5, targetProbability: 0.5, reward: 1 };
    for (const bad of [
      { propensity: 0 },
      { propensity: 1.1 },
      { propensity: NaN },
      { targetProbability: -0.1 },
      { targetProbability: NaN },
      { reward: NaN },
    ]) {
      assert.throws(() => judgeOffPolicy([{ ...good, ...bad }]), RangeError);
    }
  });
});

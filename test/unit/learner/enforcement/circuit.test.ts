// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createGenerator } from '#agent/terms/random.ts';
import type { StoredCircuit } from '#cluster/model/enforcement.ts';
import { DEFAULT_POLICY_SPEC } from '#cluster/policy/parse.ts';
import {
  circuitPhase,
  EVIDENCE_LIMIT,
  nextCircuit,
  type CircuitEvent,
} from '#learner/enforcement/circuit.ts';

const SPEC = DEFAULT_POLICY_SPEC.circuitBreaker;
const T = 1_700_000_000_000;
const SECOND = 1000;

function good(decidedAt: number, advantage = 0): CircuitEvent {
  return { kind: 'measured', decidedAt, breached: false, advantage };
}

function breach(decidedAt: number): CircuitEvent {
  return { kind: 'measured', decidedAt, breached: true, advantage: -1.5 };
}

function lost(decidedAt: number): CircuitEvent {
  return { kind: 'unmeasured', decidedAt };
}

function times<Event>(count: number, event: Event): Event[] {
  return Array.from({ length: count }, () => event);
}

/** An open circuit whose trials may begin at `T + 600 s`. */
function tripped(): StoredCircuit {
  const circuit = nextCircuit(undefined, times(3, breach(T)), SPEC, T);
  assert.ok(circuit);
  return circuit;
}

const RETRY = T + 600 * SECOND;

void describe('a closed circuit', () => {
  void test('remembers nothing of a workload that was never sent anywhere', () => {
    assert.equal(nextCircuit(undefined, [], SPEC, T), undefined);
  });

  void test('opens on missed objectives in a row, also over several rollouts', () => {
    const two = nextCircuit(undefined, times(2, breach(T)), SPEC, T);
    assert.equal(two?.state, 'closed');
    const three = nextCircuit(two, [breach(T)], SPEC, T + SECOND);
    assert.deepEqual([three?.state, three?.reason], ['open', 'slo-breach']);
    assert.equal(three?.retryAt, T + 601 * SECOND);
  });

  void test('one that is kept begins the count anew', () => {
    const events = [breach(T), breach(T), good(T), breach(T), breach(T)];
    assert.equal(nextCircuit(undefined, events, SPEC, T)?.state, 'closed');
  });

  void test('opens when telemetry is lost, and one measure begins the count anew', () => {
    const nine = [...times(9, lost(T)), good(T), ...times(9, lost(T))];
    assert.equal(nextCircuit(undefined, nine, SPEC, T)?.state, 'closed');
    assert.equal(nextCircuit(undefined, times(10, lost(T)), SPEC, T)?.reason, 'telemetry-lost');
  });

  void test('a decision that says nothing changes nothing', () => {
    const before = nextCircuit(undefined, times(2, breach(T)), SPEC, T);
    assert.deepEqual(nextCircuit(before, [{ kind: 'void', decidedAt: T }], SPEC, T), before);
  });

  void test('opens on regret beyond the bound, and not on regret within it', () => {
    let within: StoredCircuit | undefined;
    let beyond: StoredCircuit | undefined;
    let rollouts = 0;
    for (let n = 0; n < 500; n += 1) {
      within = nextCircuit(within, [good(T, -0.15)], SPEC, T);
      if (beyond?.state !== 'open') {
        beyond = nextCircuit(beyond, [good(T, -0.6)], SPEC, T);
        rollouts += 1;
      }
    }
    assert.equal(within?.state, 'closed');
    assert.deepEqual([beyond?.state, beyond?.reason], ['open', 'regret']);
    assert.ok(rollouts < 25, `${rollouts} rollouts`);
  });

  void test('noise within the bound trips no sooner than promised, on average', () => {
    const runs = 200;
    let rollouts = 0;
    for (let run = 0; run < runs; run += 1) {
      const generator = createGenerator(`noise ${run}`);
      let circuit: StoredCircuit | undefined;
      for (let n = 0; n < 2000 && circuit?.state !== 'open'; n += 1) {
        // Mean exactly at the bound, the most that is allowed; -1.2 or 0.8.
        const advantage = generator.next() < 0.5 ? -1.2 : 0.8;
        circuit = nextCircuit(circuit, [good(T, advantage)], SPEC, T);
        rollouts += 1;
      }
    }
    assert.ok(rollouts / runs >= EVIDENCE_LIMIT, `${rollouts / runs}`);
  });
});

void describe('an open circuit', () => {
  void test('is open until its time has come and half open after, without any write', () => {
    const circuit = tripped();
    assert.equal(circuitPhase(circuit, RETRY - 1), 'open');
    assert.equal(circuitPhase(circuit, RETRY), 'half-open');
    assert.equal(circuitPhase(undefined, T), 'closed');
  });

  void test('does not look at decisions from before its trials', () => {
    const circuit = tripped();
    const late = [...times(5, good(T + SECOND)), ...times(5, breach(RETRY - 1))];
    assert.deepEqual(nextCircuit(circuit, late, SPEC, RETRY), circuit);
  });

  void test('closes after enough good trials, over several rollouts', () => {
    const two = nextCircuit(tripped(), times(2, good(RETRY)), SPEC, RETRY);
    assert.deepEqual([two?.state, two?.trialsPassed], ['open', 2]);
    const three = nextCircuit(two, [good(RETRY)], SPEC, RETRY + SECOND);
    assert.deepEqual([three?.state, three?.breaches, three?.evidence], ['closed', 0, 1]);
    assert.equal(three?.reason, 'slo-breach', 'why it was open stays known');
  });

  void test('the first bad trial opens it for twice as long, up to the limit', () => {
    let circuit: StoredCircuit | undefined = tripped();
    let now = RETRY;
    const lengths: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      circuit = nextCircuit(circuit, [good(now), breach(now), good(now)], SPEC, now);
      assert.ok(circuit);
      lengths.push(circuit.coolingSeconds);
      assert.equal(circuit.retryAt, now + circuit.coolingSeconds * SECOND);
      now = circuit.retryAt;
    }
    assert.deepEqual(lengths.slice(0, 3), [1200, 2400, 4800]);
    assert.equal(lengths.at(-1), SPEC.coolingOffLimitSeconds);
  });

  void test('trials worse than the bound, or without a measure, are bad trials', () => {
    const worse = nextCircuit(tripped(), times(3, good(RETRY, -0.3)), SPEC, RETRY);
    assert.deepEqual([worse?.state, worse?.reason], ['open', 'regret']);
    const dark = nextCircuit(tripped(), [lost(RETRY)], SPEC, RETRY);
    assert.deepEqual([dark?.reason, dark?.coolingSeconds], ['telemetry-lost', 1200]);
  });

  void test('a trial that says nothing gives its place to another', () => {
    const events: CircuitEvent[] = [good(RETRY), { kind: 'void', decidedAt: RETRY }];
    const circuit = nextCircuit(tripped(), events, SPEC, RETRY + SECOND);
    assert.deepEqual([circuit?.retryAt, circuit?.trialsPassed], [RETRY + SECOND, 0]);
  });

  void test('a trip soon after closing doubles, one long after begins anew', () => {
    const closed = nextCircuit(tripped(), times(3, good(RETRY)), SPEC, RETRY);
    const soon = RETRY + 3600 * SECOND;
    assert.equal(nextCircuit(closed, times(3, breach(soon)), SPEC, soon)?.coolingSeconds, 1200);
    const late = RETRY + (SPEC.coolingOffLimitSeconds + 1) * SECOND;
    assert.equal(nextCircuit(closed, times(3, breach(late)), SPEC, late)?.coolingSeconds, 600);
  });

  void test('is forgotten when the breaker is disabled', () => {
    const spec = { ...SPEC, mode: 'Disabled' as const };
    assert.equal(nextCircuit(tripped(), [breach(RETRY)], spec, RETRY), undefined);
  });
});

const eventArbitrary = fc.record({
  kind: fc.constantFrom('good' as const, 'breach' as const, 'lost' as const, 'void' as const),
  /** Seconds before the present at which it was decided. */
  age: fc.nat(2000),
  advantage: fc.double({ min: -3, max: 3, noNaN: true }),
});
const historyArbitrary = fc.array(
  fc.record({ pass: fc.nat(5000), events: fc.array(eventArbitrary, { maxLength: 6 }) }),
  { maxLength: 60 },
);

void test('whatever happens, the circuit is sound', () => {
  fc.assert(
    fc.property(historyArbitrary, (history) => {
      let now = T;
      let circuit: StoredCircuit | undefined;
      for (const { pass, events } of history) {
        now += pass * SECOND;
        const rollout = events.map(({ kind, age, advantage }): CircuitEvent => {
          const decidedAt = now - age * SECOND;
          if (kind === 'lost') return { kind: 'unmeasured', decidedAt };
          if (kind === 'void') return { kind: 'void', decidedAt };
          return { kind: 'measured', decidedAt, breached: kind === 'breach', advantage };
        });
        const before: StoredCircuit | undefined = circuit;
        circuit = nextCircuit(before, rollout, SPEC, now);
        assert.deepEqual(nextCircuit(before, rollout, SPEC, now), circuit, 'the same again');
        if (circuit === undefined) continue;
        const { state, coolingSeconds, retryAt, changedAt, evidence, trialsPassed } = circuit;
        assert.ok(evidence >= 1 && evidence < EVIDENCE_LIMIT);
        assert.ok(circuit.breaches < SPEC.sloBreaches);
        assert.ok(circuit.unmeasured < SPEC.lostMeasurements);
        assert.ok(trialsPassed < SPEC.trialDecisions);
        if (state === 'closed') {
          assert.equal(retryAt, 0);
        } else {
          assert.ok(circuit.reason !== undefined && retryAt >= changedAt);
          assert.ok(coolingSeconds >= SPEC.coolingOffSeconds);
          assert.ok(coolingSeconds <= SPEC.coolingOffLimitSeconds);
        }
        const wasCooling = circuitPhase(before, now) === 'open';
        if (wasCooling) assert.deepEqual(circuit, before, 'nothing ends a cooling-off time early');
        const closes = before?.state === 'open' && state === 'closed';
        const bad = rollout.some(
          (one) =>
            one.decidedAt >= (before?.retryAt ?? 0) &&
            (one.kind === 'unmeasured' || (one.kind === 'measured' && one.breached)),
        );
        assert.ok(!(closes && bad), 'a bad trial never closes it');
      }
    }),
    { numRuns: 500 },
  );
});

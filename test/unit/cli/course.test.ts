// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CourseGatherer } from '#cli/report/course.ts';
import { coursePlots } from '#cli/report/course-plot.ts';
import { courseText } from '#cli/report/course-text.ts';
import { styleOf } from '#cli/terminal/style.ts';
import type { ReadingEntry, SettlementEntry } from '#audit/entry.ts';
import { recorded } from './terminal.ts';

const START = Date.UTC(2026, 10, 22, 6, 30);

function measured(value: number): ReadingEntry {
  return {
    ...{ kind: 'measured', value, windowSeconds: 60, samples: 2 },
    ...{ ageSeconds: 0, quality: 'measured' },
  };
}

/** A Pod that spent `joules` on 100 requests. */
function settled(
  seconds: number,
  asked: string,
  joules: number | undefined,
  changes: Partial<SettlementEntry> = {},
): SettlementEntry {
  const missing: ReadingEntry = { kind: 'missing', reason: 'absent', detail: '' };
  return {
    kind: 'settlement',
    time: new Date(START + seconds * 1000).toISOString(),
    decisionId: 'd',
    namespace: 'shop',
    pod: 'p',
    workload: 'Deployment/frontend',
    asked,
    status: 'settled',
    reason: 'measured',
    readings: {
      podJoules: joules === undefined ? missing : measured(joules),
      requests: measured(100),
      p99Milliseconds: measured(12),
    },
    costs: {},
    cells: [],
    modelVersion: 1,
    versions: { perihelion: '0' },
    ...changes,
  };
}

function courseOf(entries: readonly SettlementEntry[]) {
  const gatherer = new CourseGatherer();
  for (const entry of entries) gatherer.add(entry);
  return gatherer.courses();
}

describe('the course of a workload', () => {
  it('keeps Pods that were placed and Pods that were left apart', () => {
    const [course] = courseOf([
      settled(0, 'a', 10),
      settled(0.2, 'b', 30),
      settled(0.4, '(default)', 50),
      settled(3, 'a', 5),
    ]);
    assert.equal(course?.slices.length, 2);
    assert.deepEqual(course.slices[0], {
      time: '2026-11-22T06:30:00.000Z',
      placed: { pods: 2, joulesPerRequest: 0.2, p99Milliseconds: 12 },
      left: { pods: 1, joulesPerRequest: 0.5, p99Milliseconds: 12 },
    });
    assert.equal(course.slices[1]?.placed.joulesPerRequest, 0.05);
    assert.equal(course.slices[1].left.joulesPerRequest, undefined);
  });

  it('counts what was measured, and never takes a missing figure for 0', () => {
    const [course] = courseOf([
      settled(0, 'a', undefined),
      settled(0, 'a', 7, { status: 'censored' }),
      settled(0, 'a', 7, { readings: { podJoules: measured(7), requests: measured(0) } }),
    ]);
    const [slice] = course?.slices ?? [];
    assert.deepEqual(slice?.placed, {
      pods: 2,
      joulesPerRequest: undefined,
      p99Milliseconds: 12,
    });
    assert.deepEqual(courseOf([settled(0, 'a', 7, { status: 'discarded' })]), []);
  });

  it('holds any length of log in bounded memory, and loses nobody', () => {
    const seconds = fc.array(fc.double({ min: 0, max: 1e8, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(seconds, (list) => {
        const [course] = courseOf(list.map((second) => settled(second, 'a', 10)));
        assert.ok(course !== undefined && course.slices.length <= 96);
        const pods = course.slices.reduce((sum, { placed }) => sum + placed.pods, 0);
        assert.equal(pods, list.length);
        for (const { placed } of course.slices) {
          assert.ok(Math.abs((placed.joulesPerRequest ?? 0) - 0.1) < 1e-9);
        }
      }),
    );
  });

  it('keeps a bounded number of workloads', () => {
    const gatherer = new CourseGatherer();
    for (let index = 0; index < 501; index += 1) {
      gatherer.add(settled(0, 'a', 1, { workload: `Deployment/w${index}` }));
    }
    assert.equal(gatherer.courses().length, 500);
    assert.equal(gatherer.omitted, true);
  });
});

describe('the plots of a course', () => {
  const entries = [
    settled(0, 'a', 10),
    settled(2, 'a', undefined),
    settled(4, 'a', 20),
    settled(5, 'a', 40),
  ];

  it('lifts the pen over a gap, and draws from the least to the most', () => {
    const page = coursePlots(courseOf(entries)[0]!).html;
    const energy = page.slice(0, page.indexOf('percentile'));
    const [, path = ''] = /<path class="placed" d="([^"]*)"/.exec(energy) ?? [];
    // Alone, then two that are joined: at 0 s, 4 s and 5 s, from the largest value 0.4 down to 0.
    assert.equal(path, 'M56 98M516.8 68L632 8');
    assert.match(energy, /Placed by the agent: from 0\.1 to 0\.4, between 0\.1 and 0\.4/);
    assert.match(energy, /Left to the scheduler: none measured/);
  });

  it('says what was never measured, and shows names as text', () => {
    const workload = '<script>';
    const nothing = settled(0, 'a', undefined, { workload });
    const page = coursePlots(courseOf([nothing])[0]!).html;
    assert.match(page, /Energy per request in J: not measured/);
    assert.ok(!page.includes(workload));
  });

  it('says the same in lines', () => {
    const said = courseText(courseOf(entries), styleOf(recorded()));
    assert.match(said, /shop\/Deployment\/frontend/);
    assert.match(said, /placed by the agent\s+4 Pods, 0\.1 to 0\.4 J\/request, p99 12 to 12 ms/);
  });
});

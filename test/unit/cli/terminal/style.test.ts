// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readableLine } from '#cli/audit/line.ts';
import { patientProgress } from '#cli/terminal/patience.ts';
import { printable, styleOf } from '#cli/terminal/style.ts';
import { admission, settlement } from '../../audit/entries.ts';
import { recorded } from '../terminal.ts';

describe('styleOf', () => {
  it('paints on a terminal, and nowhere else', () => {
    assert.equal(styleOf(recorded({ columns: 80 })).paint('good', 'x'), '\u001b[32mx\u001b[0m');
    assert.equal(styleOf(recorded()).paint('good', 'x'), 'x');
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      assert.equal(styleOf(recorded({ columns: 80, env })).paint('good', 'x'), 'x');
    }
    const empty = styleOf(recorded({ columns: 80, env: { NO_COLOR: '' } }));
    assert.equal(empty.paint('good', 'x'), '\u001b[32mx\u001b[0m');
  });

  it('cuts lines to the width of a terminal, never in a pipe', () => {
    const line = 'a'.repeat(100);
    assert.equal(styleOf(recorded({ columns: 40 })).fit(line), `${'a'.repeat(39)}…`);
    assert.equal(styleOf(recorded()).fit(line), line);
    const painted = `\u001b[32m${'a'.repeat(40)}\u001b[0m`;
    assert.equal(styleOf(recorded({ columns: 40 })).fit(painted), painted);
  });
});

describe('printable', () => {
  it('shows what could move the cursor instead of doing it', () => {
    assert.equal(printable('a\u001b[2Jb\nc\u202e'), 'a\\u001b[2Jb\\u000ac\\u202e');
    assert.equal(printable('größe → 1'), 'größe → 1');
  });
});

describe('readableLine', () => {
  const style = styleOf(recorded());
  it('is one line for every kind of entry, whatever the names hold', () => {
    assert.equal(
      readableLine(admission(), style),
      '2026-01-02T03:04:05.678Z  injected   shop/Deployment/frontend -> worker-2  greedy  p 0.95' +
        '  Q +0.200 (n 5)  load=normal,least=worker-2  0.4 ms  d-1',
    );
    assert.equal(
      readableLine(settlement({ pod: 'a\nb' }), style),
      '2026-01-02T03:14:05.678Z  settled    shop/a\\u000ab  asked worker-2, landed worker-2' +
        '  measured  reward -0.900  advantage +0.100  d-1',
    );
    assert.equal(
      readableLine(
        {
          kind: 'forgotten',
          time: '2026-01-02T03:14:05.678Z',
          ...{ namespace: 'shop', workload: 'Job/build-1', policy: 'default' },
          unusedSince: '2025-12-01T00:00:00.000Z',
          modelVersion: 7,
          versions: { perihelion: '1' },
        },
        style,
      ),
      '2026-01-02T03:14:05.678Z  deleted    shop/Job/build-1  model of policy default, without Pods' +
        ' since 2025-12-01T00:00:00.000Z',
    );
    const dropped = { 'queue-full': 3 };
    assert.equal(
      readableLine({ kind: 'drop', time: '2026-01-02T03:14:05.678Z', dropped }, style),
      '2026-01-02T03:14:05.678Z  dropped    3 queue-full',
    );
  });

  it('says why a Pod was left alone', () => {
    const entry = admission({ outcome: 'skipped', reason: 'daemon-set', decision: undefined });
    assert.match(
      readableLine(entry, style),
      / skipped {4}shop\/Deployment\/frontend {2}daemon-set /,
    );
  });
});

describe('patientProgress', () => {
  it('shows nothing for two seconds', () => {
    let now = 0;
    const terminal = recorded();
    const progress = patientProgress(terminal, () => now);
    for (; now < 2000; now += 100) progress.update(now / 4000, 'reading');
    assert.equal(terminal.written.stderr, '');
    progress.update(0.5, 'reading');
    assert.equal(terminal.written.stderr, ' 50 %  reading\n');
    progress.end();
  });
});

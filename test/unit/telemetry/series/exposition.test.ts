// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from '#telemetry/series/exposition.ts';
import { type Labels, type Series, seriesKey } from '#telemetry/series/series.ts';
import fc from 'fast-check';
import { keplerSections } from '../support.ts';

/** The writer of the round trips: the format's rules, written once more. */
function write(series: Series, lineEnd = '\n'): string {
  const labels = Object.entries(series.labels).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${escaped}"`;
  });
  const value = Number.isNaN(series.value)
    ? 'NaN'
    : Object.is(series.value, -0)
      ? '-0'
      : String(series.value).replace('Infinity', 'Inf').replace(/^Inf/, '+Inf');
  const timestamp = series.timestamp === undefined ? '' : ` ${series.timestamp}`;
  const braces = labels.length === 0 ? '' : `{${labels.join(',')}}`;
  return `${series.name}${braces} ${value}${timestamp}${lineEnd}`;
}

const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,12}$/);
const labels: fc.Arbitrary<Labels> = fc
  .uniqueArray(fc.tuple(labelName, fc.string({ unit: 'grapheme' })), {
    selector: ([label]) => label,
    maxLength: 6,
  })
  .map((entries) => Object.fromEntries(entries));
const anySeries: fc.Arbitrary<Series> = fc.record(
  {
    name,
    labels,
    value: fc.double(),
    timestamp: fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: undefined }),
  },
  { noNullPrototype: true },
);

function one(text: string): Series {
  const { series, malformed } = parseExposition(text);
  assert.deepEqual(malformed, []);
  assert.equal(series.length, 1);
  return series[0]!;
}

function problem(text: string): string {
  const { series, malformed } = parseExposition(text);
  assert.deepEqual(series, []);
  assert.equal(malformed.length, 1);
  assert.equal(malformed[0]?.error.code, 'PERI_EXPOSITION_MALFORMED');
  return malformed[0].error.message;
}

test('what a writer writes is read back exactly', () => {
  fc.assert(
    fc.property(fc.array(anySeries), fc.constantFrom('\n', '\r\n'), (all, lineEnd) => {
      const text = all.map((series) => write(series, lineEnd)).join('');
      const { series, malformedCount } = parseExposition(text);
      assert.equal(malformedCount, 0);
      assert.deepEqual(series, all);
    }),
  );
});

test('malformed lines are reported by number and lose nothing else', () => {
  const garbage = fc.constantFrom('{', '9x 1', 'a{b=1} 1', 'a{b="c} 1', 'a', 'a b', 'a 1 2 3', '-');
  const line = fc.oneof(
    anySeries.map((series) => ({ text: write(series), series })),
    garbage.map((text) => ({ text: `${text}\n`, series: undefined })),
    fc.constant({ text: '# HELP a b\n', series: null }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 14 }), (all) => {
      const parsed = parseExposition(all.map(({ text }) => text).join(''));
      assert.deepEqual(
        parsed.series,
        all.flatMap(({ series }) => series ?? []),
      );
      assert.deepEqual(
        parsed.malformed.map((entry) => entry.line),
        all.flatMap(({ series }, index) => (series === undefined ? [index + 1] : [])),
      );
    }),
  );
});

test('any text at all is read without an exception', () => {
  const token = fc.constantFrom('a', '{', '}', '"', '\\', ',', '=', ' ', '\n', '\r', '#', '1', 'é');
  fc.assert(
    fc.property(
      fc.array(token).map((parts) => parts.join('')),
      (text) => {
        const lines = text.split('\n').length;
        const { series, malformedCount } = parseExposition(text);
        assert.ok(series.length + malformedCount <= lines);
      },
    ),
  );
});

test('NaN, infinities, signs and exponents are kept as they are', () => {
  const value = (text: string): number => one(`a ${text}`).value;
  assert.ok(Number.isNaN(value('NaN')));
  assert.equal(value('+Inf'), Infinity);
  assert.equal(value('-Inf'), -Infinity);
  assert.equal(value('Inf'), Infinity);
  assert.equal(value('1e+06'), 1_000_000);
  assert.equal(value('-.5'), -0.5);
  assert.equal(value('0'), 0);
  for (const text of ['0x10', '1_0', 'Infinity1', '', '--1', '1e', 'null']) {
    assert.match(problem(`a ${text}`), /^line 1: (not a number|value missing)/);
  }
});

test('blanks, trailing commas, comments, CRLF and a missing last line end are all right', () => {
  assert.deepEqual(one('\r\n# TYPE a counter\r\n  a\t{ b = "c" , }  1\r\n# EOF').labels, {
    b: 'c',
  });
  assert.deepEqual(one('a{}1').labels, {});
  assert.deepEqual(one('a{b="c"}1').value, 1);
});

test('escapes are undone; an unknown one stands for itself', () => {
  assert.deepEqual(one(String.raw`a{b="x\\y\"z\nq\d"} 1`).labels, { b: 'x\\y"z\nq\\d' });
  assert.deepEqual(one('a{b="}, # {c=\\"d\\"}"} 1').labels, { b: '}, # {c="d"}' });
});

test('a label may bear any legal name', () => {
  const { labels: read } = one('a{__proto__="x",constructor="y"} 1');
  assert.equal(Object.getOwnPropertyDescriptor(read, '__proto__')?.value, 'x');
  assert.equal(read['constructor'], 'y');
});

test('what is malformed is said', () => {
  assert.match(problem('a{b="c",'), /labels without end/);
  assert.match(problem('a{b="c"'), /expected , or }/);
  assert.match(problem('a{b="c'), /label value without end/);
  assert.match(problem('a{b="c" d="e"} 1'), /expected , or }/);
  assert.match(problem('a{b="c",b="d"} 1'), /duplicate label/);
  assert.match(problem('a{__proto__="c",__proto__="d"} 1'), /duplicate label/);
  assert.match(problem('a{b=c} 1'), /expected "/);
  assert.match(problem('a-1 2'), /expected a blank or {/);
  assert.match(problem('<html>'), /line 1: expected a name at character 1/);
  assert.match(problem('a 1 2 x'), /unexpected text/);
  assert.match(problem(`a 1 ${'9'.repeat(30)}`), /timestamp out of range/);
});

test('milliseconds in the text format, seconds in OpenMetrics; exemplars are skipped', () => {
  assert.equal(one('a 1 1700000000123').timestamp, 1_700_000_000_123);
  const open = 'a_bucket{le="1"} 5 1700000000.123 # {trace_id="x"} 0.5 1700000000.1\n# EOF\n';
  assert.equal(one(open).timestamp, 1_700_000_000_123);
  assert.equal(one(open).value, 5);
  assert.equal(one('a_bucket{le="1"} 5 # {trace_id="x"} 0.5').timestamp, undefined);
});

test('histograms of one name and different labels stay apart', () => {
  const text = ['x', 'y']
    .flatMap((pod) => ['1', '+Inf'].map((le) => `h_bucket{pod="${pod}",le="${le}"} 1`))
    .join('\n');
  const { series } = parseExposition(text);
  assert.equal(new Set(series.map((each) => seriesKey(each.name, each.labels))).size, 4);
});

test('hostile input costs bounded memory and loses no count', () => {
  const many = parseExposition('!\n'.repeat(100_000));
  assert.equal(many.malformedCount, 100_000);
  assert.ok(many.malformed.length <= 16);
  const long = parseExposition(`a{b="${'x'.repeat(70_000)}"} 1\nc 2`);
  assert.deepEqual(
    long.series.map((each) => each.name),
    ['c'],
  );
  const wide = Array.from({ length: 300 }, (_, i) => `l${i}=""`).join(',');
  assert.match(problem(`a{${wide}} 1`), /more than 256 labels/);
  const cut = parseExposition('a 1\n'.repeat(50), { maximumSeries: 10 });
  assert.equal(cut.series.length, 10);
  assert.equal(cut.truncated, true);
});

test('metrics that lost a series are named, unwanted ones are not even looked at', () => {
  const { damaged, malformedCount, series } = parseExposition('a{ 1\nb{ 1\nc 1\n% 1', {
    keep: (metric) => metric !== 'b',
  });
  assert.deepEqual([...damaged], ['a']);
  assert.equal(malformedCount, 2);
  assert.equal(series.length, 1);
});

test('the real output of Kepler is read without loss', () => {
  for (const [section, text] of keplerSections()) {
    const { series, malformedCount } = parseExposition(text);
    const expected = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(malformedCount, 0, section);
    assert.equal(series.length, expected.length, section);
    const keys = new Set(series.map((each) => seriesKey(each.name, each.labels)));
    assert.equal(keys.size, series.length, section);
    for (const [index, each] of series.entries()) {
      assert.equal(each.value, Number(expected[index]!.split(' ').at(-1)));
    }
  }
});

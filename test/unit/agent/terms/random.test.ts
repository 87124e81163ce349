// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createGenerator, drawIndex, fromState, gaussian, pick } from '#agent/terms/random.ts';
import { range, repeat, summarise } from '../support/statistics.ts';

/** The next numbers as 32-bit words. */
function words(generator: { next(): number }, count: number): number[] {
  return range(count).map(() => generator.next() * 2 ** 32);
}

describe('sfc32', () => {
  it('gives the published sequence of state 0, 12345, 0, 1 (after 12 outputs)', () => {
    const generator = fromState([0, 12345, 0, 1]);
    words(generator, 12);
    assert.deepEqual(
      words(generator, 10),
      [
        235160590, 2967261163, 116171463, 2882324903, 362604721, 4227106926, 1933307004, 1608300071,
        2256615412, 2701957640,
      ],
    );
  });

  it('gives the same sequence for a seed for ever', () => {
    assert.deepEqual(
      words(createGenerator(1), 4),
      [2253664734, 3607520398, 3224047541, 3227945373],
    );
    assert.deepEqual(
      words(createGenerator('decision-7'), 4),
      [1281096211, 2294865908, 1433901335, 2031285717],
    );
    assert.deepEqual(
      words(createGenerator(''), 4),
      [2027921967, 216316114, 1329064264, 1065138444],
    );
    assert.deepEqual(
      words(createGenerator(1).split('child'), 4),
      [939084544, 916406524, 1205835864, 1947478526],
    );
  });

  it('resumes where it was saved', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(50), (seed, skipped) => {
        const generator = createGenerator(seed);
        words(generator, skipped);
        const stored = JSON.parse(JSON.stringify(generator.state())) as ReturnType<
          typeof generator.state
        >;
        const resumed = fromState(stored);
        assert.deepEqual(words(resumed, 20), words(generator, 20));
      }),
    );
  });

  it('splits without advancing, and the children differ by label', () => {
    const generator = createGenerator('parent');
    const before = generator.state();
    const one = words(generator.split('one'), 8);
    assert.deepEqual(generator.state(), before);
    assert.deepEqual(words(generator.split('one'), 8), one);
    assert.notDeepEqual(words(generator.split('two'), 8), one);
    assert.notDeepEqual(words(generator, 8), one);
  });

  it('is uniform, for neighbouring seeds too', () => {
    const cells = new Array<number>(64).fill(0);
    const draws = 64_000;
    for (const seed of range(draws)) {
      const index = Math.floor(createGenerator(`seed ${seed}`).next() * cells.length);
      cells[index] = (cells[index] ?? 0) + 1;
    }
    const expected = draws / cells.length;
    const chiSquare = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Chi-square with 63 degrees of freedom: mean 63, deviation sqrt(126).
    assert.ok(Math.abs(chiSquare - 63) < 4 * Math.sqrt(126), `${chiSquare}`);
  });

  it('seeds unrelated streams: first numbers of neighbouring seeds do not correlate', () => {
    const products = range(20_000).map((seed) => {
      const [one, two] = [createGenerator(seed).next(), createGenerator(seed + 1).next()];
      return (one - 0.5) * (two - 0.5) * 12;
    });
    const { mean, standardError } = summarise(products);
    assert.ok(Math.abs(mean) < 4 * standardError);
  });
});

describe('helpers', () => {
  it('picks every item equally often', () => {
    const generator = createGenerator('pick');
    const draws = 30_000;
    const counts = { a: 0, b: 0, c: 0 };
    repeat(draws, () => {
      counts[pick(generator, ['a', 'b', 'c'] as const)] += 1;
    });
    const deviation = Math.sqrt((draws * 2) / 9);
    for (const count of Object.values(counts)) {
      assert.ok(Math.abs(count - draws / 3) < 4 * deviation);
    }
    assert.throws(() => pick(generator, []), RangeError);
  });

  it('draws normal numbers: mean 0, variance 1, kurtosis 3', () => {
    const generator = createGenerator('gaussian');
    const draws = range(40_000).map(() => gaussian(generator));
    for (const [power, expected] of [
      [1, 0],
      [2, 1],
      [3, 0],
      [4, 3],
    ] as const) {
      const { mean, standardError } = summarise(draws.map((draw) => draw ** power));
      assert.ok(Math.abs(mean - expected) < 4 * standardError, `moment ${power}: ${mean}`);
    }
  });

  it('never draws an index of probability 0', () => {
    const uniform = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const weights = fc.array(fc.nat(5), { minLength: 1 }).filter((each) => Math.max(...each) > 0);
    fc.assert(
      fc.property(uniform, weights, (draw, each) => {
        const total = each.reduce((sum, weight) => sum + weight, 0);
        assert.ok(
          each[
            drawIndex(
              draw,
              each.map((weight) => weight / total),
            )
          ]! > 0,
        );
      }),
    );
    assert.equal(drawIndex(0.999, [0.5, 0.4, 0]), 1);
    assert.throws(() => drawIndex(0.5, [0, 0]), RangeError);
  });
});

// SPDX-License-Identifier: Apache-2.0

/*
 * The little of Prometheus' protobuf exposition (io.prometheus.client.MetricFamily, delimited) that
 * a test needs: it is the only format that carries native histograms.
 */

export const PROTOBUF =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

type Labels = Readonly<Record<string, string>>;

/** A native histogram of schema 3 (8 buckets for every power of 2): count by bucket index. */
export interface NativeFamily {
  readonly name: string;
  readonly labels: Labels;
  readonly counts: ReadonlyMap<number, number>;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(Math.round(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint((field << 3) | 1), bytes]);
}

function bytes(field: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
}

const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value, 'utf8'));

function labelPairs(labels: Labels): Buffer[] {
  return Object.entries(labels).map(([name, value]) => bytes(1, text(1, name), text(2, value)));
}

function delimited(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(body.length), body]);
}

/** A counter family with one series. */
export function counterFamily(name: string, labels: Labels, value: number): Buffer {
  const metric = bytes(4, ...labelPairs(labels), bytes(3, double(1, value)));
  return delimited(text(1, name), integer(3, 0), metric);
}

/** A family with one native histogram. */
export function nativeFamily({ name, labels, counts }: NativeFamily): Buffer {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const spans: Buffer[] = [];
  const deltas: Buffer[] = [];
  let next = 0;
  let previous = 0;
  for (const [index, count] of sorted) {
    spans.push(bytes(12, integer(1, zigzag(index - next)), integer(2, 1)));
    deltas.push(integer(13, zigzag(count - previous)));
    next = index + 1;
    previous = count;
  }
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const histogram = bytes(
    7,
    integer(1, total),
    double(2, total),
    integer(5, zigzag(3)),
    double(6, 0.001),
    integer(7, 0),
    ...spans,
    ...deltas,
  );
  return delimited(text(1, name), integer(3, 4), bytes(4, ...labelPairs(labels), histogram));
}

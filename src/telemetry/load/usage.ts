// SPDX-License-Identifier: Apache-2.0

/** What `metrics.k8s.io` says of one node, with what the node can give. */
export interface NodeUsage {
  readonly node: string;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  /** What the node has to give; not known = the ratio is not known. */
  readonly capacityCores: number | undefined;
  readonly capacityBytes: number | undefined;
  /** End of the time it was measured over, milliseconds since the epoch. */
  readonly measuredAt: number;
  readonly windowSeconds: number;
}

/** Asks the API server's metrics once; it knows the present only. Rejects if it has none. */
export type NodeUsageReader = () => Promise<readonly NodeUsage[]>;

/** What a node can give, by its name. */
export type CapacityOf = (
  node: string,
) => { readonly cores: number; readonly bytes: number } | undefined;

/**
 * Reads a NodeMetricsList of `metrics.k8s.io/v1beta1`. An item that is not complete, or a quantity
 * that is none, is left out: half an item would be a node at rest.
 */
export function readNodeMetrics(list: unknown, capacityOf: CapacityOf): readonly NodeUsage[] {
  const items = asRecord(list)?.['items'];
  if (!Array.isArray(items)) return [];
  return items.flatMap((entry: unknown): NodeUsage[] => {
    const item = asRecord(entry);
    const usage = item && usageOf(item);
    const node = asRecord(item?.['metadata'])?.['name'];
    if (usage === undefined || typeof node !== 'string' || node === '') return [];
    const capacity = capacityOf(node);
    const size = { capacityCores: capacity?.cores, capacityBytes: capacity?.bytes };
    return [{ node, ...usage, ...size }];
  });
}

function usageOf(
  item: Readonly<Record<string, unknown>>,
): Pick<NodeUsage, 'cpuCores' | 'memoryBytes' | 'measuredAt' | 'windowSeconds'> | undefined {
  const usage = asRecord(item['usage']);
  const measuredAt = Date.parse(String(item['timestamp']));
  const cpuCores = quantity(usage?.['cpu']);
  const memoryBytes = quantity(usage?.['memory']);
  if (Number.isNaN(measuredAt) || cpuCores === undefined || memoryBytes === undefined) {
    return undefined;
  }
  return { cpuCores, memoryBytes, measuredAt, windowSeconds: seconds(item['window']) ?? 0 };
}

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity of the Kubernetes API as metrics-server writes it (`487558164n`, `732212Ki`). */
function quantity(value: unknown): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(typeof value === 'string' ? value : '');
  if (parts === null) return undefined;
  const [, digits = '', suffix = ''] = parts;
  const factor = Object.hasOwn(SUFFIXES, suffix) ? SUFFIXES[suffix] : undefined;
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** A Go duration of hours, minutes and seconds (`20s`, `1m30s`, `20.057s`). */
function seconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(value)) return undefined;
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  let total = 0;
  for (const [, digits = '', unit = ''] of value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    total += Number(digits) * (units[unit] ?? 0);
  }
  return total;
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

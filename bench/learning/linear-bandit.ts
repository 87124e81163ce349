// SPDX-License-Identifier: Apache-2.0
import { createGenerator, gaussian, type Generator } from '#agent/terms/random.ts';
import { demandOf } from '#cli/simulate/demand.ts';
import type { PlacementScheduler } from '#cli/simulate/scheduler.ts';
import { placeByDefault } from '#cli/simulate/static-schedulers.ts';
import type { World } from '#cli/simulate/world.ts';
import type { Pins } from '#simulator/application/pod-template.ts';
import type { Trial } from '#simulator/trial/trial.ts';
import { targetsIn, type TemplateTarget } from './templates.ts';

/** Standard deviations of a weight before anything is known, and of one cost. */
const PRIOR_DEVIATION = 0.1;
const NOISE_DEVIATION = 0.05;
const STARTS = 3;

/**
 * Thompson sampling on a Bayesian linear model of the whole placement: a weight for each service on
 * each target, for each two services that call each other being in one place, and for the square
 * of each target's share of the load. It is told the cost that regret is counted in and the CPU of
 * each service. A draw of the weights is answered with the placement that maximises it, by moves of
 * one service from random placements.
 */
export class LinearBandit implements PlacementScheduler {
  readonly order: readonly string[];
  readonly place = placeByDefault;
  pins: Pins = {};
  readonly #world: World;
  readonly #targets: readonly TemplateTarget[];
  readonly #services: readonly string[];
  readonly #edges: readonly (readonly [number, number])[];
  readonly #loads: readonly number[];
  readonly #costOf: (trial: Trial) => number;
  readonly #generator: Generator;
  /** Precision of the weights, row by row, and precision times mean. */
  readonly #precision: Float64Array;
  readonly #moment: Float64Array;
  #placement: number[] = [];

  constructor(
    world: World,
    options: { readonly seed: number; readonly costOf: (trial: Trial) => number },
  ) {
    const { application } = world;
    this.#world = world;
    this.order = application.manifestOrder;
    this.#targets = targetsIn(world);
    this.#services = application.services.map(({ name }) => name);
    const demand = demandOf(application, 1);
    const total = Object.values(demand.cpuSeconds).reduce((sum, one) => sum + one, 0);
    this.#loads = this.#services.map((name) => (demand.cpuSeconds[name] ?? 0) / total);
    this.#edges = demand.edges.map(({ source, destination }) => [
      this.#services.indexOf(source),
      this.#services.indexOf(destination),
    ]);
    this.#costOf = options.costOf;
    this.#generator = createGenerator(`linear/${options.seed}`);
    const n = this.#size;
    this.#precision = new Float64Array(n * n);
    this.#moment = new Float64Array(n);
    for (let i = 0; i < n; i++) this.#precision[i * n + i] = 1 / PRIOR_DEVIATION ** 2;
  }

  get #size(): number {
    return (this.#services.length + 1) * this.#targets.length + this.#edges.length;
  }

  begin(): void {
    const weights = this.#draw();
    let best = -Infinity;
    for (let start = 0; start < STARTS; start++) {
      const placement = this.#services.map(() =>
        Math.floor(this.#generator.next() * this.#targets.length),
      );
      const value = this.#improve(placement, weights);
      if (value <= best) continue;
      best = value;
      this.#placement = placement;
    }
    const { topologyKey } = this.#world.policy;
    this.pins = Object.fromEntries(
      this.#services.map((name, i) => [
        name,
        { nodeSelector: { [topologyKey]: this.#targets[this.#placement[i] ?? 0]?.name ?? '' } },
      ]),
    );
  }

  settle(trial: Trial): void {
    const features = this.#features(this.#placement);
    const reward = 1 - this.#costOf(trial);
    const n = this.#size;
    const scale = 1 / NOISE_DEVIATION ** 2;
    for (let i = 0; i < n; i++) {
      const feature = features[i] ?? 0;
      if (feature === 0) continue;
      this.#moment[i] = (this.#moment[i] ?? 0) + scale * feature * reward;
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        this.#precision[at] = (this.#precision[at] ?? 0) + scale * feature * (features[j] ?? 0);
      }
    }
  }

  #features(placement: readonly number[]): Float64Array {
    const targets = this.#targets.length;
    const features = new Float64Array(this.#size);
    placement.forEach((target, service) => (features[service * targets + target] = 1));
    let at = placement.length * targets;
    for (const [a, b] of this.#edges) features[at++] = placement[a] === placement[b] ? 1 : 0;
    for (let target = 0; target < targets; target++) {
      const load = placement.reduce(
        (sum, one, service) => sum + (one === target ? (this.#loads[service] ?? 0) : 0),
        0,
      );
      features[at++] = load ** 2;
    }
    return features;
  }

  #valueOf(placement: readonly number[], weights: Float64Array): number {
    return this.#features(placement).reduce((sum, one, i) => sum + one * (weights[i] ?? 0), 0);
  }

  /** Moves one service at a time to its best target until nothing improves; changes the placement. */
  #improve(placement: number[], weights: Float64Array): number {
    let value = this.#valueOf(placement, weights);
    for (;;) {
      const before = value;
      for (const service of placement.keys()) {
        for (const target of this.#targets.keys()) {
          const was = placement[service] ?? 0;
          if (was === target) continue;
          placement[service] = target;
          const now = this.#valueOf(placement, weights);
          if (now > value + 1e-12) value = now;
          else placement[service] = was;
        }
      }
      if (value <= before) return value;
    }
  }

  /** One draw from the posterior: mean + L^-T z, with precision = L L^T. */
  #draw(): Float64Array {
    const n = this.#size;
    const factor = cholesky(this.#precision, n);
    const half = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = this.#moment[i] ?? 0;
      for (let j = 0; j < i; j++) sum -= (factor[i * n + j] ?? 0) * (half[j] ?? 0);
      half[i] = sum / (factor[i * n + i] ?? 1);
    }
    for (let i = 0; i < n; i++) half[i] = (half[i] ?? 0) + gaussian(this.#generator);
    const drawn = new Float64Array(n);
    for (let i = n - 1; i >= 0; i--) {
      let sum = half[i] ?? 0;
      for (let j = i + 1; j < n; j++) sum -= (factor[j * n + i] ?? 0) * (drawn[j] ?? 0);
      drawn[i] = sum / (factor[i * n + i] ?? 1);
    }
    return drawn;
  }
}

/** The lower triangle L of a positive definite matrix, L L^T. */
function cholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] ?? 0) * (lower[j * n + k] ?? 0);
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / (lower[j * n + j] ?? 1);
    }
  }
  return lower;
}

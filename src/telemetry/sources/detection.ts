// SPDX-License-Identifier: Apache-2.0
import { signQuestions } from '#telemetry/presets/questions.ts';
import type { Sign } from '#telemetry/presets/preset.ts';
import { describeError, type VectorSource } from '#telemetry/series/vector-source.ts';

/** Anything that can be told by its series. */
interface Detectable {
  readonly name: string;
  readonly detect: readonly Sign[];
}

/**
 * Which of the presets have an exporter at `time`, in their order: one question for all of them
 * together. If it cannot be answered the first is taken, and the questions after it will tell.
 */
export async function detect<P extends Detectable>(
  presets: readonly P[],
  context: {
    readonly vectors: VectorSource;
    readonly time: number;
    readonly warn: (message: string) => void;
  },
): Promise<readonly P[]> {
  const signs = presets.flatMap((preset) =>
    signQuestions(preset).map((selection) => ({ preset, selection })),
  );
  try {
    const there = await context.vectors.present(
      signs.map(({ selection }) => selection),
      context.time,
    );
    const found = new Set(
      signs.filter(({ selection }) => there.has(selection.name)).map(({ preset }) => preset),
    );
    return presets.filter((preset) => found.has(preset));
  } catch (error) {
    context.warn(`presets: ${describeError(error)}`);
    return presets.slice(0, 1);
  }
}

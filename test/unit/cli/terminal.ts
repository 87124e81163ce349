// SPDX-License-Identifier: Apache-2.0
import type { Terminal } from '#cli/command/command.ts';

/** A terminal that remembers what was written to it. */
export interface Recorded extends Terminal {
  readonly written: { stdout: string; stderr: string };
}

/** @param how a terminal of a person (`columns` wide), or a pipe */
export function recorded(
  how: { readonly columns?: number; readonly env?: Terminal['env'] } = {},
): Recorded {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') =>
    ({
      isTTY: how.columns !== undefined,
      columns: how.columns,
      write: (text: string) => {
        written[name] += text;
        return true;
      },
    }) as unknown as Terminal['stdout'];
  return { stdout: stream('stdout'), stderr: stream('stderr'), env: how.env ?? {}, written };
}

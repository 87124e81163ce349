// SPDX-License-Identifier: Apache-2.0

/**
 * A table for people: first column left, the others right aligned.
 *
 * @param words further columns of words, left aligned
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  words: readonly number[] = [],
): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 || words.includes(column)
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('   ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('   ');
  return [line(header), rule, ...rows.map(line), ''].join('\n');
}

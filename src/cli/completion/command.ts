// SPDX-License-Identifier: Apache-2.0
import type { Command, CommandGroup } from '../command.ts';
export function completionCommand(_: () => readonly (Command | CommandGroup)[]): Command {
  return { name: 'completion', summary: 'c', flags: {}, examples: [], run: () => Promise.resolve(0) };
}

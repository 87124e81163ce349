// SPDX-License-Identifier: Apache-2.0
import { InputError } from '#errors';
import type { Command, CommandGroup } from '#cli/command/command.ts';
import { completionScript, SHELLS } from './scripts.ts';
import { completionsOf } from './words.ts';

/**
 * `perihelion completion`: a script for a shell.
 *
 * @param entries the table of commands, this one included
 */
export function completionCommand(entries: () => readonly (Command | CommandGroup)[]): Command {
  return {
    name: 'completion',
    summary: 'Print the completion script of a shell.',
    operands: { usage: 'bash|zsh|fish', minimum: 1, maximum: 1, choices: SHELLS },
    flags: {},
    examples: [
      'source <(perihelion completion bash)',
      'perihelion completion zsh > "${fpath[1]}/_perihelion"',
      'perihelion completion fish > ~/.config/fish/completions/perihelion.fish',
    ],
    run(_flags, terminal, [name = '']) {
      const shell = SHELLS.find((one) => one === name);
      if (shell === undefined) {
        const expected = `one of ${SHELLS.join(', ')}`;
        throw new InputError('PERI_SETTINGS_INVALID', 'completion', name, expected);
      }
      terminal.stdout.write(completionScript(shell, completionsOf(entries())));
      return Promise.resolve(0);
    },
  };
}

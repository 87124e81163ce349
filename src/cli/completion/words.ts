// SPDX-License-Identifier: Apache-2.0
import { type Command, type CommandGroup, isGroup } from '#cli/command/command.ts';

/** One word that a shell may offer, and what it is for. */
export interface Word {
  readonly text: string;
  readonly help: string;
}

/** A flag that is followed by a value. */
export interface Valued {
  /** As written, for example `--output` or `-o`. */
  readonly flag: string;
  /** Empty = none are known. */
  readonly choices: readonly string[];
  /** Whether the value is a file or a folder. */
  readonly files: boolean;
}

/** What can stand behind one command. */
export interface Completions {
  /** Words before: empty for the program itself, `audit`, `audit verify`. */
  readonly path: string;
  readonly words: readonly Word[];
  readonly valued: readonly Valued[];
  /** Whether files are offered for what is no flag. */
  readonly files: boolean;
}

/** The table that the scripts of all shells are made from. */
export function completionsOf(
  entries: readonly (Command | CommandGroup)[],
): readonly Completions[] {
  const top: Word[] = [
    ...entries.map(({ name, summary }) => ({ text: name, help: summary })),
    { text: 'version', help: 'Show the version.' },
    { text: 'help', help: 'Show the help page of a command.' },
  ];
  const tables = entries.flatMap((entry): Completions[] => {
    if (!isGroup(entry)) return [ofCommand(entry.name, entry)];
    const words = entry.commands.map(({ name, summary }) => ({ text: name, help: summary }));
    return [
      { path: entry.name, words, valued: [], files: false },
      ...entry.commands.map((command) => ofCommand(`${entry.name} ${command.name}`, command)),
    ];
  });
  return [{ path: '', words: top, valued: [], files: false }, ...tables];
}

function ofCommand(path: string, command: Command): Completions {
  // What is meant for the product itself is not offered to people.
  const flags = Object.entries(command.flags).filter(([, { internal }]) => internal !== true);
  const choices = (command.operands?.choices ?? []).map((text) => ({ text, help: '' }));
  return {
    path,
    words: [
      ...choices,
      ...flags.map(([name, { help }]) => ({ text: `--${name}`, help })),
      { text: '--help', help: 'Show the help page.' },
    ],
    valued: flags
      .filter(([, { type }]) => type === 'string')
      .flatMap(([name, flag]) =>
        [`--${name}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])].map((written) => ({
          flag: written,
          choices: flag.choices ?? [],
          files: ['FILE', 'DIR'].includes(flag.placeholder ?? ''),
        })),
      ),
    files: command.operands?.usage.includes('FILE') === true,
  };
}

// SPDX-License-Identifier: Apache-2.0
import { parseSettings, readSettingsFile } from '#settings/parse.ts';
import type { Settings } from '#settings/settings.ts';
import type { Flag, FlagValues } from '#cli/command/command.ts';
import { textFlag } from '#cli/command/flags.ts';

/** The flag of commands that look at a running installation. */
export const INSTALLATION_FLAG = {
  config: {
    type: 'string',
    placeholder: 'FILE',
    help: 'Settings of the installation, where its names differ from the defaults.',
  },
} as const satisfies Record<string, Flag>;

/** The settings that an installation runs with. @throws InputError when they are unusable */
export function installationOf(flags: FlagValues): Settings {
  const file = textFlag(flags, 'config');
  return parseSettings(file === undefined ? {} : readSettingsFile(file));
}

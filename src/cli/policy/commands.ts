// SPDX-License-Identifier: Apache-2.0
import type { CommandGroup } from '#cli/command/command.ts';
import { lintCommand } from './lint.ts';

/** `perihelion policy`: what people do with PlacementPolicy files. */
export const policyCommands: CommandGroup = {
  name: 'policy',
  summary: 'Check PlacementPolicy files.',
  commands: [lintCommand],
};

// SPDX-License-Identifier: Apache-2.0
import type { CommandGroup } from '#cli/command/command.ts';
import { replayCommand } from './replay.ts';
import { tailCommand } from './tail.ts';
import { verifyCommand } from './verify.ts';

/** `perihelion audit`: what people do with an audit log. */
export const auditCommands: CommandGroup = {
  name: 'audit',
  summary: 'Verify, read or replay an audit log.',
  commands: [verifyCommand, tailCommand, replayCommand],
};

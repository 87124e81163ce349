// SPDX-License-Identifier: Apache-2.0
import type { CommandGroup } from '../command.ts';
export const policyCommands: CommandGroup = { name: 'policy', summary: 'policy', commands: [] };

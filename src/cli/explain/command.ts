// SPDX-License-Identifier: Apache-2.0
import type { Command } from '../command.ts';
export const explainCommand: Command = { name: 'explain', summary: 'explain', flags: {}, examples: [], run: () => Promise.resolve(0) };

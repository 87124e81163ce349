// SPDX-License-Identifier: Apache-2.0
import type { Command } from '../command.ts';
export const doctorCommand: Command = { name: 'doctor', summary: 'doctor', flags: {}, examples: [], run: () => Promise.resolve(0) };

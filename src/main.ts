// SPDX-License-Identifier: Apache-2.0
import { runCommandLine } from '#cli/command-line.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), process);

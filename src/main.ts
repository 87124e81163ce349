// SPDX-License-Identifier: Apache-2.0
import { programOf, runCommandLine } from '#cli/program/command-line.ts';
import { endOnOutputErrors } from '#cli/terminal/output-errors.ts';

endOnOutputErrors(process, (code) => process.exit(code));

process.exitCode = await runCommandLine(process.argv.slice(2), process, programOf(process.argv[1]));

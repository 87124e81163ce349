// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { InputError } from '#errors';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag, textFlag } from '#cli/command/flags.ts';
import { INSTALLATION_FLAG, installationOf } from '#cli/access/installation.ts';
import { KUBE_FLAGS, withCluster } from '#cli/access/kube-access.ts';
import { jsonText } from '#cli/terminal/output.ts';
import { styleOf } from '#cli/terminal/style.ts';
import { courseOf } from './course-input.ts';
import { gather, type Gathered } from './gather.ts';
import { ASSUMPTION_FLAGS, assumptionsOf } from './options.ts';
import { renderPage } from './page.ts';
import { renderText } from './render-text.ts';
import { type Report, reportOf } from './report.ts';

const FORMATS = ['table', 'json', 'html'] as const;

/** `perihelion report`: what did it bring? */
export const reportCommand: Command = {
  name: 'report',
  summary: 'Say what placement saved, with intervals, and what was learned of each workload.',
  flags: {
    namespace: {
      type: 'string',
      short: 'n',
      placeholder: 'NAME',
      help: 'Only this namespace (default: all).',
    },
    policy: {
      type: 'string',
      placeholder: 'NAME',
      help: 'Only what was learned under this policy (default: all).',
    },
    ...ASSUMPTION_FLAGS,
    ...KUBE_FLAGS,
    ...INSTALLATION_FLAG,
    audit: {
      type: 'string',
      placeholder: 'FILE',
      help: "The learner's audit log: adds how it went over time, with plots in html.",
    },
    offline: {
      type: 'boolean',
      help: 'Only from the audit log, without a cluster; needs --audit.',
    },
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      choices: FORMATS,
      help: 'table, json or html (default table); html is one page that needs no internet.',
    },
    out: { type: 'string', placeholder: 'FILE', help: 'Write to this file, not to the terminal.' },
  },
  notes: [
    'Savings are against Pods that a draw left to the default scheduler; too few of them give no',
    'figure, which is not a saving of 0. Intervals are 95 % confidence sequences: look as often as',
    'you like. Reads PlacementModels and PlacementPolicies, and changes nothing.',
  ],
  examples: [
    'perihelion report',
    'perihelion report -n shop --grams-per-kilowatt-hour 380 --price-per-kilowatt-hour 0.31 --currency EUR',
    'perihelion report --output html --out report.html',
    'perihelion report --offline --audit out/demo/audit-seed-1.jsonl --output html --out report.html',
  ],
  run: report,
};

/** Without a cluster there is nothing to read. */
const NOTHING_GATHERED: Gathered = { shards: [], policies: undefined, unreadable: [] };

async function report(flags: FlagValues, terminal: Terminal): Promise<number> {
  const format = choiceFlag(flags, 'output', FORMATS);
  const assumptions = assumptionsOf(flags);
  const settings = installationOf(flags);
  const file = textFlag(flags, 'out');
  const selection = {
    namespace: textFlag(flags, 'namespace'),
    policy: textFlag(flags, 'policy'),
    ownNamespace: settings.namespace,
  };
  const offline = flags['offline'] === true;
  const audit = textFlag(flags, 'audit');
  if (offline && audit === undefined) {
    const expected = 'an audit log, because of --offline';
    throw new InputError('PERI_SETTINGS_INVALID', '--audit', undefined, expected);
  }
  const found = offline
    ? NOTHING_GATHERED
    : await withCluster(flags, ({ client }) => gather(client, selection));
  const made = {
    ...reportOf(found, assumptions, Date.now()),
    courses: audit === undefined ? undefined : await courseOf(audit, selection.namespace, terminal),
  };
  if (file === undefined) terminal.stdout.write(rendered(made, format, terminal));
  else {
    // A file is read elsewhere: no colours, nothing cut.
    save(file, rendered(made, format, { ...terminal, env: { NO_COLOR: '1' } }));
    terminal.stderr.write(`wrote ${file}\n`);
  }
  return 0;
}

function rendered(made: Report, format: (typeof FORMATS)[number], terminal: Terminal): string {
  switch (format) {
    case 'table':
      return renderText(made, styleOf(terminal));
    case 'json':
      return jsonText(made);
    case 'html':
      return renderPage(made);
  }
}

/** @throws InputError when the file cannot be written */
function save(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new InputError('PERI_SETTINGS_INVALID', '--out', file, `a file to write to (${code})`);
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag } from '#cli/command/flags.ts';
import { INSTALLATION_FLAG, installationOf } from '#cli/access/installation.ts';
import { type ClusterAccess, KUBE_FLAGS, withCluster } from '#cli/access/kube-access.ts';
import { jsonText, OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { patientProgress } from '#cli/terminal/patience.ts';
import { styleOf } from '#cli/terminal/style.ts';
import { checkCertificate } from './certificate.ts';
import { checkFailOpen, checkNamespaces } from './cluster.ts';
import { checkDryRun } from './dry-run.ts';
import type { Finding } from './finding.ts';
import { checkAdherence } from './adherence.ts';
import { checkLease, checkModels } from './learner.ts';
import { checkDefinitions, checkPolicies } from './policies.ts';
import { countsOf, renderFindings } from './render.ts';
import { checkRights } from './rights.ts';
import { type Survey, survey } from './survey.ts';
import { checkTelemetry } from './telemetry.ts';
import { checkWebhook } from './webhook.ts';

/** `perihelion doctor`: is the installation well, and what mends it? */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Look an installation over: each finding in one line, with the command that mends it.',
  flags: { ...KUBE_FLAGS, ...INSTALLATION_FLAG, ...OUTPUT_FLAG },
  notes: [
    'Changes nothing; one Pod is tried with a dry run. What your account may not look at comes as',
    'a warning. Exit codes: 0 no problem (warnings may be), 1 a problem, 2 bad input.',
  ],
  examples: [
    'perihelion doctor',
    'perihelion doctor --context production --output json',
    'perihelion doctor --config settings.yaml',
  ],
  run: doctor,
};

type Check = (survey: Survey, access: ClusterAccess) => Finding[] | Promise<Finding[]>;

/** In the order of a Pod's way. */
const CHECKS: readonly Check[] = [
  checkDefinitions,
  checkWebhook,
  checkCertificate,
  (found, { client }) => checkDryRun(found, client),
  (found, { client }) => checkRights(found, client),
  checkFailOpen,
  checkNamespaces,
  checkPolicies,
  checkLease,
  checkModels,
  (found, { client }) => checkAdherence(found, client),
  (found, { config }) => checkTelemetry(found, config),
];

async function doctor(flags: FlagValues, terminal: Terminal): Promise<number> {
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const settings = installationOf(flags);
  return withCluster(flags, async (access) => {
    const progress = patientProgress(terminal, () => performance.now());
    const findings: Finding[] = [];
    try {
      const found = await survey(access, settings, Date.now());
      for (const [index, check] of CHECKS.entries()) {
        progress.update((index + 1) / (CHECKS.length + 1), 'looking');
        findings.push(...(await check(found, access)));
      }
    } finally {
      progress.end();
    }
    const counts = countsOf(findings);
    terminal.stdout.write(
      format === 'json'
        ? jsonText({ ok: counts.problem === 0, counts, findings })
        : renderFindings(findings, styleOf(terminal)),
    );
    return counts.problem > 0 ? 1 : 0;
  });
}

// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_ACTION } from '#agent/terms/action.ts';
import { resourcePath, RESOURCES } from '#cluster/api/resources.ts';
import { projectPod } from '#cluster/objects/project-pod.ts';
import { projectNode } from '#cluster/objects/project.ts';
import { InputError, PerihelionError } from '#errors';
import type { PooledKubeConfig } from '#cluster/api/pooled-kube-config.ts';
import { openLog, watchedLines } from '#cli/audit/log-input.ts';
import type { Command, FlagValues, Terminal } from '#cli/command/command.ts';
import { choiceFlag, textFlag } from '#cli/command/flags.ts';
import { INSTALLATION_FLAG, installationOf } from '#cli/access/installation.ts';
import {
  type ClusterAccess,
  KUBE_FLAGS,
  listOptional,
  NAMESPACE_FLAG,
  namespaceOf,
  withCluster,
} from '#cli/access/kube-access.ts';
import { jsonText, OUTPUT_FLAG } from '#cli/terminal/output.ts';
import { styleOf } from '#cli/terminal/style.ts';
import { explainPreference, type Outweighed } from './outweighed.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { explanationOf } from './explanation.ts';
import { claimedDecision } from './claimed.ts';
import { gather, type Gathered } from './gather.ts';
import { renderExplanation } from './render.ts';

/** `perihelion explain`: why is this Pod there? */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'Say why a Pod is where it is: the decision, its alternatives, what came of it.',
  operands: { usage: 'NAMESPACE/POD', minimum: 1, maximum: 1 },
  flags: {
    namespace: NAMESPACE_FLAG,
    ...KUBE_FLAGS,
    audit: {
      type: 'string',
      placeholder: 'FILE',
      help: 'Audit log: adds what was infeasible and why, the values then, what was earned.',
    },
    ...INSTALLATION_FLAG,
    ...OUTPUT_FLAG,
  },
  notes: [
    'Works for a Pod without a decision too, and then says why it has none. Q is the advantage',
    'over the default scheduler that the model believes in now; samples 0 is a guess.',
  ],
  examples: [
    'perihelion explain shop/frontend-5d8f7c9b4-abcde',
    'perihelion explain -n shop frontend-5d8f7c9b4-abcde --audit audit.jsonl',
    'perihelion explain shop/frontend-5d8f7c9b4-abcde --output json',
  ],
  run: explain,
};

async function explain(
  flags: FlagValues,
  terminal: Terminal,
  [operand = '']: readonly string[],
): Promise<number> {
  const format = choiceFlag(flags, 'output', ['table', 'json']);
  const settings = installationOf(flags);
  const audit = textFlag(flags, 'audit');
  const log = audit === undefined ? undefined : await openLog(audit, terminal, '--audit');
  return withCluster(flags, async ({ client, config }) => {
    const gathered = await gather(client, podOf(operand, flags, config), settings);
    let evidence: Evidence | undefined;
    if (log !== undefined) {
      const lines = watchedLines(log, terminal, () => performance.now());
      evidence = await evidenceOf(gathered.pod, lines);
    }
    const outweighed = await outweighedOf(client, gathered);
    const explanation = explanationOf(gathered, evidence, outweighed);
    const text =
      format === 'json' ? jsonText(explanation) : renderExplanation(explanation, styleOf(terminal));
    terminal.stdout.write(text);
    return 0;
  });
}

/**
 * Why a preference was not followed. Only then all Nodes and Pods are listed; whoever may not list
 * them gets the explanation without it.
 */
async function outweighedOf(
  client: ClusterAccess['client'],
  { raw, pod, workload, policy, decision, node }: Gathered,
): Promise<Outweighed | undefined> {
  if (decision.kind === 'absent' || decision.kind === 'forged') return undefined;
  const claimed = decision.kind === 'valid' ? decision.record : claimedDecision(pod.annotations);
  const { action: target, shadow } = claimed;
  const { topologyKey } = policy.spec;
  if (target === DEFAULT_ACTION || shadow === true) return undefined;
  if (node !== undefined && node.labels[topologyKey] === target) return undefined;
  try {
    const [nodes = [], pods = []] = await Promise.all([
      listOptional(client, resourcePath(RESOURCES.nodes), projectNode),
      listOptional(client, resourcePath(RESOURCES.pods), projectPod),
    ]);
    return explainPreference({ raw, pod, workload, policy, target, nodes, pods });
  } catch (error) {
    if (error instanceof PerihelionError) return undefined;
    throw error;
  }
}

/** @throws InputError when the operand is neither NAMESPACE/POD nor POD */
function podOf(
  operand: string,
  flags: FlagValues,
  config: PooledKubeConfig,
): { readonly namespace: string; readonly name: string } {
  const parts = operand.split('/');
  const [first = '', second] = parts;
  const usable = parts.length <= 2 && parts.every((part) => part !== '');
  if (!usable) {
    throw new InputError('PERI_SETTINGS_INVALID', 'POD', operand, 'NAMESPACE/POD, or POD with -n');
  }
  if (second === undefined) return { namespace: namespaceOf(flags, config), name: first };
  return { namespace: first, name: second };
}

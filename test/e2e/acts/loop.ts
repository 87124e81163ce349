// SPDX-License-Identifier: Apache-2.0
import type { ActSpec } from '../acts.ts';
import { checkAdmission } from '../checks/admission.ts';
import { checkAudit } from '../checks/audit.ts';
import { checkDefinitions } from '../checks/definitions.ts';
import { checkDryRun, checkDryRunForgotten } from '../checks/dry-run.ts';
import { checkGeneratedPods } from '../checks/generated-pods.ts';
import { checkLearning } from '../checks/learning.ts';
import { checkModel } from '../checks/model.ts';
import { checkOperations, webhookLatency } from '../checks/operations.ts';
import { checkDrain, checkOutage } from '../checks/outage.ts';
import { checkRequire } from '../checks/require.ts';
import { checkRights } from '../checks/rights.ts';
import { checkRotation } from '../checks/rotation.ts';
import { checkScaling } from '../checks/scaling.ts';
import { checkSilence } from '../checks/silence.ts';
import { meanFigure, oneFigure } from '../results.ts';
import type { Figure, Findings } from '../results.ts';
import { setStage, startProduct } from '../setting.ts';

/** Installs the product, lets it inject and learn, and disturbs it in the ordinary ways. */
export async function performLoop(act: ActSpec): Promise<Partial<Findings>> {
  const timings: Record<string, Figure> = {};
  const stage = await setStage(act, timings);
  try {
    if (!(await startProduct(act, stage, timings))) return { timings };
    await checkDefinitions(stage);
    await checkRights(stage);
    await checkOperations(stage);
    await act.progress.step('admission', () => checkAdmission(stage));
    const dryRun = await act.progress.step('dry run', () => checkDryRun(stage));
    await act.progress.step('generated Pods', () => checkGeneratedPods(stage));
    await act.progress.step('require', () => checkRequire(stage, act.root));
    const learning = await act.progress.step('learning', () => checkLearning(stage));
    timings['rollout'] = meanFigure(learning.value.rolloutSeconds, 'seconds');
    const adherence = await checkModel(stage);
    await checkDryRunForgotten(stage, dryRun.value);
    await act.progress.step('scaling', () => checkScaling(stage, act.root));
    const { milliseconds, calls } = await webhookLatency(stage);
    act.progress.say(
      `the API server waited ${milliseconds.toFixed(1)} ms per call, ${calls} calls`,
    );
    timings['webhookCall'] = oneFigure(milliseconds, 'milliseconds');
    await act.progress.step('silence', () => checkSilence(stage));
    await act.progress.step('rotation', () => checkRotation(stage));
    await act.progress.step('drain', () => checkDrain(stage));
    await act.progress.step('outage', () => checkOutage(stage));
    const { matched, differing } = await checkAudit(stage);
    return {
      ...(adherence === undefined ? {} : { adherence }),
      auditMatched: oneFigure(matched, 'patches'),
      auditDiffering: oneFigure(differing, 'patches'),
      timings,
    };
  } finally {
    stage.ledger.stop();
    stage.models.stop();
    await stage.world.stop();
  }
}

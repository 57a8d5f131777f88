import { bundledOf } from '#shared/contract/run/bundled-data.ts';
import type { DemoSettings, RunPlan } from '#shared/contract/run/settings.ts';
import { weightRuleDefault } from '#shared/contract/run/weight-rule.ts';

/** How the federation of a demo trains. */
export function demoPlan(settings: DemoSettings): RunPlan {
  return {
    name: `${bundledOf(settings.data)?.source ?? 'own data'}, ${settings.split === 'iid' ? 'even' : 'uneven'} split`,
    rounds: settings.rounds,
    minimumParticipants: settings.participants,
    quorum: 0.75,
    localEpochs: settings.localEpochs,
    ...weightRuleDefault,
    seed: settings.seed,
    trainingDeadlineMs: settings.deadlineMs,
    evaluationDeadlineMs: settings.deadlineMs,
    // Processes take about a second each to start where there are many.
    registrationDeadlineMs: Math.max(60_000, settings.deadlineMs, settings.participants * 3_000),
  };
}

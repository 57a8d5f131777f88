import { violated } from '#shared/base/invariant.ts';
import type { Step } from '../machine.ts';
import { modelsHeldMax, pendingUpdatesMax, type ParticipantEffect, type ParticipantState } from './state.ts';

type ParticipantStep = Step<ParticipantState, ParticipantEffect>;

/**
 * What holds after every step of a participant, whatever its coordinator says.
 * @param before null: the first step
 * @throws InvariantError
 */
export function checkParticipant(before: ParticipantState | null, { state, effects }: ParticipantStep): void {
  const { models, pendingUpdates, task, jobs, outcome, phase, lastUpdate } = state;
  if (models.length > modelsHeldMax) violated(`${models.length} global models are held`);
  if (pendingUpdates.length > pendingUpdatesMax) violated(`${pendingUpdates.length} updates wait for a decision`);
  if (task !== null && task.job !== null && task.job !== jobs)
    violated(`job ${task.job} runs, and ${jobs} is the newest`);
  if (outcome !== null && (task !== null || phase !== 'idle')) violated('work goes on after the run');
  for (const effect of effects) {
    if ((effect.kind === 'train' || effect.kind === 'evaluate') && effect.job !== task?.job)
      violated(`job ${effect.job} begins and is nobody's task`);
  }
  if (before === null) return;
  if (jobs < before.jobs || jobs > before.jobs + 1) violated(`job ${jobs} follows job ${before.jobs}`);
  if (before.outcome !== null && outcome !== before.outcome) violated('the run ends twice');
  const last = before.lastUpdate;
  // One update a round: asked again it sends the same, and a new one needs another model to start from.
  if (last !== null && lastUpdate?.round === last.round && lastUpdate.body.base === last.body.base)
    if (lastUpdate.hash !== last.hash) violated(`two updates of round ${last.round}`);
}

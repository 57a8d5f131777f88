import { admitsAnyone } from '#shared/contract/run/admission.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { RunPlanBody } from '#shared/contract/messages.ts';
import { isOpen } from '#shared/contract/events.ts';
import type { CoordinatorDraft } from './draft.ts';
import type { LinkRecord } from './state.ts';

/**
 * Says what the run is about and asks, before the participant says who it is: so that it can fit its data to it, or stay
 * out of it, on its own machine.
 */
export function tellPlan(draft: CoordinatorDraft, link: LinkRecord): void {
  sendPlan(draft, link.link, { nameTaken: isTaken(draft, link) });
}

/** The same to somebody who only looks and takes no part. */
export function answerProbe(
  draft: CoordinatorDraft,
  { link, asks, kept }: { readonly link: number; readonly asks: ParticipantId; readonly kept: boolean },
): void {
  const known = draft.s.participants.get(asks);
  const other = known === undefined || known.left !== null ? undefined : draft.linkOf(known);
  const nameTaken = other !== undefined && isOpen(other.state);
  sendPlan(draft, link, { nameTaken, ...(kept && !nameTaken ? { nameKept: true as const } : {}) });
}

function sendPlan(draft: CoordinatorDraft, link: number, name: Pick<RunPlanBody, 'nameTaken' | 'nameKept'>): void {
  const { s } = draft;
  const { settings, model, classes, parameters, baselineAccuracy, software } = s.config;
  const { rule } = s.config.admission ?? admitsAnyone;
  const body: RunPlanBody = {
    runName: settings.name,
    rounds: settings.rounds,
    minimumParticipants: settings.minimumParticipants,
    quorum: settings.quorum,
    localEpochs: settings.localEpochs,
    batchSize: settings.batchSize,
    learningRate: settings.learningRate,
    optimizer: settings.optimizer,
    trainingDeadlineMs: settings.trainingDeadlineMs,
    weightCap: settings.weightCap,
    normClip: settings.normClip,
    model,
    parameters,
    classes: [...classes],
    baselineAccuracy,
    registered: draft.remaining().length,
    round: s.round,
    phase: s.phase,
    ...name,
    ...(rule === 'anyone' ? {} : { admits: rule }),
    software,
  };
  draft.send(link, { kind: 'run_plan', round: s.round, body });
}

/** Whether the name of this link is another key's. */
function isTaken(draft: CoordinatorDraft, link: LinkRecord): boolean {
  const known = draft.s.participants.get(link.participant);
  return known !== undefined && known.left === null && known.key !== link.peerKey;
}

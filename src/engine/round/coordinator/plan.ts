import { admitsAnyone } from '#shared/contract/run/admission.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { HeaderOf, RunPlanBody } from '#shared/contract/messages.ts';
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

/**
 * Sends the network of the run to somebody who has not got it: before it registers, since it looks first at what it would
 * train. Whoever has the invitation may see it, as it may see the plan; weights are not in it.
 */
export function sendGraph(draft: CoordinatorDraft, link: LinkRecord, header: HeaderOf<'graph_request'>): void {
  const { round, config } = draft.s;
  const { graph } = config.model;
  const refuse = (code: 'model_invalid' | 'rate_exceeded', reason: string): void =>
    draft.send(link.link, { kind: 'error', round, replyTo: header.id, body: { code, reason } });
  if (graph?.hash !== header.body.hash)
    return refuse('model_invalid', `this run has no network ${header.body.hash.slice(0, 12)}`);
  if (link.graphsSent >= limits.graphsPerLinkMax)
    return refuse('rate_exceeded', `the network was sent ${limits.graphsPerLinkMax} times over this link`);
  draft.setLink({ ...link, graphsSent: link.graphsSent + 1 });
  draft.send(link.link, { kind: 'model_graph', round, replyTo: header.id, body: {}, model: graph.hash });
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

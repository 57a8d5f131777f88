import type { ParticipantId } from '#shared/contract/ids.ts';
import { isOpen } from '#shared/contract/events.ts';
import { timing } from '#shared/contract/limits.ts';
import type { CoordinatorDraft } from '../draft.ts';
import type { LinkRecord, Member, Transfer } from '../state.ts';
import { roundWait } from './round-wait.ts';

/** No news from a participant at work for this long is worth a word. */
const staleMs = 3_000;

/** Why each participant that is waited for is waited for, in words: what the coordinator knows, from the wire up. */
export function waitReasons(
  draft: CoordinatorDraft,
): { readonly participant: ParticipantId; readonly reason: string }[] {
  return roundWait(draft.s).waitingFor.map((participant) => ({ participant, reason: reasonFor(draft, participant) }));
}

/** Reasons that a sentence can bear; who else is waited for is named without one. */
const reasonsInSentence = 2;

/** The same as one sentence, for the reason with which a run ends. */
export function describeWaiting(draft: CoordinatorDraft): string {
  const reasons = waitReasons(draft);
  if (reasons.length === 0) return 'Nobody was waited for';
  return `Waited for ${reasons.map(({ participant, reason }, k) => (k < reasonsInSentence ? `${participant} (${reason})` : participant)).join(', ')}`;
}

function reasonFor(draft: CoordinatorDraft, id: ParticipantId): string {
  const { s, now } = draft;
  const participant = s.participants.get(id);
  const link = participant === undefined ? undefined : draft.linkOf(participant);
  const member = s.members.get(id);
  if (link === undefined && s.restartedMs !== null)
    return `the coordinator was restarted ${seconds(now.monotonicMs - s.restartedMs)} ago, not back yet`;
  const broken = brokenLink(link, now.monotonicMs);
  if (broken !== null) return broken;
  if (member === undefined || link === undefined) return 'not back yet';
  return s.phase === 'evaluating' ? evaluationReason(draft, member) : trainingReason(draft, member, link);
}

function brokenLink(link: LinkRecord | undefined, nowMs: number): string | null {
  if (link === undefined) return 'link closed';
  // Whoever opens one connection after the other never hears an answer: say so, also in the moment when one is open.
  const churn =
    link.connections > 2
      ? `, ${link.connections} connections so far and ${link.unacknowledged} messages that it has not acknowledged`
      : '';
  if (!isOpen(link.state)) {
    const why = link.reason === '' ? link.state : link.reason;
    const since = seconds(nowMs - link.sinceMs);
    return `link ${link.state === 'resuming' ? `resuming for ${since}` : `lost ${since} ago`}: ${why}${churn}`;
  }
  const silentMs = nowMs - link.lastHeardMs;
  if (silentMs > timing.peerSilentMs) return `no sign of life for ${seconds(silentMs)}`;
  return churn !== '' && link.unacknowledged > 0 ? `hears nothing${churn}` : null;
}

function trainingReason(draft: CoordinatorDraft, member: Member, link: LinkRecord): string {
  const nowMs = draft.now.monotonicMs;
  const { progress, transfer } = member;
  const held = link.obstacle === undefined ? '' : `: ${link.obstacle}`;
  if (transfer?.direction === 'up' && transfer.kind === 'model_update')
    return `trained, ${onItsWay('update', transfer, nowMs)}${held}`;
  if (progress !== null) {
    const epoch = progress.epochs > 1 ? `epoch ${progress.epoch} of ${progress.epochs}, ` : '';
    const quietMs = nowMs - progress.atMs;
    const quiet = quietMs > staleMs ? `, no progress for ${seconds(quietMs)}` : '';
    const done = progress.epoch >= progress.epochs && progress.batch >= progress.batches;
    if (done) return `trained${quietMs > staleMs ? ` ${seconds(quietMs)} ago` : ''}, update not here yet${held}`;
    return `training, ${epoch}batch ${progress.batch} of ${progress.batches}${quiet}`;
  }
  if (transfer?.direction === 'down' && transfer.sentBytes < transfer.totalBytes)
    return `${onItsWay('model', transfer, nowMs)}${held}`;
  const sinceMs = nowMs - member.startedMs;
  if (!member.delivered)
    return `${member.awaitsModel ? 'model' : 'start_training'} sent ${seconds(sinceMs)} ago, not acknowledged (${link.unacknowledged} messages on their way)${held}`;
  return sinceMs > staleMs ? `told to train ${seconds(sinceMs)} ago, no progress yet` : 'told to train';
}

function evaluationReason(draft: CoordinatorDraft, member: Member): string {
  const { transfer } = member;
  if (transfer?.direction === 'down' && transfer.sentBytes < transfer.totalBytes)
    return onItsWay('new model', transfer, draft.now.monotonicMs);
  return `told to evaluate ${seconds(draft.now.monotonicMs - draft.s.phaseSinceMs)} ago, no result yet`;
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`;
}

/** A transfer that moves, or one that does not. */
function onItsWay(what: string, transfer: Transfer, nowMs: number): string {
  const quietMs = nowMs - transfer.atMs;
  const how = quietMs > staleMs ? `stuck for ${seconds(quietMs)} at` : 'on its way,';
  return `${what} ${how} ${megabytes(transfer)}`;
}

function megabytes({ sentBytes, totalBytes }: Transfer): string {
  return `${(sentBytes / 1e6).toFixed(1)}/${(totalBytes / 1e6).toFixed(1)} MB`;
}

import { listNames } from '#shared/base/text/list-names.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { ErrorCode } from '#shared/base/errors.ts';
import type { DataSummary, HeaderOf } from '#shared/contract/messages.ts';
import { shapeWords } from '#shared/contract/run/shape-words.ts';
import { isOpen } from '#shared/contract/events.ts';
import type { EventData } from '#shared/contract/events.ts';
import { type Entry, decide, decided, entryOf, stopsWaiting, timesWords, waitToBeLetIn, whoIs } from './admission.ts';
import { refusedWords } from '#engine/round/admission.ts';
import { takeInLate, tellMissedEnds } from '../phases/back.ts';
import type { CoordinatorDraft } from '../draft.ts';
import { askToEvaluate } from '../phases/evaluation.ts';
import { forgetPause } from '../phases/pause.ts';
import { tellPlan } from '../plan.ts';
import type { CoordinatorConfig, CoordinatorInput, LinkRecord, ParticipantRecord } from '../state.ts';
import { askToTrain } from '../phases/training.ts';

type InputOf<K extends CoordinatorInput['kind']> = Extract<CoordinatorInput, { kind: K }>;

export function linkOpened(draft: CoordinatorDraft, input: InputOf<'link_opened'>): void {
  const { link, participant, address, protocol, stack, peerKey } = input;
  const at = draft.now.monotonicMs;
  const record: LinkRecord = {
    link,
    participant,
    address,
    protocol,
    stack,
    state: 'ready',
    reason: '',
    sinceMs: at,
    lastHeardMs: at,
    connections: 1,
    unacknowledged: 0,
    peerKey,
    registeredMs: -Infinity,
    openedMs: at,
    graphsSent: 0,
    terms: input.terms,
    owns: input.owns,
  };
  draft.s.strangersAtMs = Math.min(draft.s.strangersAtMs, at + timing.registerWithinMs);
  draft.setLink(record);
  tellPlan(draft, record);
}

export function linkState(draft: CoordinatorDraft, input: InputOf<'link_state'>): void {
  const record = draft.s.links.get(input.link);
  if (record === undefined) return;
  const { kind: _, ...news } = input;
  const changed = record.state !== news.state;
  const link = { ...record, ...news, sinceMs: changed ? draft.now.monotonicMs : record.sinceMs };
  draft.setLink(link);
  if (isOpen(link.state) && !isOpen(record.state)) back(draft, link);
}

/** The link of somebody who takes part is open again. */
function back(draft: CoordinatorDraft, { participant, link }: LinkRecord): void {
  if (draft.s.participants.get(participant)?.link !== link) return;
  tellMissedEnds(draft, participant);
  takeInLate(draft, participant);
}

/**
 * The link is given up for good: by goodbye, or because another process took its name. In the second case the new link is
 * open already, and the participant has not left: it is about to register again.
 */
export function linkClosed(
  draft: CoordinatorDraft,
  link: number,
  how: { readonly reason: string; readonly clean: boolean },
): void {
  const record = draft.s.links.get(link);
  if (record === undefined) return;
  draft.removeLink(link);
  stopsWaiting(draft, record, how.reason);
  const participant = draft.s.participants.get(record.participant);
  // Somebody who wanted the name of a participant, and did not have its key.
  if (participant === undefined || participant.key !== record.peerKey) return;
  for (const other of draft.s.links.values()) if (other.peerKey === participant.key) return draft.waitingSetChanged();
  participantGone(draft, participant, { reason: how.reason, clean: how.clean });
}

export function participantGone(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  how: { readonly reason: string; readonly clean: boolean },
): void {
  if (participant.left !== null) return;
  draft.journal({ kind: 'left', participant: participant.id, reason: how.reason.slice(0, 1000), clean: how.clean });
  takeOut(draft, participant, how);
}

/** What a record of the journal says already: that it has left, or was sent away. */
export function takeOut(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  how: { readonly reason: string; readonly clean: boolean },
): void {
  draft.report('participant_left', { participant: participant.id, ...how });
  draft.waitingSetChanged();
  if (draft.s.members.has(participant.id)) draft.patchParticipant(participant.id, { left: how });
  else draft.removeParticipant(participant.id);
}

/**
 * A participant introduces itself: for the first time, or again after its process was restarted and all that it held was
 * lost. Its key is the one that its link has proved. A name belongs to that key until its owner has left; the link gives it
 * to nobody else before that, and neither does this.
 */
export function registered(draft: CoordinatorDraft, link: LinkRecord, header: HeaderOf<'register'>): void {
  // Each is written to disk before it is answered: how often that happens is not for one participant to say.
  if (!isTooOften(draft, link, header)) enter(draft, link, header);
}

function enter(draft: CoordinatorDraft, link: LinkRecord, header: HeaderOf<'register'>): void {
  const { s } = draft;
  const { key, data, trainer, name } = header.body;
  const known = s.participants.get(link.participant);
  const entry = entryOf(draft, link);
  const refusal = refusalOf(draft, link, header, entry);
  if (refusal !== null) return refuse(draft, link, header, refusal.code, refusal.reason);
  if (entry.kind === 'waits') return waitToBeLetIn(draft, link, header);
  if (known !== undefined && known.link !== link.link && s.links.has(known.link)) {
    draft.effects.push({
      kind: 'close_link',
      link: known.link,
      code: 'replaced',
      reason: `${name} registered again over a new link`,
    });
  }
  const member = s.members.get(link.participant);
  const sameProcess = known !== undefined && known.link === link.link && known.left === null;
  // Another key under the same name is another participant: what is counted under the name stays, the newcomer waits.
  const continues = known !== undefined && known.key === key && member !== undefined;
  const fromRound = s.phase === 'registering' ? Math.max(1, s.round) : continues ? known.fromRound : s.round + 1;
  const facts = {
    id: link.participant,
    key,
    data,
    trainer,
    fromRound,
    lastCounted: known?.key === key ? known.lastCounted : null,
    misses: known?.key === key ? known.misses : 0,
    counted: known?.key === key ? known.counted : 0,
    left: null,
  };
  const toldRound = known?.key === key ? known.toldRound : (s.ends.at(-1)?.round ?? 0);
  if (known !== undefined) forgetPause(draft, known);
  draft.setParticipant({ ...facts, link: link.link, holds: null, paused: false, toldRound });
  draft.journal({ kind: 'participant', participant: facts });
  draft.effects.push({ kind: 'admitted', link: link.link });
  draft.report('participant_joined', {
    participant: link.participant,
    key,
    ...cameOver(link),
    data,
    trainer,
    fromRound,
    counted: facts.counted,
  });
  draft.waitingSetChanged();
  welcome(draft, link, header, fromRound);
  tellMissedEnds(draft, link.participant);
  turnAwayOthers(draft, link);
  if (member === undefined) return;
  if (!continues) return draft.patchMember(link.participant, { failure: 'another participant took over the name' });
  if (!sameProcess)
    draft.patchMember(link.participant, { delivered: false, progress: null, transfer: null, failure: null });
  askAgain(draft, link, sameProcess);
}

/** Why somebody cannot take part, most telling first. */
function refusalOf(
  draft: CoordinatorDraft,
  link: LinkRecord,
  { body: { key, data, name } }: HeaderOf<'register'>,
  entry: Entry,
): { readonly code: ErrorCode; readonly reason: string } | null {
  const { s } = draft;
  const known = s.participants.get(link.participant);
  if (name !== link.participant) return { code: 'sender_mismatch', reason: `${link.participant} registers as ${name}` };
  const forged = forgedKey(link, key);
  if (forged !== null) return { code: 'key_mismatch', reason: forged };
  if (known !== undefined && known.key !== key && known.left === null) {
    const reason = `another participant already takes part as ${name}; choose another name`;
    return { code: 'participant_name_taken', reason };
  }
  const misfit = misfitOf(data, s.config);
  if (misfit !== null) return { code: 'data_invalid', reason: misfit };
  if (entry.kind === 'refused') return entry;
  if (known !== undefined || draft.remaining().length < s.config.participantsMax) return null;
  return { code: 'participant_limit', reason: `the run has its ${s.config.participantsMax} participants` };
}

/** By the coordinator's user: who waits comes in; who was refused before is let in when it comes again. */
export function admit(
  draft: CoordinatorDraft,
  { participant: id, key }: { readonly participant: ParticipantId; readonly key?: string | undefined },
): void {
  const waiting = decided(draft, { participant: id, key });
  if (waiting === null) {
    const one = draft.s.participants.get(id);
    // Said twice, in two windows or by two presses: what was wanted has come to pass.
    if (one?.left === null && (key ?? one.key) === one.key) return;
    // The latest: who was refused long ago under the same name is another one.
    const before = draft.s.admission.refused.findLast((one) => one.id === id && (key ?? one.key) === one.key);
    if (before === undefined) return nobodyWaits(draft, id);
    decide(draft, { kind: 'admitted', id, key: before.key });
    const reason = 'refused before, and let in when it comes again';
    return draft.report('admission', { participant: id, key: before.key, address: '', state: 'admitted', reason });
  }
  const { link, asking } = waiting;
  // What it came with may not fit, or its name or the last place be another one's by now: nobody is told that it is in then.
  const refusal = refusalOf(draft, link, asking.header, { kind: 'in' });
  if (refusal !== null) {
    const reason = `it cannot be let in: ${refusal.reason}`;
    draft.report('admission', { ...whoIs(link), state: 'refused', reason: reason.slice(0, 1000) });
    return refuse(draft, link, asking.header, refusal.code, refusal.reason);
  }
  decide(draft, { kind: 'admitted', id, key: link.peerKey });
  draft.report('admission', { ...whoIs(link), state: 'admitted', reason: `let in${timesWords(asking)}` });
  enter(draft, link, asking.header);
}

/** By the coordinator's user: who waits is not let in, and its key not again in this run unless that is taken back. */
export function turnAway(
  draft: CoordinatorDraft,
  { participant: id, key }: { readonly participant: ParticipantId; readonly key?: string | undefined },
): void {
  const waiting = decided(draft, { participant: id, key });
  if (waiting === null) return nobodyWaits(draft, id);
  const { link, asking } = waiting;
  decide(draft, { kind: 'refused', id, key: link.peerKey });
  draft.report('admission', { ...whoIs(link), state: 'refused', reason: `not let in${timesWords(asking)}` });
  refuse(draft, link, asking.header, 'admission_refused', refusedWords(id));
}

/** The name is one key's from now on: whoever else has a link under it is told so at once. */
function turnAwayOthers(draft: CoordinatorDraft, { participant: id, peerKey }: LinkRecord): void {
  for (const other of draft.s.links.values()) {
    if (other.participant !== id || other.peerKey === peerKey) continue;
    const reason = `another participant was let in as ${id}; choose another name`;
    stopsWaiting(draft, other, reason);
    draft.effects.push({ kind: 'close_link', link: other.link, code: 'participant_name_taken', reason });
  }
}

function nobodyWaits(draft: CoordinatorDraft, id: ParticipantId): void {
  draft.report('notice', { level: 'warning', text: `Nobody of the name ${id} waits to be let in.` });
}

/** Back in a round that it is part of: told what it may not have heard, asked for what is not here yet. */
function askAgain(draft: CoordinatorDraft, link: LinkRecord, sameProcess: boolean): void {
  const { s } = draft;
  const participant = s.participants.get(link.participant);
  const member = s.members.get(link.participant);
  if (participant === undefined || member === undefined) return;
  const { contribution, refusal, evaluates, evaluation } = member;
  // The answer died with a process, the participant's own or the coordinator's.
  if (contribution !== null && !sameProcess) {
    const { hash, order } = contribution;
    const body = { accepted: true, contribution: hash, ...(order === undefined ? {} : { order }) };
    draft.send(link.link, { kind: 'update_ack', round: s.round, body });
  }
  // It lost its work with its process: asked again, it may still be in time.
  if ((s.phase === 'distributing' || s.phase === 'training') && contribution === null && refusal === null)
    askToTrain(draft, participant);
  if (s.phase === 'evaluating' && evaluates !== 'no' && evaluation === null) askToEvaluate(draft, participant);
}

/** What a link tells of who came in over it: who claims another key than it signed with is turned away before. */
function cameOver({
  address,
  protocol,
  stack,
}: LinkRecord): Pick<EventData<'participant_joined'>, 'keyProved' | 'address' | 'protocol' | 'stack'> {
  return { keyProved: true, address, protocol, stack };
}

/** A name belongs to a key, so a key that is only claimed would let one take part as another. */
function forgedKey({ participant, peerKey }: LinkRecord, key: string): string | null {
  if (peerKey === key) return null;
  return `${participant} registers with key ${key.slice(0, 12)}…, but its link proved ${peerKey.slice(0, 12)}…`;
}

/**
 * Who cannot train this model is told at the door: in the run it would only be waited for, and could cost it its quorum.
 * Labels are indices, so the classes must be the run's own, in its order: a participant fits its data to the plan before
 * it registers, and one that has not would teach other labels.
 */
function misfitOf(data: DataSummary, { model, classes }: CoordinatorConfig): string | null {
  if (model.inputShape.join() !== data.shape.join())
    return `this run uses ${shapeWords(model.inputShape)} images, but ${data.source} has ${shapeWords(data.shape)} ones`.slice(
      0,
      500,
    );
  if (data.classes.length === classes.length && data.classes.every((name, i) => name === classes[i])) return null;
  return (
    `this run's classes are ${listNames(classes)}, but ${data.source} was registered with ` +
    `${listNames(data.classes)}; labels are matched by name on the participant's machine: join with the same version`
  ).slice(0, 500);
}

function welcome(draft: CoordinatorDraft, link: LinkRecord, header: HeaderOf<'register'>, fromRound: number): void {
  const { s } = draft;
  const { settings, model } = s.config;
  const note =
    fromRound <= s.round || s.phase === 'registering'
      ? 'welcome'
      : `round ${s.round} is under way: you take part from round ${fromRound}`;
  draft.send(link.link, {
    kind: 'welcome',
    round: s.round,
    replyTo: header.id,
    body: {
      participant: link.participant,
      runName: settings.name,
      rounds: settings.rounds,
      round: s.round,
      phase: s.phase,
      minimumParticipants: settings.minimumParticipants,
      note,
    },
  });
  const { localEpochs, batchSize, learningRate, optimizer, seed } = settings;
  draft.send(link.link, {
    kind: 'training_config',
    round: s.round,
    body: { model, localEpochs, batchSize, learningRate, optimizer, seed },
  });
}

function isTooOften(draft: CoordinatorDraft, link: LinkRecord, header: HeaderOf<'register'>): boolean {
  const at = draft.now.monotonicMs;
  if (at - link.registeredMs >= timing.registerIntervalMs) {
    draft.setLink({ ...link, registeredMs: at });
    return false;
  }
  const reason = `it registered twice within ${timing.registerIntervalMs / 1000} s; the first one counts`;
  const body = { code: 'rate_exceeded', reason } as const;
  draft.send(link.link, { kind: 'error', round: draft.s.round, replyTo: header.id, body });
  return true;
}

function refuse(
  draft: CoordinatorDraft,
  link: LinkRecord,
  header: HeaderOf<'register'>,
  code: ErrorCode,
  reason: string,
): void {
  const { name, key } = header.body;
  draft.report('participant_refused', { name, key, address: link.address, reason });
  draft.send(link.link, { kind: 'error', round: draft.s.round, replyTo: header.id, body: { code, reason } });
  draft.effects.push({ kind: 'close_link', link: link.link, code, reason });
}

/** Its user, or a rule of its machine, does not want what this run asks for: it takes no part, and that is shown. Once a link, which ends with it. */
export function planRefused(draft: CoordinatorDraft, link: LinkRecord, header: HeaderOf<'error'>): void {
  const { participant: name, peerKey: key, address } = link;
  draft.report('participant_refused', { name, key, address, reason: header.body.reason, declined: true });
  draft.effects.push({ kind: 'close_link', link: link.link, code: 'goodbye', reason: 'it refuses the plan' });
}

/** Most participants that a run admits, unless it is told fewer. */
export const participantsMaxDefault = limits.participantsMax;

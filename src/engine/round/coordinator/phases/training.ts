import { plural } from '#shared/base/text/counted.ts';
import type { HeaderOf } from '#shared/contract/messages.ts';
import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import type { ErrorCode } from '#shared/base/errors.ts';
import { countedExamples } from '#engine/round/aggregation/weigh.ts';
import type { CoordinatorDraft } from '../draft.ts';
import { endRun } from '../end.ts';
import {
  aggregationDeadlineMs,
  probationMisses,
  type Contribution,
  type CoordinatorInput,
  type Member,
  type ParticipantRecord,
  type UpdateFinding,
} from '../state.ts';
import { pausedMembers, suspend } from './pause.ts';
import { awaitsReturn } from '../restored.ts';
import { describeWaiting } from './wait-reason.ts';
import { roundWait } from './round-wait.ts';

type InputOf<K extends CoordinatorInput['kind']> = Extract<CoordinatorInput, { kind: K }>;

/** Starts the next round as soon as enough participants are connected; ends the run if they do not come in time. */
export function tryStartRound(draft: CoordinatorDraft): void {
  const { s } = draft;
  const { settings } = s.config;
  if (awaitsReturn(draft)) return;
  const here = candidates(draft);
  const needed = s.round === 0 ? settings.minimumParticipants : 1;
  if (here.length >= needed) return startRound(draft, Math.max(1, s.round));
  const pausing = draft.remaining().filter((participant) => participant.paused).length;
  suspend(draft, pausing > 0 && here.length + pausing >= needed, settings.registrationDeadlineMs);
  if (draft.now.monotonicMs < s.deadlineMs) return;
  const waitedS = Math.round(settings.registrationDeadlineMs / 1000);
  if (s.round > 0)
    return endRun(
      draft,
      'stalled',
      `round ${s.round}: no participant came back within ${waitedS} s. ${describeWaiting(draft)}`,
    );
  const names = here.length === 0 ? 'none' : here.map(({ id }) => id).join(', ');
  endRun(
    draft,
    'stalled',
    `${here.length} of ${needed} ${plural(needed, 'participant')} registered within ${waitedS} s: ${names}`,
  );
}

/** The coordinator's user starts the first round without waiting for more participants; at least one must be there. */
export function startNow(draft: CoordinatorDraft): void {
  const { phase, round } = draft.s;
  if (phase === 'registering' && round === 0 && candidates(draft).length > 0) startRound(draft, 1);
}

/** Begins the next round with the participants that are connected, or waits until enough are back. */
export function nextRound(draft: CoordinatorDraft): void {
  const { s } = draft;
  for (const participant of s.participants.values())
    if (participant.left !== null) draft.removeParticipant(participant.id);
  draft.setMembers([]);
  if (candidates(draft).length > 0 && !awaitsReturn(draft)) return startRound(draft, s.round + 1);
  s.round += 1;
  draft.enterPhase('registering', s.config.settings.registrationDeadlineMs);
}

/**
 * Participants that can be selected: all that are connected. The first round takes all that have registered, even if their
 * link is down by now: a participant that never receives an answer must show as one that is waited for.
 */
function candidates(draft: CoordinatorDraft): ParticipantRecord[] {
  const first = draft.s.round === 0;
  return draft.remaining().filter((participant) => !participant.paused && (first || draft.isHere(participant)));
}

function startRound(draft: CoordinatorDraft, round: number): void {
  const { s, now } = draft;
  const here = candidates(draft);
  // A participant that missed two deadlines is asked again, because only an answer shows that it is back, but not waited for.
  const someReliable = here.some(({ misses }) => misses < probationMisses);
  s.round = round;
  s.roundSinceMs = now.monotonicMs;
  s.modelBefore = s.model;
  const members = here.map(({ id, key, misses }) =>
    newMember({ id, key }, !someReliable || misses < probationMisses, now.monotonicMs),
  );
  draft.setMembers(members);
  draft.journal({
    kind: 'round',
    round,
    startedAt: now.wallMs,
    members: members.map(({ id, awaited }) => ({ id, awaited })),
  });
  draft.report('round_started', { round, selected: here.map(({ id }) => id), modelHash: s.model });
  draft.enterPhase('distributing', s.config.settings.trainingDeadlineMs);
  for (const participant of here) askToTrain(draft, participant);
}

export function newMember({ id, key }: Pick<Member, 'id' | 'key'>, awaited: boolean, startedMs: number): Member {
  return {
    id,
    key,
    awaited,
    startedMs,
    awaitsModel: false,
    delivered: false,
    progress: null,
    transfer: null,
    contribution: null,
    refusal: null,
    failure: null,
    evaluation: null,
    evaluates: 'no',
  };
}

/**
 * The model that was evaluated in round r is trained from in round r + 1. Participants keep it by its hash, so that a round
 * costs one transfer each way. It is sent again only to those that do not have it: in round 1, to late joiners, and to
 * restarted processes.
 */
export function askToTrain(draft: CoordinatorDraft, participant: ParticipantRecord): void {
  const { s, now } = draft;
  if (participant.holds !== s.model) {
    draft.send(participant.link, { kind: 'global_model', round: s.round, body: { purpose: 'train' }, model: s.model });
    draft.patchParticipant(participant.id, { holds: s.model });
    draft.patchMember(participant.id, { awaitsModel: true });
  }
  const deadlineMs = Math.max(0, Math.round(s.deadlineMs - now.monotonicMs));
  draft.send(participant.link, { kind: 'start_training', round: s.round, body: { deadlineMs, base: s.model } });
}

/** The participant's link has all that it needs to begin. The model counts as the last part, since it travels beside the control messages. */
export function delivered(draft: CoordinatorDraft, input: InputOf<'delivered'>): void {
  const record = draft.s.links.get(input.link);
  const member = record === undefined ? undefined : draft.s.members.get(record.participant);
  if (member === undefined || member.delivered || input.round !== draft.s.round) return;
  if (draft.s.participants.get(member.id)?.link !== input.link) return;
  if (input.message !== (member.awaitsModel ? 'global_model' : 'start_training')) return;
  draft.patchMember(member.id, { delivered: true });
  draft.waitingSetChanged();
}

export function trainingProgress(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  header: HeaderOf<'training_progress'>,
): void {
  const member = draft.s.members.get(participant.id);
  if (member === undefined || header.round !== draft.s.round) return;
  if (member.progress === null) draft.waitingSetChanged();
  draft.patchMember(member.id, {
    delivered: true,
    transfer: null,
    progress: { ...header.body, atMs: draft.now.monotonicMs },
  });
}

export function transferProgress(draft: CoordinatorDraft, input: InputOf<'transfer'>): void {
  const member = draft.s.members.get(input.participant);
  if (member === undefined || input.round !== draft.s.round) return;
  const { of, direction, sentBytes, totalBytes } = input;
  draft.patchMember(member.id, {
    transfer: { kind: of, direction, sentBytes, totalBytes, atMs: draft.now.monotonicMs },
  });
}

export function modelUpdate(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  header: HeaderOf<'model_update'>,
  finding: UpdateFinding | undefined,
): void {
  const { s } = draft;
  const contribution = header.payload?.hash;
  // The codec refuses a model_update without payload, and the driver always validates one; its tests check that.
  if (contribution === undefined || finding === undefined) return;
  const member = s.members.get(participant.id);
  const check = (accepted: boolean, counted: boolean, reason: string, code?: ErrorCode, order?: number): void =>
    answer(draft, participant, header, contribution, {
      accepted,
      counted,
      reason,
      ...(code === undefined ? {} : { code }),
      ...(order === undefined ? {} : { order }),
    });
  const { lastCounted } = participant;
  if (lastCounted?.round === header.round && lastCounted.hash === contribution)
    return check(
      true,
      false,
      'counted already',
      undefined,
      header.round === s.round ? member?.contribution?.order : undefined,
    );
  if (header.round !== s.round || member === undefined)
    return check(false, false, `this is round ${s.round}, the update is of round ${header.round}`, 'round_mismatch');
  if (member.contribution !== null)
    return check(false, false, `another update of round ${s.round} was counted already`, 'update_duplicate');
  if (member.refusal !== null) {
    const same = member.refusal.contribution === contribution;
    return check(
      false,
      false,
      same ? member.refusal.reason : `an update of round ${s.round} was refused already`,
      same ? member.refusal.code : 'update_duplicate',
    );
  }
  if (s.phase !== 'distributing' && s.phase !== 'training')
    return check(false, false, `training of round ${s.round} is over`, 'round_mismatch');
  if (header.body.base !== s.modelBefore) {
    return check(
      false,
      false,
      `trained from model ${header.body.base.slice(0, 12)}, round ${s.round} starts from ${s.modelBefore.slice(0, 12)}`,
      'round_mismatch',
    );
  }
  draft.waitingSetChanged();
  if (!finding.ok) {
    draft.patchMember(member.id, {
      refusal: { contribution, code: finding.code, reason: finding.reason },
      delivered: true,
    });
    return check(false, false, finding.reason, finding.code);
  }
  check(
    true,
    true,
    '',
    undefined,
    count(draft, participant, header, { hash: contribution, parameters: finding.parameters }),
  );
}

/** @returns how many updates of this round have been counted, with this one */
function count(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  header: HeaderOf<'model_update'>,
  { hash, parameters }: Pick<Contribution, 'hash' | 'parameters'>,
): number {
  const { s } = draft;
  const { id } = participant;
  const { loss, accuracy, norm } = header.body;
  const order = [...s.members.values()].filter((other) => other.contribution !== null).length + 1;
  const sizeBytes = header.payload?.length ?? 0;
  const counted = { hash, ...examplesOf(participant, header), loss, accuracy, norm, sizeBytes, order };
  draft.patchMember(id, { contribution: { ...counted, weighed: null, parameters }, delivered: true });
  draft.journal({ kind: 'counted', participant: id, round: s.round, contribution: counted });
  draft.patchParticipant(id, {
    misses: 0,
    counted: participant.counted + 1,
    lastCounted: { round: s.round, hash },
  });
  return order;
}

/** The examples that a participant claims are bounded by those it registered, before it knew anything of the others. */
function examplesOf(
  { data }: ParticipantRecord,
  { body }: HeaderOf<'model_update'>,
): Pick<Contribution, 'examples' | 'claimed'> {
  return { examples: countedExamples(body.examples, data.examples), claimed: body.examples };
}

interface Verdict {
  readonly accepted: boolean;
  readonly counted: boolean;
  readonly reason: string;
  readonly code?: ErrorCode;
  readonly order?: number;
}

function answer(
  draft: CoordinatorDraft,
  participant: ParticipantRecord,
  header: HeaderOf<'model_update'>,
  contribution: Hash,
  verdict: Verdict,
): void {
  const { accepted, counted, reason, code, order } = verdict;
  draft.send(participant.link, {
    kind: 'update_ack',
    round: header.round,
    replyTo: header.id,
    body: {
      accepted,
      contribution,
      ...(code === undefined ? {} : { code }),
      ...(reason === '' ? {} : { reason: reason.slice(0, 500) }),
      ...(order === undefined ? {} : { order }),
    },
  });
  const { loss, accuracy, norm } = header.body;
  draft.report('update_received', {
    participant: participant.id,
    round: header.round,
    contribution,
    ...examplesOf(participant, header),
    sizeBytes: header.payload?.length ?? 0,
    counted,
    reason,
    ...(code === undefined ? {} : { code }),
    loss,
    accuracy,
    norm,
    cosine: null,
  });
}

/** Closes the training phase when all have reported, or at its deadline with the updates that are there. Decision 0020. */
export function settleTraining(draft: CoordinatorDraft): void {
  const { s, now } = draft;
  const wait = roundWait(s);
  const members = [...s.members.values()];
  if (s.phase === 'distributing') {
    const working = members.some(
      ({ progress, contribution, refusal }) => progress !== null || contribution !== null || refusal !== null,
    );
    if (working || wait.waitingFor.every((id) => s.members.get(id)?.delivered === true)) {
      return draft.enterPhase('training', s.config.settings.trainingDeadlineMs);
    }
  }
  const pausing = wait.waitingFor.length === 0 && wait.reported.length < wait.quorum ? pausedMembers(s) : [];
  suspend(draft, pausing.length > 0, s.config.settings.trainingDeadlineMs);
  const due = now.monotonicMs >= s.deadlineMs;
  if (wait.waitingFor.length > 0 && !due) return;
  if (wait.reported.length >= wait.quorum) return aggregate(draft, wait.waitingFor);
  const newcomers = candidates(draft).some(({ id }) => !s.members.has(id));
  if (pausing.length > 0 && !newcomers) return;
  const have = `${wait.reported.length} of the ${wait.quorum} ${plural(wait.quorum, 'update')} that its quorum needs`;
  if (due) return endRun(draft, 'stalled', `round ${s.round}: ${have} came by the deadline. ${describeWaiting(draft)}`);
  // All that the round waited for have left or paused, nothing was counted, and others have joined: the round starts again with them.
  const stayed = members.some(
    ({ id, awaited }) => awaited && s.participants.get(id)?.left === null && !pausing.includes(id),
  );
  if (!stayed && wait.reported.length === 0) {
    s.round -= 1;
    return nextRound(draft);
  }
  const why = members.flatMap(({ id, refusal, failure }) =>
    refusal !== null || failure !== null ? [`${id}: ${refusal?.reason ?? failure ?? ''}`] : [],
  );
  endRun(draft, 'failed', `round ${s.round}: ${have} are left to come. ${why.join('; ')}`);
}

function aggregate(draft: CoordinatorDraft, missing: readonly ParticipantId[]): void {
  const { s } = draft;
  for (const id of missing) {
    const participant = s.participants.get(id);
    if (participant !== undefined) draft.patchParticipant(id, { misses: participant.misses + 1 });
  }
  draft.enterPhase('aggregating', aggregationDeadlineMs);
  const contributions = [...s.members.values()].flatMap(({ id, contribution }) =>
    contribution === null
      ? []
      : [{ participant: id, examples: contribution.examples, parameters: contribution.parameters }],
  );
  const { weightCap, normClip } = s.config.settings;
  const rule = { weightCap, normClip };
  draft.effects.push({ kind: 'aggregate', round: s.round, base: s.modelBefore, rule, contributions });
}

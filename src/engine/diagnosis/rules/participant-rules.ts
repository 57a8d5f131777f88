import { isOpen } from '#shared/contract/events.ts';
import { protocolNames } from '#shared/contract/protocols.ts';
import { asSentence, evidence, injected, linkFaults, seconds, type Finding } from '../finding.ts';
import { mayBeDelayed } from '../may-be-delayed.ts';
import { megabytes } from '../observe-event.ts';
import {
  elapsedMs,
  quietMs,
  type EvidenceRef,
  type ParticipantObservation,
  type RunObservation,
  type TransferObservation,
} from '../observation.ts';

/**
 * The first rule that finds something wins: they stand in order from the surest cause to the vaguest symptom.
 * `standing`: the rule of the verdict that stands on this participant, for rules that let go later than they take hold.
 */
export type Rule = (
  participant: ParticipantObservation,
  run: RunObservation,
  standing: string | null,
) => Finding | null;

/** So many sessions within the window, each closed by the side that opened it, are a pattern and not an accident. */
const perMessageSessions = 3;
const perMessageWindowMs = 10_000;
/** A session that lasted longer carried more than one message. */
const perMessageSessionMs = 1000;

/**
 * A participant opens a connection for each message, sends it and closes the connection, so that the answers find none
 * open. Stall 1 of the catalogue in the reference framework's documents. Sessions that were lost, reset or dropped by a
 * broker do not count, and a participant that echoes a heartbeat does receive answers.
 */
const connectionPerMessage: Rule = (participant, run) => {
  const { id, sessions, undeliverable, lastEcho } = participant;
  const recent = sessions.filter(({ closed }) => closed !== null && elapsedMs(run, closed.at) <= perMessageWindowMs);
  const hungUp = recent.filter(({ end }) => end === 'hung_up');
  if (hungUp.length < perMessageSessions || hungUp.length * 2 <= recent.length) return null;
  const newest = hungUp.at(-1)?.closed;
  if (lastEcho !== null && newest != null && lastEcho.at > newest.at) return null;
  const unheard = undeliverable.filter(({ at }) => elapsedMs(run, at) <= perMessageWindowMs * 2);
  // An answer that was lost long before, such as in the run's first second, is none of this habit's.
  // The first that it hung up may have been a good session until then.
  const began = Math.max(hungUp[0]?.opened.at ?? run.now, (hungUp[0]?.closed?.at ?? run.now) - perMessageSessionMs);
  const first = undeliverable.find(({ at }) => at >= began) ?? unheard[0];
  if (first === undefined) return null;
  const shown = hungUp.slice(-3);
  const spanMs = Math.max(1000, run.now - began);
  return {
    rule: 'connection-per-message',
    layer: 'transport',
    subject: id,
    sentence: `${id} never hears the answer: it opens a new ${protocolNames[participant.protocol]} connection for every message and hangs up.`,
    explanation:
      `${hungUp.length} connections in the last ${seconds(spanMs)}, each hung up by ${id} itself. ` +
      'What the coordinator answers has no open connection to arrive on. One connection must stay open both ways until the run ends.',
    since: first.at,
    evidence: evidence(
      ...shown.map(({ opened }) => opened),
      ...shown.map(({ closed }) => closed),
      ...unheard.slice(-4),
    ),
    fault: injected(participant.faults, ['connection-per-message'], first.at, run),
  };
};

const processGone: Rule = (participant, run) => {
  const { id, exited, lastHeard, linkAt, faults } = participant;
  if (exited === null) return null;
  if (exited.restarts)
    return {
      rule: 'participant-restarting',
      layer: 'application',
      subject: id,
      sentence: `${id} has crashed and is being started again.`,
      explanation: `The operating system reports it (${exited.text}). What it had computed lies on its disk: it is sent, not trained again.`,
      since: exited.at,
      evidence: evidence(lastHeard, exited),
      fault: injected(faults, ['crash-participant'], exited.at, run),
    };
  return {
    rule: 'participant-dead',
    layer: 'application',
    subject: id,
    sentence: `${id} is gone: its process has ended.`,
    explanation: `The operating system reports it (${exited.text}). It does not come back by itself.`,
    since: exited.at,
    evidence: evidence(lastHeard, exited, linkAt),
    fault: injected(faults, ['kill-participant', 'crash-participant'], exited.at, run),
  };
};

const paused: Rule = ({ id, paused: since }) =>
  since === null
    ? null
    : {
        rule: 'participant-paused',
        layer: 'application',
        subject: id,
        sentence: `${id} pauses, as its owner wished.`,
        explanation: 'Its link stays open and it goes on when its owner says so.',
        since: since.at,
        evidence: [since],
      };

/** A process on this machine tells of itself once a second. */
const eventLoopStallMs = 4000;

export const processFrozen: Rule = (participant, run) => {
  const { id, process, lastHeard } = participant;
  if (process === null || elapsedMs(run, process.signAt) < eventLoopStallMs) return null;
  return {
    rule: 'process-frozen',
    layer: 'application',
    subject: id,
    sentence: `${id}'s process stands still: it was stopped or gets no processor.`,
    explanation: `Its own clock has said nothing since ${process.told.text}, and the process is still there. It dials no link and trains nothing until it is let go on.`,
    since: process.signAt,
    evidence: evidence(process.told, lastHeard),
    // Its own chair hears nothing of the round meanwhile.
    ...(id === run.self ? { next: { action: 'goes on by itself once it gets the processor', at: 0 } } : {}),
  };
};

/** Breaks within the window that make a link one that flaps, and how long one must hold to be well again. */
const flapsMin = 3;
const flapWindowMs = 60_000;
const flapCalmMs = 20_000;
/** Breaks of others within this time have one cause, and it is not this participant. */
const togetherMs = 2500;

export const linkFlapping: Rule = (participant, run, standing) => {
  const { id } = participant;
  const own = shortLived(participant).filter(
    (closed) => closed.at >= run.forgiveBefore && !isShared(participant, closed, run),
  );
  const recent = own.filter(({ at }) => run.now - at <= flapWindowMs);
  const last = own.at(-1);
  const stands = standing === 'link-flapping';
  const breaks = stands ? own : recent;
  const [first] = breaks;
  if (last === undefined || first === undefined || run.now - last.at >= flapCalmMs) return null;
  if (!stands && breaks.length < flapsMin) return null;
  return {
    rule: 'link-flapping',
    layer: 'link',
    subject: id,
    sentence: `${whose(id, run)} link opens and breaks again: ${breaks.length} times in ${seconds(Math.max(1000, last.at - first.at))}.`,
    explanation: `${asSentence(`Each connection opens and is lost again, the last one for this reason: ${last.text}`)} What lies between the two ends lets some of it pass and not the rest.`,
    since: first.at,
    evidence: evidence(...own.slice(-6)),
    fault: injected(participant.faults, linkFaults, first.at, run),
  };
};

/** The ends of the newest sessions that broke, one soon after the other: one that held for long before it broke is the first. */
function shortLived({ sessions }: ParticipantObservation): EvidenceRef[] {
  const ends: EvidenceRef[] = [];
  for (const { end, opened, closed } of sessions.toReversed()) {
    if (closed === null) continue;
    if (end !== 'broken') break;
    ends.unshift(closed);
    if (closed.at - opened.at >= flapCalmMs) break;
  }
  return ends;
}

function isShared(participant: ParticipantObservation, closed: EvidenceRef, run: RunObservation): boolean {
  const others = [...run.participants.values()].filter(({ id, joined }) => joined && id !== participant.id);
  if (others.length === 0) return false;
  const alike = others.filter(({ sessions }) =>
    sessions.some(
      ({ end, closed: at }) => end === 'broken' && at !== null && Math.abs(at.at - closed.at) <= togetherMs,
    ),
  );
  return alike.length * 2 >= others.length;
}

/** A re-dial after a dropped link takes about a second; longer is worth a word. */
const lostMs = 3000;

const linkLost: Rule = (participant, run, standing) => {
  const { id, linkDown, linkReason, ownLink, lastHeard, protocol } = participant;
  // Silence that is followed by the end of the session is one trouble, not two.
  if (linkDown === null || standing === 'participant-silent' || quietMs(run, participant, linkDown.at) < lostMs)
    return null;
  const dials = ownLink !== null && !isOpen(ownLink.state) && ownLink.state !== 'closed';
  return {
    rule: 'link-lost',
    layer: 'link',
    subject: id,
    sentence: `${id} is out of reach: its ${protocolNames[protocol]} link is down${dials ? ', and it dials again' : ''}.`,
    explanation:
      `${asSentence(linkReason === '' ? 'No reason was given' : `Reason: ${linkReason}`)} ` +
      (dials ? asSentence(`It says itself: ${ownLink.reason}`) : 'Nothing has been heard of a new connection.'),
    since: linkDown.at,
    evidence: evidence(lastHeard, linkDown),
    fault: injected(participant.faults, linkFaults, linkDown.at, run),
  };
};

/** Nothing at all came from it, not even a heartbeat. */
const silentMsMax = 6000;

const silent: Rule = (participant, run, standing) => {
  const { id, lastHeard, linkDown, faults } = participant;
  if (mayBeDelayed(run, silentMsMax)) return null;
  if (lastHeard === null || standing === 'link-lost' || quietMs(run, participant, lastHeard.at) < silentMsMax)
    return null;
  return {
    rule: 'participant-silent',
    layer: 'link',
    subject: id,
    sentence: `${id} is silent: nothing has come from it, not even a heartbeat.`,
    explanation:
      `Last heard: ${lastHeard.text}. ` +
      (linkDown === null
        ? 'Its connection has not been closed, so its machine may sleep or the network swallow its packets.'
        : 'Its connection was given up for that, and it has opened no other.'),
    since: lastHeard.at,
    evidence: evidence(lastHeard, linkDown),
    fault: injected(faults, linkFaults, lastHeard.at, run),
  };
};

/** Without a recent sign of life of link and process it is not the trainer that is to blame. */
const aliveMs = 2500;

function isAlive({ lastHeard, linkState }: ParticipantObservation, run: RunObservation): boolean {
  return lastHeard !== null && elapsedMs(run, lastHeard.at) <= aliveMs && isOpen(linkState);
}

/** Training reports progress several times a second; this silence is long ... */
const frozenMs = 4000;
/** ... when it is this many times its own largest pause so far. */
const frozenFactor = 4;
/** Where the processors were used up a moment ago a step may wait for its turn, for as long as it takes. */
const busyMs = 5000;
const starvedMs = 20_000;
/** Nothing is known of a first step's pace: a large model on a slow machine may take this long. */
const firstStepMs = 40_000;

export const trainerFrozen: Rule = (participant, run) => {
  const { id, phase, lastProgress, phaseAt, progressGapMsMax, firstStep, firstStepMsMax, trained, faults } =
    participant;
  if (phase !== 'train' || lastProgress === null || trained !== null || !isAlive(participant, run)) return null;
  const idleMs = quietMs(run, participant, lastProgress.at);
  const fault = injected(faults, ['freeze-trainer'], lastProgress.at, run);
  const about = {
    subject: id,
    layer: 'trainer',
    since: lastProgress.at,
    evidence: evidence(phaseAt, lastProgress, participant.lastHeard),
    fault,
  } as const;
  if (firstStep && fault === undefined) {
    // Its own first steps in earlier rounds say how long one takes here.
    const patienceMs = firstStepMsMax === 0 ? firstStepMs : Math.max(2 * frozenMs, frozenFactor * firstStepMsMax);
    if (idleMs < Math.min(firstStepMs, patienceMs)) return null;
    return {
      ...about,
      rule: 'first-step-slow',
      sentence: `${whose(id, run)} first gradient step is not done after ${Math.floor(idleMs / 1000)} s.`,
      explanation: `It began to train and its link and process answer. ${firstStepMsMax === 0 ? 'A first step may be slow on a small machine' : `Its slowest first step before took ${seconds(firstStepMsMax)}`}; more is not known.`,
      ages: true,
    };
  }
  if (idleMs < Math.max(frozenMs, frozenFactor * progressGapMsMax)) return null;
  const busyAt = participant.process?.busyAt ?? null;
  if (fault === undefined && busyAt !== null && elapsedMs(run, busyAt) <= busyMs) {
    if (idleMs < starvedMs) return null;
    return {
      ...about,
      rule: 'trainer-starved',
      sentence: `${whose(id, run)} training has made no gradient step for ${Math.floor(idleMs / 1000)} s; the machine's processors are all in use.`,
      explanation: `Its link and process answer. The processors of its machine are used up, by it or by others, so its step may only wait for its turn; whether it does is not known.`,
      ages: true,
    };
  }
  return {
    ...about,
    rule: 'trainer-frozen',
    sentence: `${id} stopped training: its link and process answer, but no gradient step is made.`,
    explanation: firstStep
      ? `It has begun to train and made no step since; only heartbeats come.`
      : `Last progress was ${lastProgress.text}; since then only heartbeats. The longest pause before was ${seconds(progressGapMsMax)}.`,
  };
};

/** A transfer that moves is alive however slow it is; this long without a byte is stuck. */
const stuckMs = 5000;
/** Between the last step and the first byte of the update lies its own evaluation, which may take a while. */
const missingMs = 12_000;
/** What flow control has taken is still on its way: over a lossy far network at this rate, bytes per ms, ... */
const slowBytesPerMs = 20;
/** ... which is granted for no longer than this. */
const onItsWayMsMax = 60_000;

export const transferStuck: Rule = (participant, run) => {
  const { transfer, phase, trained, phaseAt } = participant;
  if (!isAlive(participant, run) || mayBeDelayed(run, stuckMs)) return null;
  if (transfer !== null) return stuckTransfer(participant, transfer, run);
  const waits = phase === 'send' || phase === 'receive' ? phaseAt : phase === 'train' ? trained : null;
  if (waits === null || quietMs(run, participant, waits.at) < (phase === 'send' ? stuckMs : missingMs)) return null;
  const name = nameOf(participant.id, run);
  return {
    ...stuckFinding(participant, run, waits),
    sentence:
      phase === 'receive'
        ? `Nothing of the global model reaches ${name}; heartbeats pass.`
        : `${name === 'you' ? 'You have' : `${name} has`} trained, but nothing of the model update arrives; heartbeats pass.`,
  };
};

function stuckTransfer(
  participant: ParticipantObservation,
  transfer: TransferObservation,
  run: RunObservation,
): Finding | null {
  const { sentBytes, totalBytes, moved, kind, direction } = transfer;
  const sent = sentBytes >= totalBytes;
  const onItsWayMs = Math.min(onItsWayMsMax, totalBytes / slowBytesPerMs);
  if (quietMs(run, participant, moved.at) < (sent ? missingMs + onItsWayMs : stuckMs)) return null;
  const what =
    direction === 'up'
      ? `${whose(participant.id, run)} ${words(kind)}`
      : `The ${words(kind)} for ${nameOf(participant.id, run)}`;
  const how = sent
    ? 'was sent and is not acknowledged'
    : `is stuck at ${megabytes(sentBytes)} of ${megabytes(totalBytes)} MB`;
  return { ...stuckFinding(participant, run, moved), sentence: `${what} ${how}; heartbeats pass.` };
}

function stuckFinding(
  { id, phaseAt, lastHeard, faults }: ParticipantObservation,
  run: RunObservation,
  since: EvidenceRef,
): Omit<Finding, 'sentence'> {
  return {
    rule: 'transfer-stuck',
    layer: 'transport',
    subject: id,
    explanation:
      'Small messages arrive and a large one does not: a limit on message size, a right that a broker does not give, a reader that does not read, or a path that swallows large packets.',
    since: since.at,
    evidence: evidence(phaseAt === since ? null : phaseAt, since, lastHeard),
    fault: injected(faults, linkFaults, since.at, run),
  };
}

function words(kind: string): string {
  return kind.replaceAll('_', ' ');
}

function nameOf(id: string, run: RunObservation): string {
  return run.chair === 'participant' && id === run.self ? 'you' : id;
}

function whose(id: string, run: RunObservation): string {
  return run.chair === 'participant' && id === run.self ? 'Your' : `${id}'s`;
}

/** Of causes that are sure whatever else goes on, ... */
export const sureRules: readonly Rule[] = [processGone, paused, connectionPerMessage];
/** ... and of those that others may share. */
export const symptomRules: readonly Rule[] = [
  processFrozen,
  linkFlapping,
  linkLost,
  silent,
  trainerFrozen,
  transferStuck,
];

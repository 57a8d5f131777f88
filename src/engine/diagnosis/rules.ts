import type { Layer } from '#shared/base/errors.ts';
import { isOpen } from '#shared/contract/events.ts';
import { protocolNames } from '#shared/contract/protocols.ts';
import type { FaultName } from '#shared/contract/settings.ts';
import type { EvidenceRef, ParticipantObservation, RunObservation } from './observation.ts';

/** What a rule has found about one participant that the round waits for. */
export interface Finding {
  readonly rule: string;
  readonly layer: Layer;
  /** One sentence, readable at the back of a lecture hall. */
  readonly sentence: string;
  readonly explanation: string;
  /** When it went wrong, wall ms: not when it was noticed. */
  readonly since: number;
  readonly evidence: readonly EvidenceRef[];
  /** The injected fault that explains it, if that is active. */
  readonly fault?: FaultName;
}

/** The first rule that finds something wins: they stand in order from the surest cause to the vaguest symptom. */
export type Rule = (participant: ParticipantObservation, run: RunObservation) => Finding | null;

/** This many connections within the window, each hung up by its opener, are a habit and no mishap. */
const perMessageConnections = 3;
const perMessageWindowMs = 10_000;

/**
 * The founding bug: a connection for each message, sent and hung up; the answers find no open connection.
 * Stall 1 of the catalogue in the reference framework's documents.
 */
const connectionPerMessage: Rule = (participant) => {
  // Up to its last connection, so that a participant that has gone quiet since is still known by its habit.
  const lastAt = participant.opened.at(-1)?.at ?? 0;
  const recent = (ref: EvidenceRef): boolean => lastAt - ref.at <= perMessageWindowMs;
  const opened = participant.opened.filter(recent);
  const closed = participant.closedByPeer.filter(recent);
  const undeliverable = participant.undeliverable;
  if (opened.length < perMessageConnections || closed.length < perMessageConnections - 1) return null;
  const first = undeliverable[0];
  if (first === undefined) return null;
  const perSecond =
    opened.length / (Math.min(perMessageWindowMs, Math.max(1000, lastAt - (opened[0]?.at ?? 0))) / 1000);
  return {
    rule: 'connection-per-message',
    layer: 'transport',
    sentence: `${participant.id} never hears the answer: it opens a new ${protocolNames[participant.protocol]} connection for every message and hangs up.`,
    explanation:
      `${participant.connections} connections so far, ${perSecond.toFixed(1)} a second lately, each closed by ${participant.id} itself. ` +
      'What the coordinator answers has no open connection to arrive on. One connection must stay open both ways until the run ends.',
    since: first.at,
    evidence: [...opened.slice(-3), ...closed.slice(-3), first, ...undeliverable.slice(1).slice(-3)].sort(
      (a, b) => a.at - b.at,
    ),
    fault: 'connection-per-message',
  };
};

/** Said once, for whoever is waited for first: of the others nothing can be known while nobody listens. */
export const coordinatorGone: Rule = (participant, run) => {
  const gone = run.coordinatorGone;
  if (gone === null || participant.id !== run.wait?.waitingFor[0]) return null;
  return {
    rule: 'coordinator-restarting',
    layer: 'application',
    sentence: 'The coordinator is gone and is being started again: all links are down until it is back.',
    explanation: `The operating system reports it (${gone.text}). It goes on with round ${run.wait.round} from what it kept on disk; participants dial again by themselves.`,
    since: gone.at,
    evidence: [gone],
    fault: 'kill-coordinator',
  };
};

const processGone: Rule = (participant) => {
  if (participant.exited === null) return null;
  if (participant.exited.restarts)
    return {
      rule: 'participant-restarting',
      layer: 'application',
      sentence: `${participant.id} has crashed and is being started again.`,
      explanation: `The operating system reports it (${participant.exited.text}). What it had computed lies on its disk: it is sent, not trained again.`,
      since: participant.exited.at,
      evidence: [participant.lastHeard, participant.exited].filter((ref) => ref !== null),
      fault: 'crash-participant',
    };
  return {
    rule: 'participant-dead',
    layer: 'application',
    sentence: `${participant.id} is gone: its process has ended.`,
    explanation: `The operating system reports it (${participant.exited.text}). It sent no goodbye and will not come back by itself.`,
    since: participant.exited.at,
    evidence: [participant.lastHeard, participant.exited, participant.linkAt].filter((ref) => ref !== null),
    fault: 'kill-participant',
  };
};

/** Training reports progress several times a second; this silence is long even for a slow first step. */
const frozenMs = 4000;
/** ... and this many times its own largest pause so far. */
const frozenFactor = 4;

const trainerFrozen: Rule = (participant, run) => {
  const last = participant.lastProgress;
  if (participant.phase !== 'train' || last === null || participant.lastHeard === null) return null;
  const silentMs = run.now - last.at;
  if (silentMs < Math.max(frozenMs, frozenFactor * participant.progressGapMsMax)) return null;
  // Without a sign of life of link and process it is not the trainer that is to blame.
  if (run.now - participant.lastHeard.at > 2500 || !isOpen(participant.linkState)) return null;
  return {
    rule: 'trainer-frozen',
    layer: 'trainer',
    sentence: `${participant.id} stopped training: its link and process answer, but no gradient step is made.`,
    explanation: `Last progress was ${last.text}; since then only heart-beats. The longest pause before was ${(participant.progressGapMsMax / 1000).toFixed(1)} s.`,
    since: last.at,
    evidence: [participant.phaseAt, last, participant.lastHeard].filter((ref) => ref !== null),
    fault: 'freeze-trainer',
  };
};

/** Faults that can keep a link down, the surest first. */
const linkFaults: readonly FaultName[] = ['drop-link', 'disconnect', 'blackhole', 'loss', 'delay'];

function injectedOn({ faults }: ParticipantObservation): Pick<Finding, 'fault'> {
  const fault = linkFaults.find((name) => faults.has(name));
  return fault === undefined ? {} : { fault };
}

/** A re-dial after a dropped link takes about a second; longer is worth a word. */
const lostMs = 3000;

const linkLost: Rule = (participant, run) => {
  if (isOpen(participant.linkState) || participant.linkAt === null) return null;
  if (run.now - participant.linkAt.at < lostMs) return null;
  return {
    rule: 'link-lost',
    layer: 'link',
    sentence: `${participant.id} is out of reach: its ${protocolNames[participant.protocol]} link is ${participant.linkState}.`,
    explanation: `${participant.linkReason === '' ? 'No reason was given' : `Reason: ${participant.linkReason}`}. It re-dials by itself with growing pauses.`,
    since: participant.linkAt.at,
    evidence: [participant.lastHeard, participant.linkAt].filter((ref) => ref !== null),
    ...injectedOn(participant),
  };
};

/** Nothing at all came from it, not even a heart-beat. */
const silentMsMax = 6000;

const silent: Rule = (participant, run) => {
  const heard = participant.lastHeard;
  if (heard === null || run.now - heard.at < silentMsMax) return null;
  return {
    rule: 'participant-silent',
    layer: 'link',
    sentence: `${participant.id} is silent: nothing has come from it, not even a heart-beat.`,
    explanation: `Last heard: ${heard.text}. Its connection has not been closed, so its machine may sleep or the network swallow its packets.`,
    since: heard.at,
    evidence: [heard],
    ...injectedOn(participant),
  };
};

export const rules: readonly Rule[] = [processGone, connectionPerMessage, linkLost, trainerFrozen, silent];

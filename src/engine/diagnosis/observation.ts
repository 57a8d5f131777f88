import type { Chair, EventData, LinkState, ParticipantPhase } from '#shared/contract/events.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { FaultName } from '#shared/contract/run/settings.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Protocol } from '#shared/contract/protocols.ts';

/** One link of a chain of evidence. */
export interface EvidenceRef {
  readonly ref: string;
  readonly at: number;
  readonly text: string;
}

/** Newest entries kept per list: enough for a rule's window and its evidence. */
export const recentMax = 64;

/** One session of a link, as the end that this machine has saw it. */
export interface SessionObservation {
  readonly connection: number;
  readonly opened: EvidenceRef;
  readonly closed: EvidenceRef | null;
  /** `hung_up`: the participant itself closed it, cleanly; `on_purpose`: left by design; `broken`: anything else. */
  readonly end: 'open' | 'hung_up' | 'on_purpose' | 'broken';
}

/** A bulk transfer and when it last moved. */
export interface TransferObservation {
  readonly kind: string;
  readonly round: number;
  readonly direction: 'up' | 'down';
  readonly sentBytes: number;
  readonly totalBytes: number;
  readonly moved: EvidenceRef;
}

/** A fault that was injected; one that is over still explains what began while it lasted. */
export interface FaultObservation {
  readonly injectedAt: number;
  readonly clearedAt: number | null;
}

/** What is known of one participant, folded from events and packets; rules read it and never write. */
export interface ParticipantObservation {
  readonly id: string;
  protocol: Protocol;
  phase: ParticipantPhase;
  phaseRound: number;
  phaseAt: EvidenceRef | null;
  linkState: LinkState;
  linkReason: string;
  linkAt: EvidenceRef | null;
  /** Since when it has no open session; null: it has one, or never had. */
  linkDown: EvidenceRef | null;
  /** What the participant itself says of its link, where it reports to this machine as well. */
  ownLink: { readonly state: LinkState; readonly reason: string; readonly at: number } | null;
  /** What a broker does not let pass between the two ends; its text is that. */
  obstacle: EvidenceRef | null;
  /** Its link is not read right now, for want of room where this is checked. */
  unread: boolean;
  connections: number;
  /** Oldest first. */
  readonly sessions: SessionObservation[];
  /** Messages to this participant for which there was no open session. */
  readonly undeliverable: EvidenceRef[];
  /** The last frame that came over its link, from the other end than ours. */
  lastHeard: EvidenceRef | null;
  /** The last sign that the other end hears us too: a heartbeat that answers one of ours. */
  lastEcho: EvidenceRef | null;
  lastProgress: EvidenceRef | null;
  /** No gradient step of this round's training has been told yet. */
  firstStep: boolean;
  /** All steps of this round's training are done. */
  trained: EvidenceRef | null;
  /** Largest pause between two gradient steps so far, ms. */
  progressGapMsMax: number;
  /** Longest time from the begin of a training to its first step so far, ms. */
  firstStepMsMax: number;
  transfer: TransferObservation | null;
  /** Its own process on this machine told of itself; null: it is elsewhere. */
  process: ProcessObservation | null;
  /** Its process stood still, or a broker held it up, until then: what it missed meanwhile is no trouble of its own. */
  backAt: number;
  exited: (EvidenceRef & { readonly expected: boolean; readonly restarts: boolean }) | null;
  joined: boolean;
  left: EvidenceRef | null;
  paused: EvidenceRef | null;
  readonly faults: Map<FaultName, FaultObservation>;
}

/** The clock of a process on this machine: what it told of itself last. */
export interface ProcessObservation {
  readonly pid: number;
  readonly told: EvidenceRef;
  /** When anything came from it last, whatever it was of: reports may be behind, and who is behind with them runs. */
  signAt: number;
  /** Up to when it has told what it saw. */
  toldUntil: number;
  /** When it was first heard of again after it had been away; 0: it never was. */
  backAt: number;
  readonly cpuPercent: number;
  /** When the processors of its machine were last all in use, whoever uses them; null: never, or not known. */
  readonly busyAt: number | null;
  /** When its clock last ran late (a report or its event loop), by how much; null: never. */
  readonly late: { readonly at: number; readonly ms: number } | null;
}

/** The connection to a broker of whoever the diagnosis sits with: the coordinator's, or the participant's own. */
export interface BrokerObservation {
  readonly address: string;
  readonly protocol: Protocol;
  readonly state: EventData<'broker_state'>['state'];
  readonly reason: string;
  readonly since: EvidenceRef;
  /** Times at which the connection was lost, oldest first. */
  readonly losses: readonly EvidenceRef[];
}

/** What the dialing end told of its attempts since its link was last open. */
export interface DialObservation {
  readonly attempts: number;
  readonly ways: ReadonlySet<string>;
  readonly last: EventData<'link_attempt'>;
  readonly since: EvidenceRef;
  readonly told: EvidenceRef;
}

/** How work counted in the newest round that told it. */
export interface WeighedObservation {
  updates: { readonly data: EventData<'updates_weighed'>; readonly told: EvidenceRef } | null;
  evaluations: { readonly data: EventData<'evaluations_weighed'>; readonly told: EvidenceRef } | null;
  /** Updates that were refused for their values, by participant, until one of theirs counts. */
  readonly refusals: Map<string, { readonly round: number; readonly reason: string; readonly told: EvidenceRef }>;
}

export interface RunObservation {
  /** Of this machine; null: not known. */
  readonly cores: number | null;
  /** Wall time at which is checked, ms. */
  now: number;
  /** What lies before this is held against nobody: the doctor, the coordinator or the broker was away itself. */
  forgiveBefore: number;
  chair: Chair | null;
  /** The participant that is this app's own. */
  self: string | null;
  running: boolean;
  wait: EventData<'round_status'> | null;
  /** Its process has ended and is started again; null again once it goes on with the run. */
  coordinatorGone: EvidenceRef | null;
  coordinator: ProcessObservation | null;
  /** The last time that the coordinator's process stood still. */
  coordinatorPause: { readonly from: number; readonly to: number; readonly told: EvidenceRef } | null;
  /** Between these moments of its own clock the coordinator told of nothing, and then went on; null: never for long. */
  coordinatorAway: { readonly from: number; readonly to: number } | null;
  broker: BrokerObservation | null;
  dial: DialObservation | null;
  readonly weighed: WeighedObservation;
  readonly processes: Map<string, ProcessObservation>;
  readonly faults: Map<FaultName, FaultObservation>;
  readonly participants: Map<string, ParticipantObservation>;
  /** Who waits to be let in, by key, who came first first. */
  readonly asking: Map<string, { readonly participant: string; readonly since: EvidenceRef }>;
}

export function emptyRunObservation(cores: number | null): RunObservation {
  return {
    cores,
    now: 0,
    forgiveBefore: 0,
    chair: null,
    self: null,
    running: false,
    wait: null,
    coordinatorGone: null,
    coordinator: null,
    coordinatorPause: null,
    coordinatorAway: null,
    broker: null,
    dial: null,
    weighed: { updates: null, evaluations: null, refusals: new Map() },
    processes: new Map(),
    faults: new Map(),
    participants: new Map(),
    asking: new Map(),
  };
}

export function participantOf(run: RunObservation, id: string): ParticipantObservation {
  const known = run.participants.get(id);
  if (known !== undefined) return known;
  if (run.participants.size >= limits.observedParticipantsMax) forgetOne(run);
  const fresh: ParticipantObservation = {
    id,
    protocol: 'memory',
    phase: 'idle',
    phaseRound: 0,
    phaseAt: null,
    linkState: 'connecting',
    linkReason: '',
    linkAt: null,
    linkDown: null,
    ownLink: null,
    obstacle: null,
    unread: false,
    connections: 0,
    sessions: [],
    undeliverable: [],
    lastHeard: null,
    lastEcho: null,
    lastProgress: null,
    firstStep: true,
    trained: null,
    progressGapMsMax: 0,
    firstStepMsMax: 0,
    transfer: null,
    process: null,
    backAt: 0,
    exited: null,
    joined: false,
    left: null,
    paused: null,
    faults: new Map(),
  };
  run.participants.set(id, fresh);
  return fresh;
}

/** Of those who do not take part the one that was seen first; of many at once who do, the same. */
function forgetOne({ participants }: RunObservation): void {
  const [first] = participants.keys();
  const gone = [...participants.values()].find(({ joined, left }) => !joined || left !== null)?.id ?? first;
  if (gone !== undefined) participants.delete(gone);
}

/** Times of other processes are taken as they come; one from the future is a clock that was set back meanwhile. */
const futureMs = 1000;

/** How long ago that was, ms, without what is forgiven. */
export function elapsedMs(run: RunObservation, at: number): number {
  const begin = at > run.now + futureMs ? run.forgiveBefore : Math.max(at, run.forgiveBefore);
  return Math.max(0, run.now - begin);
}

/** A process on this machine tells of itself once a second: it is behind with its reports when it has not for longer. */
const reportMs = 1500;

/** By how much the end that observes is behind with what it saw (a flood, no processor), ms: of that time nothing is known. */
function behindMs({ chair, self, coordinator, processes, now }: RunObservation): number {
  const observer = chair === 'participant' ? processes.get(self ?? '') : coordinator;
  return observer == null ? 0 : Math.max(0, now - observer.toldUntil - reportMs);
}

/** The same for what one participant did or did not do, as far as it could be seen. */
export function quietMs(run: RunObservation, { backAt, unread }: ParticipantObservation, at: number): number {
  if (unread) return 0;
  return Math.max(0, elapsedMs(run, Math.max(at, backAt)) - behindMs(run));
}

/** A process that was away for so long has heard nobody meanwhile. */
export const eventLoopStallMs = 2500;

/**
 * Whatever comes from a process of this machine says that it runs. One that tells of nothing between two moments of its own
 * clock was away between them: what it tells first may be of anybody, and what it could not hear is read only then.
 */
export function observeSign(run: RunObservation, source: string, at: number): void {
  const process = run.processes.get(source);
  if (process === undefined) return;
  if (at - process.toldUntil >= eventLoopStallMs) {
    process.backAt = Math.max(at, run.now);
    if (source === coordinatorId) run.coordinatorAway = { from: process.toldUntil, to: at };
    forgive(run, source, at);
  }
  process.signAt = Math.max(process.signAt, at, run.now);
  process.toldUntil = Math.max(process.toldUntil, at);
}

/** Nobody is to blame for what the coordinator, or that participant, did not hear or do until then. */
export function forgive(run: RunObservation, name: string, until: number): void {
  const participant = run.participants.get(name);
  if (name === coordinatorId) run.forgiveBefore = Math.max(run.forgiveBefore, until);
  else if (participant !== undefined) participant.backAt = Math.max(participant.backAt, until);
}

export function push<T>(items: T[], item: T, max = recentMax): void {
  items.push(item);
  if (items.length > max) items.splice(0, items.length - max);
}

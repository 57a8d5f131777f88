import type { EventData, EventType, LinkState, ParticipantPhase, RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { FaultName } from '#shared/contract/settings.ts';
import type { Protocol } from '#shared/contract/protocols.ts';

/** One link of a chain of evidence. */
export interface EvidenceRef {
  readonly ref: string;
  readonly at: number;
  readonly text: string;
}

/** Newest entries kept per list: enough for a rule's window and its evidence. */
const recentMax = 64;

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
  connections: number;
  /** Sessions opened and closed as the coordinator saw them, oldest first. */
  readonly opened: EvidenceRef[];
  readonly closedByPeer: EvidenceRef[];
  /** Messages to this participant for which there was no open session. */
  readonly undeliverable: EvidenceRef[];
  /** The last frame that came from it, and the last thing that it was told and could hear. */
  lastHeard: EvidenceRef | null;
  lastProgress: EvidenceRef | null;
  /** Largest pause between two signs of progress in training so far, ms. */
  progressGapMsMax: number;
  exited: (EvidenceRef & { readonly expected: boolean; readonly restarts: boolean }) | null;
  left: EvidenceRef | null;
  readonly faults: Set<FaultName>;
}

export interface RunObservation {
  /** Time of the newest event or packet by any process: the clock of live runs and replays alike. */
  now: number;
  running: boolean;
  wait: EventData<'round_status'> | null;
  /** Since when the coordinator waits for exactly these. */
  waitSince: EvidenceRef | null;
  /** Its process has ended and is started again; null again once it goes on with the run. */
  coordinatorGone: EvidenceRef | null;
  readonly participants: Map<string, ParticipantObservation>;
}

export function emptyRunObservation(): RunObservation {
  return { now: 0, running: false, wait: null, waitSince: null, coordinatorGone: null, participants: new Map() };
}

export function observeEvent(run: RunObservation, event: RecordedEvent): void {
  run.now = Math.max(run.now, event.at);
  const ref: MakeRef = (text) => ({ ref: `event:${event.id}`, at: event.at, text });
  const observer = observers[event.type];
  // The union is discriminated by type, which the index access above cannot express.
  (observer as ((run: RunObservation, data: unknown, ref: MakeRef) => void) | undefined)?.(run, event.data, ref);
}

type MakeRef = (text: string) => EvidenceRef;

const observers: { [T in EventType]?: (run: RunObservation, data: EventData<T>, ref: MakeRef) => void } = {
  run_started: (run) => {
    run.running = true;
  },
  run_ended: (run) => {
    run.running = false;
  },
  run_resumed: (run) => {
    run.coordinatorGone = null;
    // What the former process heard and did not hear is no longer to the point.
    for (const participant of run.participants.values()) {
      participant.linkState = 'connecting';
      participant.linkAt = null;
      participant.lastHeard = null;
      for (const list of [participant.opened, participant.closedByPeer, participant.undeliverable]) list.length = 0;
    }
  },
  round_status: (run, data, ref) => {
    const before = run.wait;
    const same =
      before !== null &&
      before.round === data.round &&
      before.phase === data.phase &&
      before.waitingFor.join() === data.waitingFor.join();
    run.wait = data;
    if (same) return;
    run.waitSince = ref(`round ${data.round}, ${data.phase}: waits for ${data.waitingFor.join(', ') || 'nobody'}`);
  },
  participant_joined: (run, data) => {
    const participant = of(run, data.participant);
    participant.protocol = data.protocol;
    participant.left = null;
    participant.exited = null;
  },
  participant_left: (run, data, ref) => {
    of(run, data.participant).left = ref(`left: ${data.reason}`);
  },
  participant_phase: (run, data, ref) => {
    const participant = of(run, data.participant);
    participant.phase = data.phase;
    participant.phaseRound = data.round;
    participant.phaseAt = ref(`${data.phase}, round ${data.round}`);
    participant.lastProgress = participant.phaseAt;
  },
  training_progress: (run, data, ref) => {
    const participant = of(run, data.participant);
    const before = participant.lastProgress;
    const progress = ref(`batch ${data.batch} of ${data.batches}, epoch ${data.epoch} of ${data.epochs}`);
    if (before !== null && participant.phase === 'train') {
      participant.progressGapMsMax = Math.max(participant.progressGapMsMax, progress.at - before.at);
    }
    participant.lastProgress = progress;
  },
  link_state: (run, data, ref) => {
    // What the coordinator can rely on counts; a participant may well believe itself connected.
    if (data.side !== 'coordinator') return;
    const participant = of(run, data.participant);
    participant.linkState = data.state;
    participant.linkReason = data.reason;
    participant.connections = data.connections;
    participant.linkAt = ref(`link ${data.state}${data.reason === '' ? '' : `: ${data.reason}`}`);
  },
  process_exited: (run, data, ref) => {
    const gone = ref(`process ${data.pid} is gone: ${data.note}`);
    if (data.name === coordinatorId) run.coordinatorGone = data.restarts === true ? gone : null;
    else of(run, data.name).exited = { ...gone, expected: data.expected, restarts: data.restarts === true };
  },
  fault_injected: (run, data) => {
    of(run, data.participant).faults.add(data.fault);
  },
  fault_cleared: (run, data) => {
    of(run, data.participant).faults.delete(data.fault);
  },
};

/** Only the coordinator's packets tell what arrived and what could not be delivered. */
export function observePacket(run: RunObservation, packet: PacketRow): void {
  run.now = Math.max(run.now, packet.at);
  if (packet.source !== 'coordinator' || packet.participant === '') return;
  const participant = of(run, packet.participant);
  participant.protocol = packet.protocol;
  const ref = (text: string): EvidenceRef => ({ ref: `packet:${packet.id}`, at: packet.at, text });
  if (packet.kind === 'connection_open') push(participant.opened, ref(`connection ${packet.connection} opened`));
  else if (packet.kind === 'connection_close')
    push(participant.closedByPeer, ref(`connection ${packet.connection} closed: ${packet.note}`));
  else if (packet.status === 'undeliverable')
    push(participant.undeliverable, ref(`${packet.kind} undeliverable: no open connection`));
  else if (packet.side === 'received') participant.lastHeard = ref(`${packet.kind} received`);
}

function of(run: RunObservation, id: string): ParticipantObservation {
  const known = run.participants.get(id);
  if (known !== undefined) return known;
  const fresh: ParticipantObservation = {
    id,
    protocol: 'memory',
    phase: 'idle',
    phaseRound: 0,
    phaseAt: null,
    linkState: 'connecting',
    linkReason: '',
    linkAt: null,
    connections: 0,
    opened: [],
    closedByPeer: [],
    undeliverable: [],
    lastHeard: null,
    lastProgress: null,
    progressGapMsMax: 0,
    exited: null,
    left: null,
    faults: new Set(),
  };
  run.participants.set(id, fresh);
  return fresh;
}

function push<T>(items: T[], item: T): void {
  items.push(item);
  if (items.length > recentMax) items.shift();
}

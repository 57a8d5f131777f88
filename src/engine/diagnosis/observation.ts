import type { EventData, LinkState, ParticipantPhase, RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
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
  exited: (EvidenceRef & { readonly expected: boolean }) | null;
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
  readonly participants: Map<string, ParticipantObservation>;
}

export function emptyRunObservation(): RunObservation {
  return { now: 0, running: false, wait: null, waitSince: null, participants: new Map() };
}

export function observeEvent(run: RunObservation, event: RecordedEvent): void {
  run.now = Math.max(run.now, event.at);
  const ref = (text: string): EvidenceRef => ({ ref: `event:${event.id}`, at: event.at, text });
  switch (event.type) {
    case 'run_started':
      run.running = true;
      break;
    case 'run_ended':
      run.running = false;
      break;
    case 'round_status': {
      const before = run.wait;
      const same =
        before !== null &&
        before.round === event.data.round &&
        before.phase === event.data.phase &&
        before.waitingFor.join() === event.data.waitingFor.join();
      run.wait = event.data;
      if (!same)
        run.waitSince = ref(
          `round ${event.data.round}, ${event.data.phase}: waits for ${event.data.waitingFor.join(', ') || 'nobody'}`,
        );
      break;
    }
    case 'participant_joined':
      of(run, event.data.participant).protocol = event.data.protocol;
      of(run, event.data.participant).left = null;
      break;
    case 'participant_left':
      of(run, event.data.participant).left = ref(`left: ${event.data.reason}`);
      break;
    case 'participant_phase': {
      const participant = of(run, event.data.participant);
      participant.phase = event.data.phase;
      participant.phaseRound = event.data.round;
      participant.phaseAt = ref(`${event.data.phase}, round ${event.data.round}`);
      participant.lastProgress = participant.phaseAt;
      break;
    }
    case 'training_progress': {
      const participant = of(run, event.data.participant);
      const before = participant.lastProgress;
      if (before !== null && participant.phase === 'train') {
        participant.progressGapMsMax = Math.max(participant.progressGapMsMax, event.at - before.at);
      }
      participant.lastProgress = ref(
        `batch ${event.data.batch} of ${event.data.batches}, epoch ${event.data.epoch} of ${event.data.epochs}`,
      );
      break;
    }
    case 'link_state':
      if (event.data.side === 'coordinator') {
        const participant = of(run, event.data.participant);
        participant.linkState = event.data.state;
        participant.linkReason = event.data.reason;
        participant.connections = event.data.connections;
        participant.linkAt = ref(`link ${event.data.state}${event.data.reason === '' ? '' : `: ${event.data.reason}`}`);
      }
      break;
    case 'process_exited':
      of(run, event.data.name).exited = {
        ...ref(`process ${event.data.pid} is gone: ${event.data.note}`),
        expected: event.data.expected,
      };
      break;
    case 'fault_injected':
      of(run, event.data.participant).faults.add(event.data.fault);
      break;
    case 'fault_cleared':
      of(run, event.data.participant).faults.delete(event.data.fault);
      break;
    default:
      break;
  }
}

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

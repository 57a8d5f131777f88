import { coordinatorId } from '#shared/contract/ids.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import {
  participantOf,
  push,
  type EvidenceRef,
  type ParticipantObservation,
  type RunObservation,
  type SessionObservation,
} from './observation.ts';

/**
 * Of two ends that report to this machine the coordinator's packets count: they tell what arrived and what could not be
 * delivered. From a participant's chair there are only its own.
 */
export function observePacket(run: RunObservation, packet: PacketRow): void {
  const own = run.chair === 'participant' ? packet.source === run.self : packet.source === coordinatorId;
  // Who was turned away before it had a link is no participant.
  if (!own || packet.participant === '' || packet.status === 'rejected') return;
  const participant = participantOf(run, packet.participant);
  participant.protocol = packet.protocol;
  const ref = (text: string): EvidenceRef => ({ ref: `packet:${packet.id}`, at: packet.at, text });
  if (packet.kind === 'connection_open') return opened(participant, packet, ref);
  if (packet.kind === 'connection_close') return closed(participant, packet, ref);
  if (packet.status === 'undeliverable')
    return push(participant.undeliverable, ref(`${packet.kind} for ${packet.participant} found no open connection`));
  if (packet.side !== 'received') return;
  participant.lastHeard = ref(`${packet.kind} received`);
  // Only the echo of an own heartbeat gives a round trip.
  if (packet.kind === 'heartbeat' && packet.durationMs !== undefined)
    participant.lastEcho = ref('a heartbeat that answers one of ours');
}

type MakeRef = (text: string) => EvidenceRef;

function opened(participant: ParticipantObservation, { connection, participant: id }: PacketRow, ref: MakeRef): void {
  const session = { connection, opened: ref(`${id} opened connection ${connection}`), closed: null, end: 'open' };
  push(participant.sessions, session as SessionObservation);
}

function closed(participant: ParticipantObservation, packet: PacketRow, ref: MakeRef): void {
  const index = participant.sessions.findLastIndex(
    ({ connection, end }) => connection === packet.connection && end === 'open',
  );
  const session = participant.sessions[index];
  if (session === undefined) return;
  const end = endOf(packet);
  const text =
    end === 'hung_up'
      ? `${packet.participant} hung up connection ${packet.connection}${afterWhat(packet.note)}`
      : `connection ${packet.connection} ended: ${packet.note}`;
  participant.sessions[index] = { ...session, closed: ref(text), end };
}

/** The link's words for whose doing the end of a session was, see `link-core.ts`: `CODE: reason`, the other end's in brackets. */
const byOther = /^closed by the other end \((\w+)\)/;
/** Ends that both sides meant. */
const wanted = new Set(['clean', 'complete', 'changed', 'completed', 'stalled', 'failed', 'interrupted', 'superseded']);

function endOf({ note, side }: PacketRow): SessionObservation['end'] {
  const code = byOther.exec(note)?.[1];
  if (code === 'clean' && side === 'received') return 'hung_up';
  if (code !== undefined) return wanted.has(code) ? 'on_purpose' : 'broken';
  return wanted.has(note.split(':')[0] ?? '') ? 'on_purpose' : 'broken';
}

/** The words that a client which hangs up after each message gives as its reason, see `single-message-session.ts`. */
function afterWhat(note: string): string {
  const kind = /\(clean\): hung up right after (\w+)/.exec(note)?.[1];
  return kind === undefined ? '' : ` right after ${kind}`;
}

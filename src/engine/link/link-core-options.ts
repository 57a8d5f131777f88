import type { Clock } from '#shared/base/time/clock.ts';
import type { ParticipantId, RunId } from '#shared/contract/ids.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';
import type { IncomingRoom } from './transfer/incoming-room.ts';
import type { PacketLog } from './records/packet-log.ts';

export interface LinkCoreOptions {
  readonly run: RunId;
  readonly participant: ParticipantId;
  readonly clock: Clock;
  readonly log: PacketLog;
  /** Beginning of this link's message ids; unpredictable, so that two lives of a link do not share ids. */
  readonly idPrefix: string;
  /** Shown before there is a session. */
  readonly protocol: Protocol;
  readonly stack: Stack;
  /** SHA-256 of the peer's public key. */
  readonly peerKey: string;
  /** For payloads on their way in, of all links that share it; default one of its own. */
  readonly room?: IncomingRoom;
  /** What has come of a payload goes when there was no session for so long, ms; absent: it is kept as long as the link. */
  readonly partialMs?: number | undefined;
}

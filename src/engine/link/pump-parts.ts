import type { InvariantError } from '#shared/base/invariant.ts';
import type { Trouble } from './health/link-health.ts';
import type { ReceiverParts } from './transfer/message-receiver.ts';
import type { Outbox } from './transfer/outbox.ts';
import type { SessionEnd } from './session-end.ts';

export const noRoom: Trouble = {
  kind: 'unread',
  reason: 'no room in memory for what this sends: it is taken when others are done',
};

/** What the pump works on: the link's memory, which outlives sessions. */
export interface PumpParts extends ReceiverParts {
  readonly outbox: Outbox;
  /** The peer has acknowledged something: there may be room. */
  readonly onAcknowledged: () => void;
  /** Reading waits for room or for its reader. */
  readonly onWait: () => void;
  /** Once per heartbeat. */
  readonly onTick: (rttMs: number | null) => void;
  /** The session is over; it may take a while until it is closed. */
  readonly onEnd: (end: SessionEnd) => void;
  /** The session has become slow or stuck, and why; null: it is well again. */
  readonly onHealth: (trouble: Trouble | null) => void;
  /** The link's own memory is not what it must be. */
  readonly onFault: (error: InvariantError) => void;
}

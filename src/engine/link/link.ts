import type { LinkState } from '#shared/contract/events.ts';
import type { MessageId, ParticipantId } from '#shared/contract/ids.ts';
import type { Message, MessageHeader, Outgoing, RunStatus } from '#shared/contract/messages.ts';
import type { ExpectedBulk } from './transfer/inbox.ts';
import type { UnreadableLog } from './records/unreadable-log.ts';
import type { Protocol, Stack } from '#shared/contract/protocols.ts';

/**
 * The one logical two-way connection of a run between a participant and the coordinator. It outlives sessions: a lost one
 * is re-dialed (participant) or awaited (coordinator) and resumed from the last acknowledged message, so that above the
 * link every message arrives exactly once, with its payload verified. It knows nothing of rounds.
 *
 * Order: control messages (those without payload) arrive in the order in which they were sent. A message with a payload
 * travels beside them and arrives when it is complete, so a control message sent after it may overtake it
 * (`start_training` may come before its `global_model`), and two of them may overtake each other.
 */
export interface Link extends AsyncDisposable {
  /** The participant's id, at both ends. */
  readonly participant: ParticipantId;
  readonly status: LinkStatus;
  /**
   * Takes a message into the outbox (waits while that is full), numbers it and sends it as soon as a session is there.
   * Resolves with its id when it is in the outbox; `acknowledged` resolves once the peer's link has it.
   * Rejects with `session_closed` after close, with the signal's reason on abort, `send_timeout` never: the link re-dials.
   */
  send(message: Outgoing, options: { readonly signal: AbortSignal }): Promise<SentMessage>;
  /**
   * Drops messages with a payload that nobody needs any more and that were not sent completely; returns their headers. The
   * peer discards what it has of them. A newer model or update drops older ones by itself, see `supersedes`.
   */
  withdraw(useless: (header: MessageHeader) => boolean, reason: string): readonly MessageHeader[];
  /** What payloads the peer may send from now on. Before this call it may send none; a session on which it does is ended. */
  expect(bulk: ExpectedBulk): void;
  /** Messages of the peer, once each; waits; done when the link is closed. One reader. */
  messages(): AsyncIterable<Message, undefined>;
  /** Says goodbye, flushes within `timing.closeTimeoutMs`, closes the session. Twice is fine. */
  close(code: string, reason: string): Promise<void>;
  /** The peer was restarted, or this end was away for too long: all unacknowledged messages of both ends are lost and must be sent again. */
  onReset(listener: () => void): Disposable;
  /** Messages of the peer that could not be read and were answered with `error`. */
  readonly unreadable: UnreadableLog;
  readonly closed: Promise<LinkEnd>;
}

export interface LinkEnd {
  readonly code: string;
  readonly reason: string;
  readonly local: boolean;
  /** With `run_over`: how the run ended, if the coordinator said so. */
  readonly status?: RunStatus | undefined;
}

export interface SentMessage {
  readonly id: MessageId;
  readonly acknowledged: Promise<void>;
}

export interface LinkStatus {
  readonly state: LinkState;
  readonly reason: string;
  readonly protocol: Protocol;
  readonly stack: Stack;
  readonly connections: number;
  readonly reconnects: number;
  /** Monotonic ms of the last frame from the peer. */
  readonly lastHeardMs: number;
  readonly unacknowledged: number;
  /** What a broker between both ends does not let through; absent: nothing, as far as is known. */
  readonly obstacle?: string | undefined;
  /** SHA-256 of the peer's public key, which signs each hello. */
  readonly peerKey: string;
}

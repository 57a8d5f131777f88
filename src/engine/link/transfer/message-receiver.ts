import { decodeMessageHeader, salvageHeader } from '#engine/codec/message-codec.ts';
import { giveBackMessage } from '#engine/framing/give-back.ts';
import { bytesIn } from '#engine/framing/parts.ts';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import type { PacketStatus } from '#shared/contract/packet.ts';
import type { Inbox, Decision } from './inbox.ts';
import type { LinkFrameOf } from '../link-frames.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Received, Wire } from '../wire.ts';

export interface ReceiverParts {
  readonly run: string;
  readonly inbox: Inbox;
  readonly queue: MessageQueue;
  /** A message of the peer could not be taken; the link answers with `error` where that makes sense. */
  readonly onRefused: (
    about: { readonly kind: string; readonly id: string; readonly round: number },
    error: { readonly code: ErrorCode; readonly reason: string },
  ) => void;
  readonly onPayload: (side: 'sent' | 'received', bytes: number) => void;
}

/** What the receiver asks of the session that it works for. */
export interface ReceiverEnds {
  readonly acknowledge: (when: 'soon' | 'now') => void;
  readonly refuseSession: (code: ErrorCode, reason: string) => void;
}

interface About {
  readonly kind: string;
  readonly id: string;
  readonly round: number;
  readonly replyTo?: string;
  readonly chunk?: string;
  /** Kind of the message that a chunk belongs to. */
  readonly of?: string | undefined;
}

/** Checks messages and chunks as they come, delivers what is whole and reports what became of each frame. */
export class MessageReceiver {
  readonly #wire: Wire;
  readonly #parts: ReceiverParts;
  readonly #ends: ReceiverEnds;

  constructor(wire: Wire, parts: ReceiverParts, ends: ReceiverEnds) {
    this.#wire = wire;
    this.#parts = parts;
    this.#ends = ends;
  }

  takeMessage(received: Received, frame: LinkFrameOf<'message'>): void {
    if (frame.transfer === undefined) this.#takeControl(received, frame);
    else this.#takeAnnouncement(received, frame, frame.transfer);
  }

  #takeControl(received: Received, frame: LinkFrameOf<'message'>): void {
    const about = salvageHeader(frame.header);
    const seen = frame.seq === undefined ? null : this.#parts.inbox.takeControl(frame.seq);
    if (seen === null)
      return this.#checked(received, about, {
        verdict: 'fatal',
        code: 'header_invalid',
        reason: 'message with neither number nor transfer',
      });
    if (seen.verdict !== 'accepted') return this.#checked(received, about, seen);
    this.#ends.acknowledge('soon');
    const header = this.#checkHeader(frame.header);
    if (!header.ok)
      return this.#checked(received, about, {
        verdict: 'refused',
        code: header.error.code,
        reason: header.error.message,
      });
    if (header.value.payload !== undefined) {
      return this.#checked(received, about, {
        verdict: 'refused',
        code: 'header_invalid',
        reason: `${header.value.kind} came without its bytes`,
      });
    }
    this.#checked(
      received,
      { ...about, replyTo: header.value.replyTo ?? '' },
      { verdict: 'accepted', message: { header: header.value } },
    );
  }

  #takeAnnouncement(received: Received, frame: LinkFrameOf<'message'>, transfer: string): void {
    const about = salvageHeader(frame.header);
    const header = this.#checkHeader(frame.header);
    const checked = !header.ok
      ? { code: header.error.code, reason: header.error.message }
      : header.value.id === transfer
        ? { header: header.value }
        : { code: 'header_invalid' as const, reason: `transfer ${transfer} announces message ${header.value.id}` };
    const decision = this.#parts.inbox.announce(transfer, frame.offset ?? 0, checked);
    if (decision.verdict !== 'accepted' || decision.message !== null) this.#ends.acknowledge('now');
    this.#checked(received, about, decision);
  }

  #checkHeader(wire: Readonly<Record<string, unknown>>): Result<MessageHeader, RoundscopeError> {
    const header = decodeMessageHeader(wire);
    if (!header.ok) return header;
    const { sender, run } = header.value;
    const { log, context } = this.#wire;
    const expected = log.side === 'participant' ? coordinatorId : context.participant;
    if (run !== this.#parts.run)
      return err(linkError('run_mismatch', `message of run ${run} on a link of run ${this.#parts.run}`));
    if (sender !== expected)
      return err(linkError('sender_mismatch', `message from ${sender} on the link of ${expected}`));
    return ok(header.value);
  }

  takeChunk(received: Received, frame: LinkFrameOf<'chunk'>): void {
    const { inbox, onPayload } = this.#parts;
    const transfer = inbox.transfer(frame.transfer);
    const decision = inbox.takeChunk(frame.transfer, frame.offset, received.body);
    const round = transfer?.header.round ?? 0;
    if (transfer !== undefined && decision.verdict === 'accepted') {
      onPayload('received', bytesIn(received.body));
      const { log, context, clock } = this.#wire;
      const { kind, id } = transfer.header;
      const told = { bytes: transfer.receivedBytes, totalBytes: transfer.info.length, nowMs: clock.monotonicMs() };
      log.progress(context, { side: 'received', id, round, kind, ...told });
    }
    if (transfer?.complete === true) this.#ends.acknowledge('now');
    else this.#ends.acknowledge('soon');
    const chunk = `${frame.index}/${frame.count}`;
    const about = { kind: 'chunk', id: frame.transfer, round, chunk, of: transfer?.header.kind };
    this.#checked(received, about, decision);
    // It has been copied to its place, and its beginning to the log.
    giveBackMessage(received.body);
  }

  takeWithdrawal(received: Received, { transfer: id }: LinkFrameOf<'withdraw'>): void {
    const { inbox } = this.#parts;
    const round = inbox.transfer(id)?.header.round ?? 0;
    inbox.withdraw(id);
    this.#ends.acknowledge('soon');
    this.report(received, { kind: 'withdraw', messageId: id, round, note: 'the rest will not come' });
  }

  /** Reports the frame with what became of it, and draws the consequence. */
  #checked(received: Received, about: About, decision: Decision): void {
    const { kind, id, round, replyTo, chunk } = about;
    const shown = {
      kind: kind === '' ? received.kind : kind,
      messageId: id,
      round,
      replyTo: replyTo ?? '',
      chunk: chunk ?? '',
    };
    switch (decision.verdict) {
      case 'accepted':
        this.report(received, shown);
        if (decision.message !== null) this.#parts.queue.push(decision.message, decision.place);
        return;
      case 'duplicate':
        this.#ends.acknowledge('soon');
        return this.report(received, { ...shown, status: 'duplicate', note: 'was here already' });
      case 'refused':
        this.report(received, { ...shown, status: 'rejected', note: `${decision.code}: ${decision.reason}` });
        return this.#parts.onRefused({ kind: about.of ?? kind, id, round }, decision);
      case 'fatal':
        this.report(received, { ...shown, status: 'malformed', note: `${decision.code}: ${decision.reason}` });
        return this.#ends.refuseSession(decision.code, decision.reason);
    }
  }

  report(
    { note }: Received,
    more: {
      readonly kind: string;
      readonly status?: PacketStatus;
      readonly note?: string;
      readonly messageId?: string;
      readonly round?: number;
    },
  ): void {
    this.#wire.log.frame(this.#wire.context, { ...note, ...more });
  }
}

function linkError(code: 'run_mismatch' | 'sender_mismatch', message: string): RoundscopeError {
  return new RoundscopeError(code, { layer: 'link', message });
}

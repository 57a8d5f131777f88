import type { Parts } from '#engine/framing/parts.ts';
import type { ErrorCode } from '#shared/base/errors.ts';
import type { MessageId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Message, MessageHeader } from '#shared/contract/messages.ts';
import { IncomingTransfer } from './incoming-transfer.ts';
import { checkInbox } from './link-invariants.ts';
import { acknowledgedTransfersMax, type Received } from './link-frames.ts';

/** What became of a frame. `fatal`: the session cannot go on (its bytes are kept; the next one resumes). */
export type Judgement =
  | { readonly verdict: 'accepted'; readonly message: Message | null }
  | { readonly verdict: 'duplicate' }
  | { readonly verdict: 'refused'; readonly code: ErrorCode; readonly reason: string }
  | { readonly verdict: 'fatal'; readonly code: ErrorCode; readonly reason: string };

/** What has been received, across sessions: makes every message arrive once however often it was sent. */
export class Inbox {
  #received = 0;
  readonly #transfers = new Map<string, IncomingTransfer>();
  /** Completed and refused transfers, oldest first; null: completed. */
  readonly #finished = new Map<string, ErrorCode | null>();

  get received(): number {
    return this.#received;
  }

  transfer(id: string): IncomingTransfer | undefined {
    return this.#transfers.get(id);
  }

  /** Transfers on their way. */
  open(): Iterable<IncomingTransfer> {
    return this.#transfers.values();
  }

  state(): Received {
    const finished = [...this.#finished].slice(-acknowledgedTransfersMax) as [MessageId, ErrorCode | null][];
    return {
      received: this.#received,
      transfers: [...this.#transfers].map(([id, { receivedBytes }]) => ({ id: id as MessageId, bytes: receivedBytes })),
      done: finished.filter(([, code]) => code === null).map(([id]) => id),
      failed: finished.flatMap(([id, code]) => (code === null ? [] : [{ id, code }])),
    };
  }

  /** A control message's number. Numbers come without gaps, so a gap means that the lane has lost something. */
  takeControl(seq: number): Judgement {
    if (seq <= this.#received) return { verdict: 'duplicate' };
    if (seq > this.#received + 1) {
      return {
        verdict: 'fatal',
        code: 'session_lost',
        reason: `control message ${seq} came after ${this.#received}: the lane lost some`,
      };
    }
    this.#received = seq;
    return { verdict: 'accepted', message: null };
  }

  /** The announcement of a bulk message. A null header was judged bad by the codec, for `bad`'s reason. */
  announce(
    id: string,
    offset: number,
    judged: { readonly header: MessageHeader } | { readonly code: ErrorCode; readonly reason: string },
  ): Judgement {
    if (this.#finished.has(id)) return { verdict: 'duplicate' };
    const open = this.#transfers.get(id);
    if (open !== undefined)
      return offset <= open.receivedBytes
        ? { verdict: 'accepted', message: null }
        : gap(id, offset, open.receivedBytes);
    if ('code' in judged) return this.refuse(id, judged.code, judged.reason);
    const info = judged.header.payload;
    if (info === undefined)
      return this.refuse(id, 'header_invalid', `${judged.header.kind} is announced as bulk and has no payload`);
    if (offset > 0) return gap(id, offset, 0);
    if (this.#transfers.size >= limits.transfersPerPeerMax) {
      return {
        verdict: 'fatal',
        code: 'rate_exceeded',
        reason: `more than ${limits.transfersPerPeerMax} transfers at once`,
      };
    }
    const transfer = new IncomingTransfer(judged.header, info);
    this.#transfers.set(id, transfer);
    return transfer.complete ? this.#complete(id, transfer) : { verdict: 'accepted', message: null };
  }

  takeChunk(id: string, offset: number, bytes: Parts): Judgement {
    const transfer = this.#transfers.get(id);
    if (transfer === undefined) {
      if (this.#finished.has(id)) return { verdict: 'duplicate' };
      return { verdict: 'fatal', code: 'frame_malformed', reason: `chunk of a transfer that was not announced: ${id}` };
    }
    switch (transfer.append(offset, bytes)) {
      case 'overflow':
        return {
          verdict: 'fatal',
          code: 'payload_too_large',
          reason: `chunk ends beyond the ${transfer.info.length} bytes announced`,
        };
      case 'gap':
        return gap(id, offset, transfer.receivedBytes);
      case 'duplicate':
        return { verdict: 'duplicate' };
      case 'taken':
        return transfer.complete ? this.#complete(id, transfer) : { verdict: 'accepted', message: null };
    }
  }

  /** The peer has given it up. It may not have been announced yet: lanes are not ordered. */
  withdraw(id: string): void {
    if (!this.#finished.has(id)) this.#finish(id, 'aborted');
  }

  /** @param before what `received` was before the latest frame @throws InvariantError */
  check(before: number): void {
    const { received } = this;
    checkInbox(before, { received, finished: this.#finished.size, transfers: this.#transfers.values() });
  }

  /** Remembers that a transfer is not wanted, whatever else of it comes. */
  refuse(id: string, code: ErrorCode, reason: string): Judgement {
    this.#finish(id, code);
    return { verdict: 'refused', code, reason };
  }

  #complete(id: string, transfer: IncomingTransfer): Judgement {
    const payload = transfer.finish();
    if (payload === null)
      return this.refuse(id, 'payload_hash_mismatch', `payload of ${id} is not what its hash announced`);
    this.#finish(id, null);
    return { verdict: 'accepted', message: { header: transfer.header, payload } };
  }

  #finish(id: string, code: ErrorCode | null): void {
    this.#transfers.delete(id);
    this.#finished.set(id, code);
    if (this.#finished.size > limits.seenMessagesMax) {
      const oldest = this.#finished.keys().next();
      if (oldest.done !== true) this.#finished.delete(oldest.value);
    }
  }
}

function gap(id: string, offset: number, receivedBytes: number): Judgement {
  return {
    verdict: 'fatal',
    code: 'session_lost',
    reason: `transfer ${id} goes on at ${offset}, but only ${receivedBytes} bytes are here`,
  };
}

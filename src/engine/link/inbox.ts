import type { Parts } from '#engine/framing/parts.ts';
import type { ErrorCode } from '#shared/base/errors.ts';
import type { MessageId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Message, MessageHeader, MessageKind, PayloadInfo } from '#shared/contract/messages.ts';
import type { IncomingRoom, Place } from './incoming-room.ts';
import { IncomingTransfer } from './incoming-transfer.ts';
import { checkInbox } from './link-invariants.ts';
import { acknowledgedTransfersMax, type Received } from './link-frames.ts';

/** What became of a frame. `fatal`: the session cannot go on (its bytes are kept; the next one resumes). */
export type Judgement =
  | { readonly verdict: 'accepted'; readonly message: Message | null; readonly place?: Place }
  | { readonly verdict: 'duplicate' }
  | { readonly verdict: 'refused'; readonly code: ErrorCode; readonly reason: string }
  | { readonly verdict: 'fatal'; readonly code: ErrorCode; readonly reason: string };

/** What a peer may send in bulk, as the plan of the run has it. */
export interface ExpectedBulk {
  readonly kinds: readonly MessageKind[];
  /** Of one payload: the length of a model of this run. */
  readonly bytesMax: number;
}

export interface InboxParts {
  readonly room: IncomingRoom;
  /** Null: nothing yet. */
  readonly expected: () => ExpectedBulk | null;
  /** A transfer has its turn after it had to wait for room. */
  readonly onRoom: () => void;
  /** Others wait for room, and this transfer does not get on; it is gone already. */
  readonly onEvicted: (transfer: IncomingTransfer, reason: string) => void;
}

/** What has been received, across sessions: makes every message arrive once however often it was sent. */
export class Inbox {
  readonly #parts: InboxParts;
  #received = 0;
  readonly #transfers = new Map<string, IncomingTransfer>();
  /** Completed and refused transfers, oldest first; null: completed. */
  readonly #finished = new Map<string, ErrorCode | null>();

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  get received(): number {
    return this.#received;
  }

  /** A transfer that was announced has to wait for its room: whoever reads waits too. */
  get waits(): boolean {
    for (const { place } of this.#transfers.values()) if (!place.granted) return true;
    return false;
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
    const { header } = judged;
    const info = header.payload;
    if (info === undefined)
      return this.refuse(id, 'header_invalid', `${header.kind} is announced as bulk and has no payload`);
    const expected = this.#parts.expected();
    if (expected === null)
      return { verdict: 'fatal', code: 'not_registered', reason: `${header.kind} came before its sender takes part` };
    if (!expected.kinds.includes(header.kind))
      return this.refuse(id, 'header_invalid', `${header.kind} is not sent this way`);
    if (info.length > expected.bytesMax)
      return this.refuse(
        id,
        'payload_too_large',
        `${header.kind} of ${info.length} bytes; a model of this run has ${expected.bytesMax}`,
      );
    if (offset > 0) return gap(id, offset, 0);
    if (this.#transfers.size >= limits.transfersPerPeerMax) {
      return {
        verdict: 'fatal',
        code: 'rate_exceeded',
        reason: `more than ${limits.transfersPerPeerMax} transfer at once`,
      };
    }
    const transfer = this.#begin(id, header, info);
    return transfer.complete ? this.#complete(id, transfer) : { verdict: 'accepted', message: null };
  }

  #begin(id: string, header: MessageHeader, info: PayloadInfo): IncomingTransfer {
    const { room, onRoom, onEvicted } = this.#parts;
    const onGone = (reason: string): void => {
      this.#transfers.delete(id);
      onEvicted(transfer, reason);
    };
    const place = room.claim({ bytes: info.length, onGranted: onRoom, onEvicted: onGone });
    const transfer = new IncomingTransfer(header, info, place);
    this.#transfers.set(id, transfer);
    return transfer;
  }

  /** Lets go of what has not come whole, and returns what that was; whoever goes on with it begins it anew. */
  dropPartial(): IncomingTransfer[] {
    const dropped = [...this.#transfers.values()];
    this.#transfers.clear();
    for (const { place } of dropped) place[Symbol.dispose]();
    return dropped;
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

  /** The same of all that are on their way; returns what that was. */
  refuseOpen(code: ErrorCode): IncomingTransfer[] {
    const refused = [...this.#transfers];
    for (const [id] of refused) this.#finish(id, code);
    return refused.map(([, transfer]) => transfer);
  }

  #complete(id: string, transfer: IncomingTransfer): Judgement {
    const payload = transfer.finish();
    if (payload === null)
      return this.refuse(id, 'payload_hash_mismatch', `payload of ${id} is not what its hash announced`);
    // Its place is the reader's from here on.
    this.#transfers.delete(id);
    this.#finish(id, null);
    return { verdict: 'accepted', message: { header: transfer.header, payload }, place: transfer.place };
  }

  #finish(id: string, code: ErrorCode | null): void {
    this.#transfers.get(id)?.place[Symbol.dispose]();
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

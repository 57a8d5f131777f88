import type { Parts } from '#engine/framing/parts.ts';
import type { ErrorCode } from '#shared/base/errors.ts';
import type { MessageId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Message, MessageHeader, MessageKind, PayloadInfo } from '#shared/contract/messages.ts';
import type { IncomingRoom, Place } from './incoming-room.ts';
import { IncomingTransfer } from './incoming-transfer.ts';
import { checkInbox } from '../link-invariants.ts';
import { acknowledgedTransfersMax, type Received } from '../link-frames.ts';

/** What happens with a frame. `fatal`: the session must end; bytes received so far are kept, and the next session resumes. */
export type Decision =
  | { readonly verdict: 'accepted'; readonly message: Message | null; readonly place?: Place }
  | { readonly verdict: 'duplicate' }
  | { readonly verdict: 'refused'; readonly code: ErrorCode; readonly reason: string }
  | { readonly verdict: 'fatal'; readonly code: ErrorCode; readonly reason: string };

/** What payloads a peer may send, by the plan of the run. */
export interface ExpectedBulk {
  readonly kinds: readonly MessageKind[];
  /** Longest payload: the length of a model of this run. */
  readonly bytesMax: number;
}

export interface InboxParts {
  readonly room: IncomingRoom;
  /** Null: no payload is expected yet. */
  readonly expected: () => ExpectedBulk | null;
  /** A transfer that waited for room may continue. */
  readonly onRoom: () => void;
  /** This transfer made no progress while others waited for room, and was removed. */
  readonly onEvicted: (transfer: IncomingTransfer, reason: string) => void;
}

/** What was received so far, across sessions. It delivers every message once, however often it was sent. */
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

  /** An announced transfer waits for room, so the session is not read meanwhile. */
  get waits(): boolean {
    for (const { place } of this.#transfers.values()) if (!place.granted) return true;
    return false;
  }

  transfer(id: string): IncomingTransfer | undefined {
    return this.#transfers.get(id);
  }

  /** Transfers that are not complete. */
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

  /** Takes the number of a control message. There are no gaps in them, so a gap means that the lane lost a frame. */
  takeControl(seq: number): Decision {
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

  /** The announcement of a transfer, or why its header was refused by the codec. */
  announce(
    id: string,
    offset: number,
    checked: { readonly header: MessageHeader } | { readonly code: ErrorCode; readonly reason: string },
  ): Decision {
    if (this.#finished.has(id)) return { verdict: 'duplicate' };
    const open = this.#transfers.get(id);
    if (open !== undefined)
      return offset <= open.receivedBytes
        ? { verdict: 'accepted', message: null }
        : gap(id, offset, open.receivedBytes);
    if ('code' in checked) return this.refuse(id, checked.code, checked.reason);
    const { header } = checked;
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
        `${header.kind} of ${info.length} bytes; a ${header.kind === 'model_graph' ? 'network' : 'model'} of this run has ${expected.bytesMax}`,
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

  /** Discards incomplete transfers and returns them; their sender starts them again from the beginning. */
  dropPartial(): IncomingTransfer[] {
    const dropped = [...this.#transfers.values()];
    this.#transfers.clear();
    for (const { place } of dropped) place[Symbol.dispose]();
    return dropped;
  }

  takeChunk(id: string, offset: number, bytes: Parts): Decision {
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

  /** The peer has dropped it. It may not have been announced yet, since lanes are not ordered among each other. */
  withdraw(id: string): void {
    if (!this.#finished.has(id)) this.#finish(id, 'aborted');
  }

  /** @param before what `received` was before the latest frame @throws InvariantError */
  check(before: number): void {
    const { received } = this;
    checkInbox(before, { received, finished: this.#finished.size, transfers: this.#transfers.values() });
  }

  /** Refuses a transfer; further chunks of it are ignored. */
  refuse(id: string, code: ErrorCode, reason: string): Decision {
    this.#finish(id, code);
    return { verdict: 'refused', code, reason };
  }

  /** Refuses all incomplete transfers and returns them. */
  refuseOpen(code: ErrorCode): IncomingTransfer[] {
    const refused = [...this.#transfers];
    for (const [id] of refused) this.#finish(id, code);
    return refused.map(([, transfer]) => transfer);
  }

  #complete(id: string, transfer: IncomingTransfer): Decision {
    const payload = transfer.finish();
    if (payload === null)
      return this.refuse(id, 'payload_hash_mismatch', `payload of ${id} is not what its hash announced`);
    // From here on the reader of the link holds the reserved room.
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

function gap(id: string, offset: number, receivedBytes: number): Decision {
  return {
    verdict: 'fatal',
    code: 'session_lost',
    reason: `transfer ${id} goes on at ${offset}, but only ${receivedBytes} bytes are here`,
  };
}

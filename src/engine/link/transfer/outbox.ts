import { assert } from '#shared/base/assert.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import type { Received } from '../link-frames.ts';
import { checkOutbox } from '../link-invariants.ts';

/** A message that the peer's link has not acknowledged. */
export interface OutboxEntry {
  readonly header: MessageHeader;
  /** The header in wire names. */
  readonly wire: object;
  /** Number among the control messages from 1; 0 for a bulk message, which is known by its id. */
  readonly seq: number;
  readonly payload: Uint8Array | null;
  readonly acknowledged: Promise<void>;
  readonly settle: (error: RoundscopeError | null) => void;
  /** Bytes of the payload that the peer has said it holds. */
  peerBytes: number;
  /** When it was sent on the session that is open now, monotonic ms; null: not on this one. */
  sentMs: number | null;
  /** It was sent on some session. */
  sentOnce: boolean;
  reportedUndeliverable: boolean;
  /** It was sent completely on the session that is open now, so dropping it would save nothing. */
  sentWhole: boolean;
  /** It was dropped: writing it stops at the next chunk. */
  withdrawn: boolean;
}

/** What an acknowledgement confirmed. `impossible`: something that was never sent. */
export type AckNews = 'nothing' | 'some' | 'impossible';

/**
 * Messages in order until the peer has them. Control messages are numbered without gaps, bulk messages are known by id and
 * acknowledged by bytes. Bounded: the link makes senders wait while there is no room.
 */
export class Outbox {
  readonly #control: OutboxEntry[] = [];
  readonly #bulk = new Map<string, OutboxEntry>();
  /** Transfers that the peer has open, or may have open, by what it has reported. */
  readonly #peerHas = new Set<string>();
  #seq = 0;
  #bytes = 0;

  get size(): number {
    return this.#control.length + this.#bulk.size;
  }

  get lastSeq(): number {
    return this.#seq;
  }

  hasRoomFor(payloadBytes: number): boolean {
    if (this.size >= limits.outboxMessagesMax) return false;
    return payloadBytes === 0 || this.#bulk.size === 0 || this.#bytes + payloadBytes <= limits.outboxBytesMax;
  }

  /** @throws InvariantError */
  add(header: MessageHeader, wire: object, payload: Uint8Array | null): OutboxEntry {
    assert(this.hasRoomFor(payload?.byteLength ?? 0), 'outbox is full');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // The sender may ignore the promise; an unhandled rejection must not end the process.
    promise.catch(() => undefined);
    const entry: OutboxEntry = {
      header,
      wire,
      seq: payload === null ? ++this.#seq : 0,
      payload,
      acknowledged: promise,
      settle: (error) => (error === null ? resolve() : reject(error)),
      peerBytes: 0,
      sentMs: null,
      sentOnce: false,
      reportedUndeliverable: false,
      sentWhole: false,
      withdrawn: false,
    };
    if (payload === null) this.#control.push(entry);
    else {
      this.#bulk.set(header.id, entry);
      this.#bytes += payload.byteLength;
    }
    this.#check();
    return entry;
  }

  /**
   * On a new session nothing counts as sent. Of each transfer, only the bytes that the peer reports count: it may have
   * discarded what it had before.
   */
  beginSession(transfers: Received['transfers']): void {
    const held = new Map<string, number>(transfers.map(({ id, bytes }) => [id, bytes]));
    this.#peerHas.clear();
    for (const id of held.keys()) this.#peerHas.add(id);
    for (const entry of this.entries()) {
      entry.sentMs = null;
      entry.sentWhole = false;
      entry.peerBytes = Math.min(held.get(entry.header.id) ?? 0, entry.payload?.byteLength ?? 0);
    }
  }

  /** The first frame of a bulk message is about to be sent. */
  begins({ header }: OutboxEntry): void {
    this.#peerHas.add(header.id);
  }

  *entries(): Generator<OutboxEntry> {
    yield* this.#control;
    yield* this.#bulk.values();
  }

  /** First control message that has not been sent on this session. */
  nextControl(): OutboxEntry | null {
    // Messages that were sent are a prefix of the list, and acknowledgements keep that short.
    return this.#control.find((entry) => entry.sentMs === null) ?? null;
  }

  /** First bulk message that was not started on this session; null also while the peer has as many transfers open as allowed. */
  nextBulk(): OutboxEntry | null {
    // A transfer of which the peer has a part comes first: the peer has no room for another.
    for (const entry of this.#bulk.values())
      if (entry.sentMs === null && this.#peerHas.has(entry.header.id)) return entry;
    if (this.#peerHas.size >= limits.transfersPerPeerMax) return null;
    for (const entry of this.#bulk.values()) if (entry.sentMs === null) return entry;
    return null;
  }

  /** Takes what the peer says it has. @throws InvariantError */
  acknowledge(state: Received): AckNews {
    let news = this.acknowledgeControl(state.received);
    for (const { id, bytes } of state.transfers) {
      const entry = this.#bulk.get(id);
      if (entry?.payload == null) continue;
      if (bytes > entry.payload.byteLength) return 'impossible';
      if (bytes !== entry.peerBytes && news === 'nothing') news = 'some';
      entry.peerBytes = bytes;
    }
    for (const id of [...state.done, ...state.failed.map((one) => one.id)])
      if (this.#peerHas.delete(id) && news === 'nothing') news = 'some';
    for (const id of state.done) if (this.#settleBulk(id, null) && news === 'nothing') news = 'some';
    for (const { id, code } of state.failed) {
      const error = new RoundscopeError('transfer_failed', {
        layer: 'link',
        message: `the peer refused ${id}: ${code}`,
      });
      if (this.#settleBulk(id, error) && news === 'nothing') news = 'some';
    }
    return news;
  }

  acknowledgeControl(received: number): AckNews {
    if (received > this.#seq) return 'impossible';
    let news: AckNews = 'nothing';
    while (this.#control[0] !== undefined && this.#control[0].seq <= received) {
      this.#control.shift()?.settle(null);
      news = 'some';
    }
    this.#check();
    return news;
  }

  /** Drops bulk messages that nobody needs any more and that were not sent completely; their senders are told. */
  withdraw(useless: (header: MessageHeader) => boolean, reason: string): OutboxEntry[] {
    const entries = [...this.#bulk.values()].filter(({ header, sentWhole }) => !sentWhole && useless(header));
    for (const entry of entries) {
      entry.withdrawn = true;
      const message = `${entry.header.kind} of round ${entry.header.round} was given up: ${reason}`;
      this.#settleBulk(entry.header.id, new RoundscopeError('transfer_failed', { layer: 'link', message }));
    }
    return entries;
  }

  /** Transfers of which the peer has a part, but which are no longer in the outbox: it would wait in vain. */
  unknown({ transfers }: Received): string[] {
    return transfers.flatMap(({ id }) => (this.#bulk.has(id) ? [] : [id]));
  }

  #check(): void {
    checkOutbox({
      controls: this.#control.length,
      firstSeq: this.#control[0]?.seq ?? 0,
      newestSeq: this.#control.at(-1)?.seq ?? 0,
      lastSeq: this.#seq,
      bytes: this.#bytes,
      transfers: [...this.#bulk.values()].map(({ payload, peerBytes }) => ({
        totalBytes: payload?.byteLength ?? 0,
        peerBytes,
      })),
    });
  }

  /** Removes an entry as if it were acknowledged; only the fault `connection-per-message` does this. */
  forget(entry: OutboxEntry): void {
    if (entry.seq > 0) this.acknowledgeControl(entry.seq);
    else this.#settleBulk(entry.header.id, null);
  }

  /** When the oldest message was sent on this session that the peer should have acknowledged. */
  oldestSentMs(): number | null {
    let oldest: number | null = null;
    for (const { sentMs } of this.entries())
      if (sentMs !== null && (oldest === null || sentMs < oldest)) oldest = sentMs;
    return oldest;
  }

  /** When the oldest unacknowledged control message was sent on this session. */
  oldestControlMs(): number | null {
    return this.#control[0]?.sentMs ?? null;
  }

  clear(error: RoundscopeError): void {
    for (const entry of this.#control.splice(0)) entry.settle(error);
    for (const id of [...this.#bulk.keys()]) this.#settleBulk(id, error);
  }

  #settleBulk(id: string, error: RoundscopeError | null): boolean {
    const entry = this.#bulk.get(id);
    if (entry === undefined) return false;
    this.#bulk.delete(id);
    this.#bytes -= entry.payload?.byteLength ?? 0;
    entry.settle(error);
    return true;
  }
}

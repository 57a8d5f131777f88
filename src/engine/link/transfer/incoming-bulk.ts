import type { Clock } from '#shared/base/time/clock.ts';
import { Inbox, type ExpectedBulk } from './inbox.ts';
import type { IncomingRoom } from './incoming-room.ts';
import type { IncomingTransfer } from './incoming-transfer.ts';

export interface IncomingBulkParts {
  readonly clock: Clock;
  readonly room: IncomingRoom;
  /** What has come of a payload goes when there was no session for so long, ms; absent: it is kept as long as the link. */
  readonly partialMs?: number | undefined;
  /** A transfer has its turn after it had to wait for room. */
  readonly onRoom: () => void;
  readonly onDropped: (transfers: readonly IncomingTransfer[], reason: string) => void;
  /** The session that carried it cannot go on. */
  readonly onEvicted: (reason: string) => void;
}

const nothing: ExpectedBulk = { kinds: [], bytesMax: 0 };

/** What a link takes in bulk, over all its sessions: what may come, and how long what has not come whole is kept. */
export class IncomingBulk implements Disposable {
  /** Null: nothing may come yet. */
  expected: ExpectedBulk | null = null;
  readonly #parts: IncomingBulkParts;
  #inbox: Inbox;
  #timer: Disposable | null = null;

  constructor(parts: IncomingBulkParts) {
    this.#parts = parts;
    this.#inbox = this.#newInbox();
  }

  get inbox(): Inbox {
    return this.#inbox;
  }

  beginAgain(): void {
    this.#inbox.dropPartial();
    this.#inbox = this.#newInbox();
  }

  sessionBegins(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
  }

  sessionEnds(): void {
    const { clock, partialMs, onDropped } = this.#parts;
    if (partialMs === undefined || [...this.#inbox.open()].length === 0) return;
    const reason = `there was no session for ${partialMs / 1000} s`;
    this.#timer = clock.timer(partialMs, () => onDropped(this.#inbox.dropPartial(), reason));
  }

  /** Its sender is not wanted any more: what is on its way goes at once, and nothing else is taken. */
  refuse(reason: string): void {
    this.expected = nothing;
    this.#parts.onDropped(this.#inbox.refuseOpen('expelled'), reason);
  }

  /** The link is over. */
  [Symbol.dispose](): void {
    this.sessionBegins();
    this.#inbox.dropPartial();
  }

  #newInbox(): Inbox {
    const { room, onRoom, onDropped, onEvicted } = this.#parts;
    return new Inbox({
      room,
      expected: () => this.expected,
      onRoom,
      onEvicted: (transfer, reason) => {
        onDropped([transfer], reason);
        onEvicted(reason);
      },
    });
  }
}

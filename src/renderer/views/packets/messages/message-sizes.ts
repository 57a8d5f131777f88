import type { PacketRow } from '#shared/contract/packet.ts';
import type { RowSource } from '../packet-index.ts';

/** What came of a message in chunks, as one end saw it. */
export interface ChunkSum {
  readonly chunks: number;
  readonly bytes: number;
}

/** Messages remembered, the newest; the others are shown without a sum. */
const messagesMax = 20_000;

/** Sums up the chunks of each message among the rows held, each row once. What fell out before it was looked at is not in it. */
export class MessageSizes {
  readonly #sums = new Map<string, ChunkSum>();
  #next = 0;
  #lastId = -1;

  /** Looks at rows not looked at yet, up to place `end`. */
  advance(source: RowSource, end: number): void {
    const last = this.#next === 0 ? undefined : source.at(this.#next - 1 - source.first);
    // A new run numbers its rows from the beginning.
    if (this.#next > source.first + source.length || (last !== undefined && last.id !== this.#lastId)) {
      this.#sums.clear();
      this.#next = 0;
    }
    const until = Math.min(end, source.first + source.length);
    for (let place = Math.max(this.#next, source.first); place < until; place++) {
      const row = source.at(place - source.first);
      if (row === undefined) break;
      this.#add(row);
      this.#next = place + 1;
      this.#lastId = row.id;
    }
  }

  /** Of the message that a row begins; undefined: it has no chunks, or they are not held. */
  of(row: PacketRow): ChunkSum | undefined {
    return row.kind === 'chunk' || row.messageId === '' ? undefined : this.#sums.get(keyOf(row));
  }

  #add(row: PacketRow): void {
    if (row.kind !== 'chunk' || row.messageId === '' || row.status !== 'ok') return;
    const key = keyOf(row);
    const { chunks, bytes } = this.#sums.get(key) ?? { chunks: 0, bytes: 0 };
    if (this.#sums.size >= messagesMax && chunks === 0) this.#sums.delete(this.#sums.keys().next().value as string);
    this.#sums.set(key, { chunks: chunks + 1, bytes: bytes + row.sizeBytes });
  }
}

/** Both ends report the same message. */
function keyOf({ source, side, messageId }: PacketRow): string {
  return `${source} ${side} ${messageId}`;
}

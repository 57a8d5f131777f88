import { BoundedQueue } from '#shared/base/bounded-queue.ts';
import type { LostRows } from '#shared/contract/losses.ts';

/**
 * Rows on their way to the service, within a number and a size: what finds no room pushes the oldest out, which is
 * counted with its time, so that the reader can be told where rows are missing. Decision 0064.
 */
export class ReportQueue<Row extends { readonly at: number }> {
  readonly #rows: BoundedQueue<{ readonly row: Row; readonly bytes: number }>;
  readonly #bounds: QueueBounds<Row>;
  #bytes = 0;
  #lost: LostRows | null = null;

  constructor(bounds: QueueBounds<Row>) {
    this.#bounds = bounds;
    this.#rows = new BoundedQueue(bounds.rowsMax, 'refuse');
  }

  get length(): number {
    return this.#rows.length;
  }

  push(row: Row): void {
    const bytes = this.#bounds.bytesOf(row);
    while (this.length > 0 && (this.length >= this.#bounds.rowsMax || this.#bytes + bytes > this.#bounds.bytesMax)) {
      const oldest = this.#rows.shift();
      if (oldest === undefined) break;
      this.#bytes -= oldest.bytes;
      this.lose([oldest.row]);
    }
    this.#rows.push({ row, bytes });
    this.#bytes += bytes;
  }

  /** The oldest rows, at least one where there is any. */
  take(rowsMax: number, bytesMax: number): Row[] {
    const taken: Row[] = [];
    let bytes = 0;
    while (taken.length < rowsMax && bytes < bytesMax) {
      const next = this.#rows.shift();
      if (next === undefined) break;
      bytes += next.bytes;
      taken.push(next.row);
    }
    this.#bytes -= bytes;
    return taken;
  }

  /** Counts rows that are gone for another reason; all of them stood before those that are here. */
  lose(rows: readonly Row[]): void {
    for (const { at } of rows) {
      const before = this.#lost;
      this.#lost =
        before === null
          ? { count: 1, from: at, to: at }
          : { count: before.count + 1, from: Math.min(before.from, at), to: Math.max(before.to, at) };
    }
  }

  /** What was lost since the last time this was asked. */
  takeLost(): LostRows | null {
    const lost = this.#lost;
    this.#lost = null;
    return lost;
  }

  /** What was told of a loss to nobody: it is told again. */
  giveBackLost(lost: LostRows | null): void {
    if (lost === null) return;
    const now = this.#lost;
    this.#lost =
      now === null
        ? lost
        : { count: lost.count + now.count, from: Math.min(lost.from, now.from), to: Math.max(lost.to, now.to) };
  }
}

export interface QueueBounds<Row> {
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** About what a row takes in memory. */
  readonly bytesOf: (row: Row) => number;
}

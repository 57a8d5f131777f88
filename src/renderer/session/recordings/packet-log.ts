import type { PacketRow } from '#shared/contract/packet.ts';

/** What a table sees of the packets held: the same object until something is added, then a new one. */
export interface Packets {
  readonly version: number;
  /** Rows held; the oldest is row 0. */
  readonly length: number;
  /** Place of row 0 among all rows since the run began: `first + i` names a row for good. */
  readonly first: number;
  /** Rows that fell out of memory; the recording has them. */
  readonly dropped: number;
  /** Rows that the service left out of the feed because this screen was slow; the recording has them. */
  readonly skipped: number;
  at(index: number): PacketRow | undefined;
}

/** A ring of rows: adding is constant, the oldest goes when it is full, and both are counted. */
export class PacketLog {
  readonly #capacity: number;
  #rows: PacketRow[] = [];
  #start = 0;
  #dropped = 0;
  #skipped = 0;
  #version = 0;
  #snapshot: Packets | null = null;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(rows: readonly PacketRow[], skipped: number): void {
    if (rows.length === 0 && skipped === 0) return;
    for (const row of rows) {
      if (this.#rows.length < this.#capacity) this.#rows.push(row);
      else {
        this.#rows[this.#start] = row;
        this.#start = (this.#start + 1) % this.#capacity;
        this.#dropped++;
      }
    }
    this.#skipped += skipped;
    this.#changed();
  }

  reset(rows: readonly PacketRow[], recorded: number): void {
    this.#rows = rows.slice(-this.#capacity);
    this.#start = 0;
    this.#dropped = Math.max(0, recorded - this.#rows.length);
    this.#skipped = 0;
    this.#changed();
  }

  snapshot(): Packets {
    this.#snapshot ??= {
      version: this.#version,
      length: this.#rows.length,
      first: this.#dropped,
      dropped: this.#dropped,
      skipped: this.#skipped,
      at: (index) => this.#at(index),
    };
    return this.#snapshot;
  }

  #at(index: number): PacketRow | undefined {
    if (index < 0 || index >= this.#rows.length) return undefined;
    return this.#rows[(this.#start + index) % this.#rows.length];
  }

  #changed(): void {
    this.#version++;
    this.#snapshot = null;
  }
}

import type { PacketRow } from '#shared/contract/packet.ts';
import { protocols } from '#shared/contract/protocols.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { everything } from '#shared/filter/filter-expression.ts';
import type { FilterExpression } from '#shared/filter/filter-expression.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import type { RowSource } from '../packet-index.ts';
import { isCut } from '#shared/contract/packet.ts';

const firstBinMs = 250;
/** Bins held; when a run outlasts them, two become one. */
const binsMax = 8192;
const columns = protocols.length + 1;

export interface BinView {
  readonly at: number;
  /** Packets by protocol, in the order of `protocols`. */
  readonly counts: readonly number[];
  readonly cut: number;
}

/** Packets that pass a filter over time by protocol; never more than a fixed number of bins. */
export class PacketBins {
  readonly #filter: FilterExpression;
  #origin = 0;
  #binMs = firstBinMs;
  #data = new Uint32Array(columns * 256);
  #used = 0;
  #next = 0;
  #lastId = -1;

  constructor(filter: FilterExpression = everything) {
    this.#filter = filter;
  }

  get binMs(): number {
    return this.#binMs;
  }
  get from(): number {
    return this.#origin;
  }
  get to(): number {
    return this.#origin + this.#used * this.#binMs;
  }

  /** Protocols that occur at all. */
  protocols(): readonly Protocol[] {
    return protocols.filter((_, p) => {
      for (let bin = 0; bin < this.#used; bin++) if (this.#data[bin * columns + p] !== 0) return true;
      return false;
    });
  }

  /**
   * Looks at rows not looked at yet, at most `budget` of them; a new run begins again.
   * @returns whether that was all
   */
  advance(source: RowSource, budget = Number.POSITIVE_INFINITY): boolean {
    const last = source.at(this.#next - 1 - source.first);
    const isOther = this.#next > source.first + source.length || (last !== undefined && last.id !== this.#lastId);
    if (isOther) this.#reset();
    const end = source.first + source.length;
    const start = Math.max(this.#next, source.first);
    for (let place = start; place < Math.min(end, start + budget); place++) {
      const row = source.at(place - source.first);
      if (row === undefined) break;
      if (matchesFilter(this.#filter, row)) this.#add(row);
      this.#next = place + 1;
      this.#lastId = row.id;
    }
    return this.#next >= end;
  }

  /** The span cut into at most `count` stretches, each a whole number of bins wide. */
  view(from: number, to: number, count: number): { readonly bins: readonly BinView[]; readonly binMs: number } {
    const step = Math.max(1, Math.ceil((to - from) / this.#binMs / count));
    const binMs = step * this.#binMs;
    const first = Math.floor((from - this.#origin) / binMs) * step;
    const bins: BinView[] = [];
    for (let bin = first; this.#origin + bin * this.#binMs < to && bins.length <= count; bin += step) {
      const sums = Array.from<number>({ length: columns }).fill(0);
      for (let i = Math.max(0, bin); i < Math.min(this.#used, bin + step); i++) {
        for (let c = 0; c < columns; c++) sums[c] = (sums[c] as number) + (this.#data[i * columns + c] as number);
      }
      bins.push({
        at: this.#origin + bin * this.#binMs,
        counts: sums.slice(0, protocols.length),
        cut: sums[protocols.length] as number,
      });
    }
    return { bins, binMs };
  }

  #add(row: PacketRow): void {
    if (this.#used === 0) this.#origin = Math.floor(row.at / 1000) * 1000;
    // Two processes report, so a packet may lie a little before the first one that came.
    let bin = Math.max(0, Math.floor((row.at - this.#origin) / this.#binMs));
    while (bin >= binsMax) {
      this.#halve();
      bin = Math.floor((row.at - this.#origin) / this.#binMs);
    }
    this.#grow(bin + 1);
    const base = bin * columns;
    const column = base + protocols.indexOf(row.protocol);
    this.#data[column] = (this.#data[column] as number) + 1;
    if (isCut(row)) this.#data[base + protocols.length] = (this.#data[base + protocols.length] as number) + 1;
  }

  #grow(bins: number): void {
    if (bins <= this.#used) return;
    this.#used = bins;
    if (bins * columns <= this.#data.length) return;
    const larger = new Uint32Array(Math.min(binsMax, bins * 2) * columns);
    larger.set(this.#data);
    this.#data = larger;
  }

  #halve(): void {
    const merged = new Uint32Array(this.#data.length);
    for (let bin = 0; bin < this.#used; bin++) {
      for (let c = 0; c < columns; c++) {
        const to = (bin >> 1) * columns + c;
        merged[to] = (merged[to] as number) + (this.#data[bin * columns + c] as number);
      }
    }
    this.#data = merged;
    this.#used = Math.ceil(this.#used / 2);
    this.#binMs *= 2;
  }

  #reset(): void {
    this.#data.fill(0);
    this.#used = 0;
    this.#next = 0;
    this.#lastId = -1;
    this.#binMs = firstBinMs;
  }
}

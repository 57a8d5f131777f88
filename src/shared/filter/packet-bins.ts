import type { BinView, BinsView } from '#shared/contract/app/tally.ts';
import { protocols } from '#shared/contract/protocols.ts';

const firstBinMs = 250;
/** Bins held; when a run outlasts them, two become one. */
const binsMax = 8192;
const columns = protocols.length + 1;
/** A run that has just begun. */
const wholeMsMin = 10_000;

/** About so many bars at most. */
export interface BarsAsked {
  readonly from?: number | undefined;
  readonly to: number;
  readonly count: number;
}

/** Packets over time by protocol; never more than a fixed number of bins. */
export class PacketBins {
  readonly #origin: number;
  #binMs = firstBinMs;
  #data = new Uint32Array(columns * 256);
  #used = 0;

  /** @param firstAt of the first packet; a little earlier ones are counted with it */
  constructor(firstAt: number) {
    this.#origin = Math.floor(firstAt / 1000) * 1000;
  }

  get from(): number {
    return this.#origin;
  }
  get binMs(): number {
    return this.#binMs;
  }
  get to(): number {
    return this.#origin + this.#used * this.#binMs;
  }

  add(at: number, protocol: number, packets: number, cut: number): void {
    let bin = Math.max(0, Math.floor((at - this.#origin) / this.#binMs));
    while (bin >= binsMax) {
      this.#halve();
      bin = Math.floor((at - this.#origin) / this.#binMs);
    }
    this.#grow(bin + 1);
    const base = bin * columns;
    this.#data[base + protocol] = (this.#data[base + protocol] as number) + packets;
    this.#data[base + protocols.length] = (this.#data[base + protocols.length] as number) + cut;
  }

  /** The span cut into at most `count` stretches, each a whole number of bins wide; without `from`: all of it. */
  view({ count, ...span }: BarsAsked): BinsView {
    const from = span.from ?? this.#origin;
    const to = span.from === undefined ? Math.max(span.to, this.to, from + wholeMsMin) : span.to;
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
    return { from, to, bins, binMs };
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
}

import { elementBytes, type DType } from '../tensor/tensor.ts';

/** What an array holds; `min`, `mean`, `max` and `std` are of its finite elements, null when it has none. */
export interface ElementStats {
  readonly elements: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  readonly std: number | null;
  readonly nanCount: number;
  readonly infCount: number;
  /** Counts of finite elements in equal steps; null when there are none. */
  readonly histogram: { readonly from: number; readonly to: number; readonly counts: readonly number[] } | null;
}

export type ElementReader = (view: DataView, at: number, little: boolean) => number;

/** An element as a number; 64-bit integers beyond 2^53 lose their last digits. */
export const elementReaders: Readonly<Record<DType, ElementReader>> = {
  F64: (view, at, little) => view.getFloat64(at, little),
  F32: (view, at, little) => view.getFloat32(at, little),
  F16: (view, at, little) => halfOf(view.getUint16(at, little)),
  BF16: (view, at, little) => bfloatOf(view.getUint16(at, little)),
  I64: (view, at, little) => Number(view.getBigInt64(at, little)),
  I32: (view, at, little) => view.getInt32(at, little),
  I16: (view, at, little) => view.getInt16(at, little),
  I8: (view, at) => view.getInt8(at),
  U64: (view, at, little) => Number(view.getBigUint64(at, little)),
  U32: (view, at, little) => view.getUint32(at, little),
  U16: (view, at, little) => view.getUint16(at, little),
  U8: (view, at) => view.getUint8(at),
  BOOL: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

/** Folds the elements of an array as its bytes come, in pieces cut anywhere. One pass, and memory for one element. */
export class ElementFold {
  readonly #read: ElementReader;
  readonly #bytes: number;
  readonly #little: boolean;
  /** The beginning of an element whose end is in the next piece. */
  readonly #carry: Uint8Array;
  #carried = 0;
  #elements = 0;
  #min = Infinity;
  #max = -Infinity;
  /** Welford 1962: sums of squares alone lose all digits where the mean is far from 0. */
  #mean = 0;
  #squares = 0;
  #finite = 0;
  #nanCount = 0;
  #infCount = 0;
  readonly #histogram = new GrowingHistogram();

  constructor(dtype: DType, { little = true }: { readonly little?: boolean } = {}) {
    this.#read = elementReaders[dtype];
    this.#bytes = elementBytes(dtype);
    this.#little = little;
    this.#carry = new Uint8Array(this.#bytes);
  }

  add(piece: Uint8Array): void {
    let at = 0;
    if (this.#carried > 0) {
      at = Math.min(this.#bytes - this.#carried, piece.length);
      this.#carry.set(piece.subarray(0, at), this.#carried);
      this.#carried += at;
      if (this.#carried < this.#bytes) return;
      this.#one(this.#read(new DataView(this.#carry.buffer), 0, this.#little));
      this.#carried = 0;
    }
    const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
    for (; at + this.#bytes <= piece.length; at += this.#bytes) this.#one(this.#read(view, at, this.#little));
    this.#carry.set(piece.subarray(at));
    this.#carried = piece.length - at;
  }

  stats(): ElementStats {
    const none = this.#finite === 0;
    return {
      elements: this.#elements,
      min: none ? null : this.#min,
      mean: none ? null : this.#mean,
      max: none ? null : this.#max,
      std: none ? null : Math.sqrt(this.#squares / this.#finite),
      nanCount: this.#nanCount,
      infCount: this.#infCount,
      histogram: this.#histogram.view(),
    };
  }

  #one(value: number): void {
    this.#elements++;
    if (Number.isNaN(value)) this.#nanCount++;
    else if (!Number.isFinite(value)) this.#infCount++;
    else {
      this.#finite++;
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
      const before = value - this.#mean;
      this.#mean += before / this.#finite;
      this.#squares += before * (value - this.#mean);
      this.#histogram.add(value);
    }
  }
}

const bins = 32;
/** Values by which the first range is found. */
const seedsMax = 1024;

/** Equal steps over a range that doubles when a value lies outside: one pass, and neighbours are joined. */
class GrowingHistogram {
  readonly #counts = new Float64Array(bins);
  readonly #seeds: number[] = [];
  #from = 0;
  #width = 0;

  add(value: number): void {
    if (this.#width > 0) this.#count(value);
    else if (this.#seeds.push(value) >= seedsMax) this.#begin();
  }

  view(): ElementStats['histogram'] {
    if (this.#width === 0) this.#begin();
    if (this.#width === 0) return null;
    return { from: this.#from, to: this.#from + bins * this.#width, counts: [...this.#counts] };
  }

  #begin(): void {
    if (this.#seeds.length === 0) return;
    let [from, to] = [Infinity, -Infinity];
    for (const seed of this.#seeds) [from, to] = [Math.min(from, seed), Math.max(to, seed)];
    // Where all are the same, a step that is small beside them.
    const span = to > from ? to - from : Math.max(Math.abs(from) * 2 ** -20, Number.MIN_VALUE * bins);
    this.#from = from;
    // A little wider, so that the largest lies inside the last step.
    this.#width = Math.min((span / bins) * (1 + 2 ** -20), Number.MAX_VALUE / (4 * bins));
    for (const seed of this.#seeds.splice(0)) this.#count(seed);
  }

  #count(value: number): void {
    while (value < this.#from && this.#mayGrow()) this.#grow('down');
    while (value >= this.#from + bins * this.#width && this.#mayGrow()) this.#grow('up');
    const bin = Math.floor((value - this.#from) / this.#width);
    const at = Math.min(bins - 1, Math.max(0, bin));
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  #mayGrow(): boolean {
    return this.#width < Number.MAX_VALUE / (8 * bins);
  }

  #grow(way: 'up' | 'down'): void {
    const joined = new Float64Array(bins);
    const offset = way === 'up' ? 0 : bins / 2;
    for (const [i, count] of this.#counts.entries()) {
      const at = offset + (i >> 1);
      joined[at] = (joined[at] ?? 0) + count;
    }
    this.#counts.set(joined);
    if (way === 'down') this.#from -= bins * this.#width;
    this.#width *= 2;
  }
}

/** IEEE 754 binary16. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const bfloat = new DataView(new ArrayBuffer(4));

/** The upper half of a binary32. */
function bfloatOf(bits: number): number {
  bfloat.setUint32(0, bits * 0x10000);
  return bfloat.getFloat32(0);
}

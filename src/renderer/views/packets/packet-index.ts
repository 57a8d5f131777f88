import { isCut, type PacketRow } from '#shared/contract/packet.ts';
import { everything } from '#shared/filter/filter-expression.ts';
import type { FilterExpression } from '#shared/filter/filter-expression.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';

/** The rows held by the session; `first + i` names row `i` for good, until a new run begins. */
export interface RowSource {
  readonly first: number;
  readonly length: number;
  at(index: number): PacketRow | undefined;
}

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** Dead entries at the old end before an array is cut: often enough to stay small, seldom enough to cost nothing. */
const deadMax = 50_000;

/**
 * Which of the held rows a table shows, kept up to date as rows come and go: a batch costs its own rows, a new filter
 * one pass that can be spread over frames. Rows are named by their place (`first + i`), never copied.
 */
export class PacketIndex {
  /** Places that pass the filter, oldest first, from `#matchHead` on. */
  #matches: number[] = [];
  #matchHead = 0;
  #shownDropped = 0;
  /** Those of them within the time range; the same list while there is no range. */
  #shown: number[] = this.#matches;
  #shownHead = 0;
  #filter: FilterExpression = everything;
  #range: TimeRange | null = null;
  #next = 0;
  #lastId = -1;
  /** 1 for rows whose body was longer than what is kept of it. */
  readonly #cuts: Uint8Array;
  #shownCuts = 0;

  constructor(capacity: number) {
    this.#cuts = new Uint8Array(capacity);
  }

  get matchCount(): number {
    return this.#matches.length - this.#matchHead;
  }
  get shownCount(): number {
    return this.#shown.length - this.#shownHead;
  }
  /** How many of the rows shown have a body of which only the beginning is kept. */
  get shownCuts(): number {
    return this.#shownCuts;
  }
  /** Rows that were shown and then fell out at the old end: whoever scrolls must move by so many. */
  get shownDropped(): number {
    return this.#shownDropped;
  }

  setFilter(filter: FilterExpression): void {
    this.#filter = filter;
    this.#clear();
  }

  setRange(range: TimeRange | null, source: RowSource): void {
    this.#range = range;
    if (range === null) {
      this.#shown = this.#matches;
      this.#shownHead = this.#matchHead;
      this.#shownCuts = 0;
      for (let i = this.#matchHead; i < this.#matches.length; i++)
        this.#shownCuts += this.#cutAt(this.#matches[i] as number);
      return;
    }
    this.#shown = [];
    this.#shownHead = 0;
    this.#shownCuts = 0;
    for (let i = this.#matchHead; i < this.#matches.length; i++) {
      const place = this.#matches[i] as number;
      const row = source.at(place - source.first);
      if (row !== undefined && isWithin(row, range)) {
        this.#shown.push(place);
        this.#shownCuts += this.#cutAt(place);
      }
    }
  }

  /**
   * Looks at rows not looked at yet, up to place `end`, at most `budget` of them.
   * @returns whether that was all
   */
  advance(source: RowSource, end: number, budget: number): boolean {
    this.#noticeNewRun(source);
    this.#trim(source.first);
    const until = Math.min(end, source.first + source.length);
    let place = Math.max(this.#next, source.first);
    const stop = Math.min(until, place + budget);
    for (; place < stop; place++) {
      const row = source.at(place - source.first);
      if (row === undefined) break;
      this.#look(row, place);
    }
    this.#next = Math.max(this.#next, place);
    return this.#next >= until;
  }

  /** Place of the i-th row shown. */
  placeAt(index: number): number | undefined {
    return this.#shown[this.#shownHead + index];
  }

  /** Which of the rows shown has this place, or the one after which it would stand; -1 before the first. */
  indexOfPlace(place: number): number {
    let low = this.#shownHead;
    let high = this.#shown.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if ((this.#shown[middle] as number) <= place) low = middle + 1;
      else high = middle - 1;
    }
    return high - this.#shownHead;
  }

  #look(row: PacketRow, place: number): void {
    this.#lastId = row.id;
    // Rows that fell out were counted off in #trim, before the row that takes over their slot comes by here.
    this.#cuts[place % this.#cuts.length] = isCut(row) ? 1 : 0;
    if (!matchesFilter(this.#filter, row)) return;
    this.#matches.push(place);
    if (this.#range !== null && !isWithin(row, this.#range)) return;
    if (this.#range !== null) this.#shown.push(place);
    this.#shownCuts += this.#cutAt(place);
  }

  /** A new run, or a snapshot after the service came back, numbers its rows again. */
  #noticeNewRun(source: RowSource): void {
    if (this.#next === 0) return;
    const last = source.at(this.#next - 1 - source.first);
    const goesOn =
      this.#next <= source.first + source.length &&
      (last === undefined ? this.#next <= source.first : last.id === this.#lastId);
    if (!goesOn) this.#clear();
  }

  #trim(first: number): void {
    const before = this.#shownHead;
    for (let i = before; i < this.#shown.length && (this.#shown[i] as number) < first; i++)
      this.#shownCuts -= this.#cutAt(this.#shown[i] as number);
    while (this.#matchHead < this.#matches.length && (this.#matches[this.#matchHead] as number) < first)
      this.#matchHead++;
    if (this.#range === null) this.#shownHead = this.#matchHead;
    else
      while (this.#shownHead < this.#shown.length && (this.#shown[this.#shownHead] as number) < first)
        this.#shownHead++;
    this.#shownDropped += this.#shownHead - before;
    if (this.#matchHead > deadMax) {
      this.#matches = this.#matches.slice(this.#matchHead);
      this.#matchHead = 0;
      if (this.#range === null) {
        this.#shown = this.#matches;
        this.#shownHead = 0;
      }
    }
    if (this.#shownHead > deadMax) {
      this.#shown = this.#shown.slice(this.#shownHead);
      this.#shownHead = 0;
    }
  }

  #cutAt(place: number): number {
    return this.#cuts[place % this.#cuts.length] as number;
  }

  #clear(): void {
    this.#matches = [];
    this.#shown = this.#range === null ? this.#matches : [];
    this.#matchHead = 0;
    this.#shownHead = 0;
    this.#shownDropped = 0;
    this.#shownCuts = 0;
    this.#next = 0;
    this.#lastId = -1;
  }
}

function isWithin(row: PacketRow, range: TimeRange): boolean {
  return row.at >= range.from && row.at <= range.to;
}

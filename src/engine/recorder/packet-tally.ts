import type { PacketTally } from '#shared/contract/app/tally.ts';
import { limits } from '#shared/contract/limits.ts';
import { protocols } from '#shared/contract/protocols.ts';
import { PacketBins, type BarsAsked } from '#shared/filter/packet-bins.ts';
import { idPieces, type IdSpan } from './id-pieces.ts';
import { idEnds, packetQuestion, spanOf, type PacketTable, type Question, type Wanted } from './packet-question.ts';

/** What one answer takes at most, about: then it says what was found so far, and other questions have their turn. */
const turnMs = 80;
/** Filters of which it is remembered how far they were counted; the one that was asked for longest ago is forgotten. */
const talliesMax = 12;
/** As late as a date can be. */
const atMax = 8.64e15;

export interface TallyQuery extends Wanted {
  /** Of rows with smaller ids; 0: of all. */
  readonly beforeId: number;
  readonly bars?: BarsAsked | undefined;
}

interface Tally {
  readonly key: string;
  /** The first row that there was when it began: when that has been removed, it counts what is left. */
  readonly firstId: number;
  /** Rows from this one on have not been looked at. */
  above: number;
  /** Rows down from this one have not been looked at, to `lowest`. */
  below: number;
  readonly lowest: number;
  count: number;
  cut: number;
  readonly bins: PacketBins;
}

const nothing = { count: 0, cut: 0, complete: true, firstAt: null, bars: null, filterError: null } as const;

/**
 * How many packets pass a filter, and when they came. What was counted is remembered: of a recording that grows only new
 * rows are looked at, and a long one is counted over several answers, its newest rows first. Decision 0114.
 */
export class PacketTallies {
  readonly #table: PacketTable;
  /** The one that was asked for longest ago first. */
  #tallies: readonly Tally[] = [];

  constructor(table: PacketTable) {
    this.#table = table;
  }

  /** @throws RoundscopeError */
  ask({ beforeId, bars, ...wanted }: TallyQuery): PacketTally {
    const question = packetQuestion(this.#table, wanted);
    if (typeof question === 'string') return { ...nothing, filterError: question };
    const all = idEnds(this.#table);
    const firstAt = this.#firstAt();
    if (firstAt === null) return nothing;
    const span = { low: all.low, high: beforeId > 0 ? Math.min(all.high, beforeId - 1) : all.high };
    const tally = this.#tally(wanted, span, firstAt);
    const complete = this.#count(tally, question, span.high);
    const { count, cut, bins } = tally;
    return {
      count,
      cut,
      complete,
      firstAt,
      bars: bars === undefined ? null : bins.view(bars),
      filterError: null,
    };
  }

  #tally(wanted: Wanted, { low, high }: IdSpan, firstAt: number): Tally {
    const key = JSON.stringify([wanted.filter, wanted.fromAt ?? null, wanted.toAt ?? null]);
    const others = this.#tallies.filter((tally) => tally.key !== key);
    const known = this.#tallies.find((tally) => tally.key === key);
    // What was counted and is gone, or is behind the moment that is looked at now, cannot be taken off.
    const isUsable = known?.firstId === low && known.above <= high + 1;
    const tally = isUsable ? known : this.#begun(key, wanted, { low, high }, firstAt);
    this.#tallies = [...others, tally].slice(-talliesMax);
    return tally;
  }

  #begun(key: string, wanted: Wanted, { low, high }: IdSpan, firstAt: number): Tally {
    const span = spanOf(this.#table, wanted, { beforeId: high + 1 });
    const bins = new PacketBins(firstAt);
    return { key, firstId: low, above: high + 1, below: span.high, lowest: span.low, count: 0, cut: 0, bins };
  }

  /** @returns whether that was all up to this row */
  #count(tally: Tally, question: Question, last: number): boolean {
    const { clock } = this.#table.limit;
    const untilMs = clock.monotonicMs() + turnMs;
    for (const ids of idPieces({ low: tally.above, high: last }, false, clock)) {
      this.#add(tally, question, ids);
      tally.above = ids.high + 1;
      if (clock.monotonicMs() >= untilMs) break;
    }
    for (const ids of idPieces({ low: tally.lowest, high: tally.below }, true, clock)) {
      if (clock.monotonicMs() >= untilMs) break;
      this.#add(tally, question, ids);
      tally.below = ids.low - 1;
    }
    return tally.above > last && tally.below < tally.lowest;
  }

  #add(tally: Tally, { from, where, parameters }: Question, { low, high }: IdSpan): void {
    this.#table.goOn();
    const { from: origin, binMs } = tally.bins;
    const sql = `SELECT CAST((at - ?) / ? AS INTEGER) AS bin, protocol, min(at) AS at, count(*) AS packets,
      sum(body_bytes > ${limits.bodySampleBytes}) AS cut ${from} WHERE ${where} GROUP BY bin, protocol`;
    this.#table.each(sql, [origin, binMs, low, high, ...parameters], (row) => {
      const [packets, cut, at] = [Number(row['packets']), Number(row['cut']), Number(row['at'])];
      const protocol = protocols.findIndex((one) => one === row['protocol']);
      tally.count += packets;
      tally.cut += cut;
      if (protocol >= 0 && at >= 0 && at <= atMax) tally.bins.add(at, protocol, packets, cut);
      return null;
    });
  }

  /** Null: no packet is recorded. */
  #firstAt(): number | null {
    const sql = this.#table.hasIndices
      ? 'SELECT min(at) AS at FROM packets'
      : 'SELECT at FROM packets ORDER BY id LIMIT 1';
    const [at] = this.#table.each(sql, [], (row) => (row['at'] === null ? null : Number(row['at'])));
    return at === undefined ? null : Math.min(Math.max(at, 0), atMax);
  }
}

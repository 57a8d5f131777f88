import type { PacketRow } from '#shared/contract/packet.ts';
import type { HistogramBucket } from '#shared/contract/app/port-api.ts';
import { protocols } from '#shared/contract/protocols.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { indexFor } from './filter-index.ts';
import { filterSql } from './reading/filter-sql.ts';
import { idPieces, type IdSpan } from './id-pieces.ts';
import { inTimeFunction, type ReadingLimit } from './open-database.ts';
import { selectPacketSql } from './reading/row-mapping.ts';
import { packetRow, type SqlRow } from './reading/row-reading.ts';

interface Wanted {
  readonly filter: string;
  readonly fromAt?: number | undefined;
  readonly toAt?: number | undefined;
}

export interface PacketQuery extends Wanted {
  /** Rows with smaller ids; 0: the newest. */
  readonly beforeId: number;
  /** Rows with greater ids, oldest first; absent: newest first. */
  readonly afterId?: number | undefined;
  readonly limit: number;
}

export interface PacketPage {
  /** Newest first, unless rows after an id were asked for. */
  readonly rows: readonly PacketRow[];
  readonly more: boolean;
  /** Of this page, rows that no version of ours writes, or a later one. */
  readonly malformed: number;
  readonly filterError: string | null;
}

export interface CountQuery extends Wanted {
  /** Rows with smaller ids; 0: all. */
  readonly beforeId: number;
}

export interface PacketCount {
  readonly count: number;
  readonly filterError: string | null;
}

export interface HistogramQuery {
  readonly filter: string;
  readonly fromAt: number;
  readonly toAt: number;
  readonly buckets: number;
}

export interface Histogram {
  readonly buckets: readonly HistogramBucket[];
  readonly total: number;
  readonly filterError: string | null;
}

/** What is asked of every packet, as SQL over one piece of ids: the two first parameters. */
interface Question {
  readonly from: string;
  readonly where: string;
  readonly parameters: readonly (string | number)[];
  readonly span: IdSpan;
}

type Parameters = readonly (string | number)[];

export interface PacketTable {
  /** Format 3 and later. */
  readonly hasIndices: boolean;
  readonly limit: ReadingLimit;
  each<T>(sql: string, parameters: Parameters, read: (row: SqlRow) => T | null): T[];
  /** A new question. @throws RoundscopeError */
  begin(): void;
  /** @throws RoundscopeError its time is over, or a newer question has taken its place */
  goOn(): void;
}

/**
 * Before all that a row may fail: the limit of time must be asked whatever is found. Of some rows alone, since calling out
 * of SQLite costs more than looking at a row; by chance, so that no file can be made of rows that are never asked about.
 */
const inTime = `(random() & 255 OR ${inTimeFunction}(id))`;

/** Pages, counts and histograms of packets: each goes over the ids in pieces, and may be left between two (decision 0102). */
export class PacketQueries {
  readonly #table: PacketTable;

  constructor(table: PacketTable) {
    this.#table = table;
  }

  page({ beforeId, afterId, limit, ...wanted }: PacketQuery): PacketPage {
    const question = this.#question(wanted, { beforeId, afterId });
    if (typeof question === 'string') return { rows: [], more: false, malformed: 0, filterError: question };
    const isNewestFirst = afterId === undefined;
    const sql = `${selectPacketSql.replace('FROM packets', question.from)} WHERE ${question.where}
      ORDER BY id ${isNewestFirst ? 'DESC' : 'ASC'} LIMIT ?`;
    // Judged one by one, so that rows with values that no recorder writes do not lie in memory together.
    let found = 0;
    const rows: PacketRow[] = [];
    this.#walk(question, isNewestFirst, (span) => {
      const parameters = [span.low, span.high, ...question.parameters, limit + 1 - found];
      rows.push(...this.#table.each(sql, parameters, (row) => (++found > limit ? null : packetRow(row))));
      return found <= limit;
    });
    return { rows, more: found > limit, malformed: Math.min(found, limit) - rows.length, filterError: null };
  }

  count({ beforeId, ...wanted }: CountQuery): PacketCount {
    const question = this.#question(wanted, { beforeId });
    if (typeof question === 'string') return { count: 0, filterError: question };
    const sql = `SELECT count(*) AS n FROM ${question.from.slice('FROM '.length)} WHERE ${question.where}`;
    let count = 0;
    this.#walk(question, true, ({ low, high }) => {
      const [n] = this.#table.each(sql, [low, high, ...question.parameters], (row) => Number(row['n']));
      count += n ?? 0;
      return true;
    });
    return { count, filterError: null };
  }

  histogram({ filter, fromAt, toAt, buckets }: HistogramQuery): Histogram {
    const question = this.#question({ filter, fromAt, toAt }, { beforeId: 0 });
    if (typeof question === 'string') return { buckets: [], total: 0, filterError: question };
    const widthMs = Math.max((toAt - fromAt) / buckets, Number.EPSILON);
    const sql = `SELECT min(${buckets - 1}, CAST((at - ?) / ? AS INTEGER)) AS bucket, protocol, count(*) AS packets, sum(size_bytes) AS bytes
      ${question.from} WHERE ${question.where}
        AND protocol IN (${protocols.map((protocol) => `'${protocol}'`).join(', ')}) GROUP BY bucket, protocol`;
    const counts = Array.from({ length: buckets }, () => new Map<string, { packets: number; bytes: number }>());
    let total = 0;
    this.#walk(question, true, ({ low, high }) => {
      this.#table.each(sql, [fromAt, widthMs, low, high, ...question.parameters], (row) => {
        const bucket = counts[Number(row['bucket'])];
        const protocol = String(row['protocol']);
        const [packets, bytes] = [Number(row['packets']), Number(row['bytes'])];
        const before = bucket?.get(protocol);
        bucket?.set(protocol, { packets: packets + (before?.packets ?? 0), bytes: bytes + (before?.bytes ?? 0) });
        total += packets;
        return null;
      });
      return true;
    });
    return {
      buckets: counts.map((bucket, i) => ({
        at: fromAt + i * widthMs,
        counts: [...bucket]
          .map(([protocol, sums]) => ({ protocol, ...sums }))
          .toSorted((a, b) => (a.protocol < b.protocol ? -1 : 1)),
      })),
      total,
      filterError: null,
    };
  }

  /** Why the filter cannot be used, or what to ask. */
  #question(
    { filter, fromAt, toAt }: Wanted,
    { beforeId, afterId }: { readonly beforeId: number; readonly afterId?: number | undefined },
  ): Question | string {
    const parsed = parseFilter(filter);
    if (!parsed.ok) return parsed.error.message;
    const { sql, parameters } = filterSql(parsed.value);
    const index = this.#table.hasIndices ? indexFor(parsed.value) : null;
    const times: (readonly [string, number])[] = [];
    if (fromAt !== undefined) times.push(['+at >= ?', fromAt]);
    if (toAt !== undefined) times.push(['+at <= ?', toAt]);
    this.#table.begin();
    return {
      from: `FROM packets ${index === null ? 'NOT INDEXED' : `INDEXED BY ${index.name}`}`,
      where: ['id >= ?', 'id <= ?', index?.also ?? '1', inTime, ...times.map(([text]) => text), sql].join(' AND '),
      parameters: [...times.map(([, at]) => at), ...parameters],
      span: this.#span(fromAt, toAt, { beforeId, afterId }),
    };
  }

  /** Ids that there are, of a time where one is given. */
  #span(
    fromAt: number | undefined,
    toAt: number | undefined,
    { beforeId, afterId }: { readonly beforeId: number; readonly afterId?: number | undefined },
  ): IdSpan {
    const whole = this.#ends('SELECT (SELECT min(id) FROM packets) AS low, (SELECT max(id) FROM packets) AS high', []);
    const low = Math.max(whole.low, (afterId ?? Number.NEGATIVE_INFINITY) + 1);
    const high = Math.min(whole.high, beforeId > 0 ? beforeId - 1 : Number.POSITIVE_INFINITY);
    if (!this.#table.hasIndices || (fromAt === undefined && toAt === undefined)) return { low, high };
    const times = this.#ends('SELECT (SELECT min(at) FROM packets) AS low, (SELECT max(at) FROM packets) AS high', []);
    const [from, to] = [fromAt ?? Number.NEGATIVE_INFINITY, toAt ?? Number.POSITIVE_INFINITY];
    // Of all its time there is nothing to leave out.
    if (from <= times.low && to >= times.high) return { low, high };
    const of = this.#ends(
      `SELECT min(id) AS low, max(id) AS high FROM packets INDEXED BY packets_at WHERE at >= ? AND at <= ? AND ${inTime}`,
      [Math.max(from, -Number.MAX_VALUE), Math.min(to, Number.MAX_VALUE)],
    );
    return { low: Math.max(low, of.low), high: Math.min(high, of.high) };
  }

  /** An empty span where there is nothing. */
  #ends(sql: string, parameters: Parameters): IdSpan {
    const [row] = this.#table.each(sql, parameters, (found) => found);
    if (row?.['low'] == null || row['high'] == null) return { low: 1, high: 0 };
    return { low: Number(row['low']), high: Number(row['high']) };
  }

  #walk({ span }: Question, isNewestFirst: boolean, piece: (span: IdSpan) => boolean): void {
    for (const ids of idPieces(span, isNewestFirst, this.#table.limit.clock)) {
      this.#table.goOn();
      if (!piece(ids)) return;
    }
  }
}

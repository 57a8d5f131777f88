import type { Clock } from '#shared/base/time/clock.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { indexFor } from './filter-index.ts';
import type { IdSpan } from './id-pieces.ts';
import { inTimeFunction } from './open-database.ts';
import { filterSql } from './reading/filter-sql.ts';
import type { SqlRow } from './reading/row-reading.ts';

/** Which packets are asked about. */
export interface Wanted {
  readonly filter: string;
  readonly fromAt?: number | undefined;
  readonly toAt?: number | undefined;
}

/** What is asked of every packet, as SQL over one piece of ids: the two first parameters. */
export interface Question {
  readonly from: string;
  readonly where: string;
  readonly parameters: readonly (string | number)[];
}

export type Parameters = readonly (string | number)[];

export interface PacketTable {
  /** Format 3 and later. */
  readonly hasIndices: boolean;
  readonly limit: { readonly clock: Pick<Clock, 'monotonicMs'> };
  each<T>(sql: string, parameters: Parameters, read: (row: SqlRow) => T | null): T[];
  /** A new question. @throws RoundscopeError */
  begin(): void;
  /** @throws RoundscopeError its time is over, or a newer question has taken its place */
  goOn(): void;
}

export interface IdEnds {
  /** Rows with smaller ids; 0: all. */
  readonly beforeId: number;
  /** Rows with greater ids; absent: all. */
  readonly afterId?: number | undefined;
}

/**
 * Before all that a row may fail: the limit of time must be asked whatever is found. Of some rows alone, since calling out
 * of SQLite costs more than looking at a row; by chance, so that no file can be made of rows that are never asked about.
 */
const inTime = `(random() & 255 OR ${inTimeFunction}(id))`;

/** Begins a question, of which `spanOf` says where to look. A text: why the filter cannot be used. */
export function packetQuestion(table: PacketTable, { filter, fromAt, toAt }: Wanted): Question | string {
  const parsed = parseFilter(filter);
  if (!parsed.ok) return parsed.error.message;
  const { sql, parameters } = filterSql(parsed.value);
  const index = table.hasIndices ? indexFor(parsed.value) : null;
  const times: (readonly [string, number])[] = [];
  if (fromAt !== undefined) times.push(['+at >= ?', fromAt]);
  if (toAt !== undefined) times.push(['+at <= ?', toAt]);
  table.begin();
  return {
    from: `FROM packets ${index === null ? 'NOT INDEXED' : `INDEXED BY ${index.name}`}`,
    where: ['id >= ?', 'id <= ?', index?.also ?? '1', inTime, ...times.map(([text]) => text), sql].join(' AND '),
    parameters: [...times.map(([, at]) => at), ...parameters],
  };
}

/** Ids that there are, at either end; an empty span where there are none. */
export function idEnds(table: PacketTable): IdSpan {
  return ends(table, 'SELECT (SELECT min(id) FROM packets) AS low, (SELECT max(id) FROM packets) AS high', []);
}

/** Ids that there are, of a time where one is given. */
export function spanOf(
  table: PacketTable,
  { fromAt, toAt }: Omit<Wanted, 'filter'>,
  { beforeId, afterId }: IdEnds,
): IdSpan {
  const whole = idEnds(table);
  const low = Math.max(whole.low, (afterId ?? Number.NEGATIVE_INFINITY) + 1);
  const high = Math.min(whole.high, beforeId > 0 ? beforeId - 1 : Number.POSITIVE_INFINITY);
  if (!table.hasIndices || (fromAt === undefined && toAt === undefined)) return { low, high };
  const sql = 'SELECT (SELECT min(at) FROM packets) AS low, (SELECT max(at) FROM packets) AS high';
  const times = ends(table, sql, []);
  const [from, to] = [fromAt ?? Number.NEGATIVE_INFINITY, toAt ?? Number.POSITIVE_INFINITY];
  // Of all its time there is nothing to leave out.
  if (from <= times.low && to >= times.high) return { low, high };
  const of = ends(
    table,
    `SELECT min(id) AS low, max(id) AS high FROM packets INDEXED BY packets_at WHERE at >= ? AND at <= ? AND ${inTime}`,
    [Math.max(from, -Number.MAX_VALUE), Math.min(to, Number.MAX_VALUE)],
  );
  return { low: Math.max(low, of.low), high: Math.min(high, of.high) };
}

function ends(table: PacketTable, sql: string, parameters: Parameters): IdSpan {
  const [row] = table.each(sql, parameters, (found) => found);
  if (row?.['low'] == null || row['high'] == null) return { low: 1, high: 0 };
  return { low: Number(row['low']), high: Number(row['high']) };
}

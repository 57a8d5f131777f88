import type { PacketRow } from '#shared/contract/packet.ts';
import { idPieces, type IdSpan } from './id-pieces.ts';
import { packetQuestion, spanOf, type PacketTable, type Wanted } from './packet-question.ts';
import { selectPacketSql } from './reading/row-mapping.ts';
import { packetRow } from './reading/row-reading.ts';

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

/** Pages and counts of packets: each goes over the ids in pieces, and may be left between two (decision 0102). */
export class PacketQueries {
  readonly #table: PacketTable;

  constructor(table: PacketTable) {
    this.#table = table;
  }

  page({ beforeId, afterId, limit, ...wanted }: PacketQuery): PacketPage {
    const question = packetQuestion(this.#table, wanted);
    if (typeof question === 'string') return { rows: [], more: false, malformed: 0, filterError: question };
    const isNewestFirst = afterId === undefined;
    const sql = `${selectPacketSql.replace('FROM packets', question.from)} WHERE ${question.where}
      ORDER BY id ${isNewestFirst ? 'DESC' : 'ASC'} LIMIT ?`;
    // Judged one by one, so that rows with values that no recorder writes do not lie in memory together.
    let found = 0;
    const rows: PacketRow[] = [];
    this.#walk(spanOf(this.#table, wanted, { beforeId, afterId }), isNewestFirst, (span) => {
      const parameters = [span.low, span.high, ...question.parameters, limit + 1 - found];
      rows.push(...this.#table.each(sql, parameters, (row) => (++found > limit ? null : packetRow(row))));
      return found <= limit;
    });
    return { rows, more: found > limit, malformed: Math.min(found, limit) - rows.length, filterError: null };
  }

  count({ beforeId, ...wanted }: CountQuery): PacketCount {
    const question = packetQuestion(this.#table, wanted);
    if (typeof question === 'string') return { count: 0, filterError: question };
    const sql = `SELECT count(*) AS n FROM ${question.from.slice('FROM '.length)} WHERE ${question.where}`;
    let count = 0;
    this.#walk(spanOf(this.#table, wanted, { beforeId }), true, ({ low, high }) => {
      const [n] = this.#table.each(sql, [low, high, ...question.parameters], (row) => Number(row['n']));
      count += n ?? 0;
      return true;
    });
    return { count, filterError: null };
  }

  #walk(span: IdSpan, isNewestFirst: boolean, piece: (span: IdSpan) => boolean): void {
    for (const ids of idPieces(span, isNewestFirst, this.#table.limit.clock)) {
      this.#table.goOn();
      if (!piece(ids)) return;
    }
  }
}

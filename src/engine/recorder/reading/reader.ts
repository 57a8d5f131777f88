import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { EventType, RecordedEvent } from '#shared/contract/events.ts';
import type { PacketTally } from '#shared/contract/app/tally.ts';
import type { PacketDetail } from '#shared/contract/packet.ts';
import { copyRecording, type CopyOptions } from '../copy.ts';
import { recorderError } from '../errors.ts';
import { registerFilterFunctions } from '../filter-functions.ts';
import type { FoldedState } from '../folded-state.ts';
import { inTimeFunction, openToRead, type ReadingLimit } from '../open-database.ts';
import {
  PacketQueries,
  type CountQuery,
  type PacketCount,
  type PacketPage,
  type PacketQuery,
} from '../packet-queries.ts';
import { PacketTallies, type TallyQuery } from '../packet-tally.ts';
import type { PacketTable } from '../packet-question.ts';
import { eventOf, packetDetail, type SqlRow } from './row-reading.ts';
import { pragma } from '../schema.ts';
import { SentCounter, type SentTally } from '#shared/run-view/sent-tally.ts';
import { openState, type EventValues, type StateRow } from '../state-seal.ts';

export interface EventQuery {
  readonly afterId: number;
  /** The newest before this one, newest first, instead of those after `afterId`. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
  readonly types?: readonly EventType[];
}

/** A moment, or an event. */
export interface KeptStateQuery {
  readonly at?: number | undefined;
  readonly eventId?: number | undefined;
}

export interface SentQuery {
  /** The process that sent, as its packets name it. */
  readonly source: string;
  /** Packets with greater ids. */
  readonly afterId: number;
  /** And smaller ones; absent: to the end. */
  readonly beforeId?: number | undefined;
}

export interface SentPage {
  readonly tally: SentTally;
  /** Of the packets after this one. */
  readonly from: number;
  /** Everything up to this packet has been looked at. */
  readonly upTo: number;
  readonly more: boolean;
}

/** Packets looked at for one answer: some tens of milliseconds. */
const sentIdsMax = 10_000;

/** What a recording says of itself at a glance, however large it is. */
export interface RecordingBrief {
  readonly run: string;
  readonly name: string;
  readonly startedAt: number;
  /** How the run ended; null: it is going on, or the recorder was killed before it heard of an end. */
  readonly ended: { readonly at: number; readonly status: string; readonly reason: string } | null;
  /** How the recording ends, in a sentence or a few. */
  readonly ending: string;
  /** What is missing at the end of a file that was cut; null: nothing. */
  readonly cut: string | null;
  readonly recorder: string;
  /** When its first and its last rows were written, as their processes saw it. */
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  readonly sizeBytes: number;
}

/** The same with what has to be counted row by row. */
export interface RecordingInfo extends RecordingBrief {
  readonly packets: number;
  readonly events: number;
  readonly droppedPackets: number;
  readonly droppedEvents: number;
  /** Null: a recording of format 1, which counted malformed rows as dropped packets and cut bodies not at all. */
  readonly malformedRows: number | null;
  readonly cutBodies: number | null;
  readonly removedPackets: number;
  readonly removedBodies: number;
  readonly removedEvents: number;
}

/** In each condition, before all that a row may fail: the limit of time must be asked whatever is found. */
const inTime = `${inTimeFunction}(id)`;

/** Questions to a recording over a read-only connection of its own; also while it is being written. Synchronous. */
export class RecordingReader implements Disposable {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #begin: () => void;
  readonly #goOn: () => void;
  readonly #packets: PacketQueries;
  readonly #tallies: PacketTallies;
  readonly #cut: string | null;
  readonly #stateKey: Uint8Array | undefined;
  readonly #isOfFormat3: boolean;

  /** @param stateKey of this machine; absent: no kept state is trusted */
  constructor(path: string, limit: ReadingLimit, stateKey?: Uint8Array) {
    this.#path = path;
    this.#stateKey = stateKey;
    try {
      ({ db: this.#db, begin: this.#begin, goOn: this.#goOn, cut: this.#cut } = openToRead(path, limit));
      this.#isOfFormat3 = pragma(this.#db, 'user_version') >= 3;
      const table: PacketTable = {
        hasIndices: this.#isOfFormat3,
        limit,
        each: (sql, parameters, read) => this.#rows(sql, parameters, read),
        begin: this.#begin,
        goOn: this.#goOn,
      };
      this.#packets = new PacketQueries(table);
      this.#tallies = new PacketTallies(table);
      registerFilterFunctions(this.#db);
    } catch (error) {
      throw recorderError(error, path, 'reading');
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  queryPackets(query: PacketQuery): PacketPage {
    return this.#packets.page(query);
  }

  countPackets(query: CountQuery): PacketCount {
    return this.#packets.count(query);
  }

  tallyPackets(query: TallyQuery): PacketTally {
    return this.#tallies.ask(query);
  }

  /**
   * The packets until a moment, of those before an id, as ids: those up to `last`, of which `first` is the oldest; null where there is none. Rows
   * are in the order in which they came to the recorder, and nearly in that of their times, so this halves its way there.
   */
  packetsUntil(at: number, beforeId?: number): { readonly first: number; readonly last: number } | null {
    // One subquery each: SQLite answers either end of a key at once, but both together by a scan.
    const ends = this.#all(
      'SELECT (SELECT min(id) FROM packets) AS first, (SELECT max(id) FROM packets) AS last',
      [],
    )[0];
    if (ends?.['first'] == null) return null;
    const first = Number(ends['first']);
    // Up to `low` they are of before, from `high` on of after.
    let [low, high] = [first - 1, Math.min(Number(ends['last']) + 1, beforeId ?? Number.POSITIVE_INFINITY)];
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      const row = this.#all('SELECT id, at FROM packets WHERE id <= ? ORDER BY id DESC LIMIT 1', [middle])[0];
      const id = Number(row?.['id'] ?? low);
      // Ids that are missing between it and the middle belong to it.
      if (id <= low) low = middle;
      else if (Number(row?.['at']) <= at) low = middle;
      else high = id;
    }
    return low < first ? null : { first, last: low };
  }

  /** The first packet whose time is further behind that of the one before it than rows come out of order; null: none. */
  packetSetBack(byMs: number): number | null {
    const sql = `SELECT id FROM (SELECT id, at, lag(at) OVER (ORDER BY id) AS before FROM packets WHERE ${inTime})
      WHERE at < before - ? ORDER BY id LIMIT 1`;
    const id = this.#all(sql, [byMs])[0]?.['id'];
    return id === undefined ? null : Number(id);
  }

  packetDetail(id: number): PacketDetail | null {
    const [row] = this.#all(
      'SELECT p.*, b.header, b.sample FROM packets p LEFT JOIN bodies b ON b.packet = p.id WHERE p.id = ?',
      [id],
    );
    return row === undefined ? null : packetDetail(row);
  }

  /** What a process has sent, counted by kind: a part of the packets at a time, oldest first. */
  sent({ source, afterId, beforeId }: SentQuery): SentPage {
    const ends = this.#all('SELECT (SELECT min(id) FROM packets) AS low, (SELECT max(id) FROM packets) AS high', [])[0];
    const low = Math.max(afterId + 1, Number(ends?.['low'] ?? 1));
    const last = Math.min(Number(ends?.['high'] ?? 0), (beforeId ?? Number.POSITIVE_INFINITY) - 1);
    const high = Math.min(low + sentIdsMax - 1, last);
    const counter = new SentCounter((messageId) => this.#kindOfMessage(messageId, source));
    const sql = `SELECT p.*, b.header FROM packets p LEFT JOIN bodies b ON b.packet = p.id
      WHERE p.id >= ? AND p.id <= ? AND ${inTimeFunction}(p.id) AND p.side = 'sent' AND p.source = ? ORDER BY p.id`;
    this.#each(sql, [low, high, source], (row) => {
      const packet = packetDetail(row);
      if (packet !== null) counter.add(packet);
      return null;
    });
    return { tally: counter.tally, from: afterId, upTo: Math.max(afterId, high), more: high < last };
  }

  /** Of a message that was announced before what is looked at. */
  #kindOfMessage(messageId: string, source: string): string | null {
    if (messageId === '') return null;
    const sql = `SELECT kind FROM packets WHERE message_id = ? COLLATE NOCASE AND source = ? AND side = 'sent'
      AND kind NOT IN ('chunk', 'withdraw') AND ${inTimeFunction}(id) LIMIT 1`;
    const kind = this.#rows(sql, [messageId, source], (row) => row)[0]?.['kind'];
    return typeof kind === 'string' ? kind : null;
  }

  /** In the order of recording. `malformed` counts rows that no version of ours writes, or a later one. */
  events({ afterId, beforeId, limit, types }: EventQuery): {
    readonly events: readonly RecordedEvent[];
    readonly malformed: number;
    readonly more: boolean;
  } {
    const chosen = types === undefined ? '1' : `type IN (${types.map(() => '?').join(', ')})`;
    const where = beforeId === undefined ? 'id > ?' : 'id < ?';
    const order = beforeId === undefined ? 'ASC' : 'DESC';
    const sql = `SELECT id, at, source, type, data FROM events WHERE ${where} AND ${inTime} AND ${chosen} ORDER BY id ${order} LIMIT ?`;
    const run = this.#run();
    let found = 0;
    const events = this.#each(sql, [beforeId ?? afterId, ...(types ?? []), limit + 1], (row) =>
      ++found > limit ? null : eventOf(row, run),
    );
    return { events, malformed: Math.min(found, limit) - events.length, more: found > limit };
  }

  /** The last state that this machine has kept in it until then; null: none, or none that can be trusted. */
  keptState({ at = Number.MAX_VALUE, eventId = Number.MAX_SAFE_INTEGER }: KeptStateQuery): FoldedState | null {
    if (this.#stateKey === undefined || !this.#isOfFormat3) return null;
    const sql = `SELECT event, due_at, projection, event_hash, size_bytes, state, seal FROM states
      WHERE due_at <= ? AND event <= ? AND ${inTimeFunction}(event) ORDER BY event DESC LIMIT 1`;
    const row = this.#all(sql, [at, eventId])[0] as unknown as StateRow | undefined;
    if (row === undefined) return null;
    const event = this.#all('SELECT id, at, source, type, data FROM events WHERE id = ?', [row.event])[0];
    if (event === undefined && !this.#isBeforeAll(row.event)) return null;
    return openState(row, event === undefined ? null : (Object.values(event) as EventValues), this.#stateKey);
  }

  /** The events up to that one were removed to stay within the size. */
  #isBeforeAll(event: number): boolean {
    const first = this.#all('SELECT id FROM events ORDER BY id LIMIT 1', [])[0]?.['id'];
    return first === undefined || event < Number(first);
  }

  brief(): RecordingBrief {
    const first = (table: string): string => `(SELECT at FROM ${table} ORDER BY id LIMIT 1)`;
    const last = (table: string): string => `(SELECT at FROM ${table} ORDER BY id DESC LIMIT 1)`;
    const [row] = this.#all(
      `SELECT runs.*, ${first('packets')} AS first_packet, ${first('events')} AS first_event,
        ${last('packets')} AS last_packet, ${last('events')} AS last_event
      FROM runs LIMIT 1`,
      [],
    );
    const { number, text, known } = cellsOf(row);
    const endedAt = known('ended_at');
    const lastAt = largest(known('last_packet'), known('last_event'));
    const ended = endedAt === null ? null : { at: endedAt, status: text('status'), reason: text('reason') };
    return {
      run: text('run'),
      name: text('name'),
      startedAt: number('started_at'),
      ended,
      ending: this.#cut === null ? endingOf(ended, lastAt) : `${this.#cut} ${endingOf(ended, lastAt)}`,
      cut: this.#cut,
      recorder: text('recorder'),
      firstAt: smallest(known('first_packet'), known('first_event')),
      lastAt,
      sizeBytes: statSync(this.#path).size,
    };
  }

  info(): RecordingInfo {
    const [row] = this.#all(
      `SELECT runs.*, p.n AS packets, e.n AS events
      FROM runs, (SELECT count(*) AS n FROM packets WHERE random() & 255 OR ${inTime}) AS p,
        (SELECT count(*) AS n FROM events WHERE ${inTime}) AS e
      LIMIT 1`,
      [],
    );
    const { number, known } = cellsOf(row);
    return {
      ...this.brief(),
      packets: number('packets'),
      events: number('events'),
      droppedPackets: number('dropped_packets'),
      droppedEvents: number('dropped_events'),
      malformedRows: known('malformed_rows'),
      cutBodies: known('cut_bodies'),
      removedPackets: number('removed_packets'),
      removedBodies: number('removed_bodies'),
      removedEvents: number('removed_events'),
    };
  }

  /** Copies into a new recording. */
  saveCopy(path: string, options: CopyOptions): { readonly sizeBytes: number } {
    return copyRecording({ db: this.#db, run: this.#run(), begin: this.#begin }, path, options);
  }

  #run(): string {
    return String(this.#db.prepare('SELECT run FROM runs LIMIT 1').get()?.['run'] ?? '');
  }

  #all(sql: string, parameters: readonly (string | number)[]): SqlRow[] {
    return this.#each(sql, parameters, (row) => row);
  }

  /** @param read null: nothing of this row */
  #each<T>(sql: string, parameters: readonly (string | number)[], read: (row: SqlRow) => T | null): T[] {
    this.#begin();
    return this.#rows(sql, parameters, read);
  }

  /** Within a question that has begun. */
  #rows<T>(sql: string, parameters: readonly (string | number)[], read: (row: SqlRow) => T | null): T[] {
    const found: T[] = [];
    try {
      for (const row of this.#db.prepare(sql).iterate(...parameters)) {
        const value = read(row);
        if (value !== null) found.push(value);
      }
      return found;
    } catch (error) {
      throw recorderError(error, this.#path, 'reading');
    }
  }
}

/** Cells of a row by name, as what they should be. */
function cellsOf(row: SqlRow | undefined): {
  readonly number: (name: string) => number;
  readonly text: (name: string) => string;
  readonly known: (name: string) => number | null;
} {
  return {
    number: (name) => Number(row?.[name] ?? 0),
    text: (name) => String(row?.[name] ?? ''),
    known: (name) => (typeof row?.[name] === 'number' ? row[name] : null),
  };
}

function smallest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function largest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function endingOf(ended: RecordingInfo['ended'], lastAt: number | null): string {
  if (ended !== null) return `The run ended: ${ended.status}${ended.reason === '' ? '' : ` (${ended.reason})`}.`;
  if (lastAt === null) return 'Nothing was recorded.';
  return 'The recording stops without the end of the run: it is still going on, or what recorded it was killed.';
}

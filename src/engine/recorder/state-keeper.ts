import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { beginningOf, stateAfter, type FoldedState } from './folded-state.ts';
import { eventValues } from './reading/row-mapping.ts';
import { RoundRows } from './round-rows.ts';
import { eventOf } from './reading/row-reading.ts';
import { openState, sealState, type EventValues, type StateRow } from './state-seal.ts';

export interface KeeperOptions {
  readonly run: string;
  /** Absent: no states are kept. */
  readonly key: Uint8Array | undefined;
  /** All kept states together; the oldest half of them goes, every second one. */
  readonly bytesMax: number;
}

/** A state and the event after which it is; null: that is in the recording already. */
interface Folded {
  readonly state: FoldedState;
  readonly event: RecordedEvent | null;
}

const insertStateSql = `INSERT INTO states (event, due_at, projection, event_hash, size_bytes, state, seal)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;
const selectEventSql = 'SELECT id, at, source, type, data FROM events';

/**
 * Folds what is written, writes the rounds that are over as rows, and keeps a state every few seconds of run time, so that a moment is found without folding from
 * the beginning (decision 0101): bounded in number and bytes, further apart the longer the run is and the larger its states are.
 */
export class StateKeeper {
  readonly #db: DatabaseSync;
  readonly #options: KeeperOptions;
  readonly #insert: StatementSync;
  readonly #rounds: RoundRows;
  #kept: { readonly event: number; readonly dueAt: number; readonly bytes: number }[] = [];
  #apartMs: number = timing.keptStateApartMs;
  /** Of the last state, which costs as much again. */
  #lastBytes = 0;
  #last: Folded | null = null;
  /** Of the batch that is being written. */
  #next: Folded | null = null;
  /** A fold that failed says nothing any more; the rows are recorded as ever. */
  #broken = false;

  constructor(db: DatabaseSync, options: KeeperOptions) {
    this.#db = db;
    this.#options = options;
    this.#insert = db.prepare(insertStateSql);
    this.#rounds = new RoundRows(db);
  }

  /** After the recorder's own crash: from the last state that is kept, over the events after it. */
  resume(): void {
    const { run, key } = this.#options;
    this.#look();
    const last = this.#db.prepare('SELECT * FROM states ORDER BY event DESC LIMIT 1').get();
    if (last !== undefined) {
      const event = this.#db.prepare(`${selectEventSql} WHERE id = ?`).get(Number(last['event']));
      const values = event === undefined ? null : (Object.values(event) as EventValues);
      const state = key === undefined ? null : openState(last as unknown as StateRow, values, key);
      this.#last = state === null ? null : { state, event: null };
    }
    for (const row of this.#db.prepare(`${selectEventSql} WHERE id > ? ORDER BY id`).iterate(this.#lastId)) {
      const event = eventOf(row, run);
      if (event !== null) this.#fold([event], event.at);
      this.written();
    }
  }

  /** Within the transaction that writes them; `firstAt` is the time of the first row of the recording. */
  add(events: readonly RecordedEvent[], firstAt: number): void {
    if (this.#broken || events.length === 0) return;
    this.#fold(events, firstAt);
    if (this.#next === null) return;
    this.#rounds.write(this.#last?.state.view ?? null, this.#next.state.view);
    if (this.#isDue(this.#next.state)) this.#keep(this.#next);
  }

  /** The transaction is on disk. */
  written(): void {
    this.#last = this.#next ?? this.#last;
    this.#next = null;
  }

  /** Nothing of the transaction is. */
  undone(): void {
    this.#next = null;
    this.#look();
  }

  /** The state at the end, where a recording is opened first. */
  last(): void {
    if (this.#broken || this.#last === null) return;
    this.#rounds.write(null, this.#last.state.view, true);
    if (this.#kept.at(-1)?.event !== this.#lastId) this.#keep(this.#last);
  }

  /** Events up to this one were removed: of the states before it the newest is where what is left begins. */
  removedUpTo(event: number): void {
    const beginning = this.#kept.findLast((one) => one.event <= event);
    if (beginning === undefined) return;
    this.#db.prepare('DELETE FROM states WHERE event < ?').run(beginning.event);
    this.#kept = this.#kept.filter((one) => one.event >= beginning.event);
  }

  get #lastId(): number {
    return this.#last?.state.eventId ?? 0;
  }

  /** What is kept, as the file has it. */
  #look(): void {
    const rows = this.#db.prepare('SELECT event, due_at, length(state) AS bytes FROM states ORDER BY event').all();
    this.#kept = rows.map((row) => ({
      event: Number(row['event']),
      dueAt: Number(row['due_at']),
      bytes: Number(row['bytes']),
    }));
  }

  #fold(events: readonly RecordedEvent[], firstAt: number): void {
    try {
      let state = this.#last?.state ?? beginningOf(this.#options.run, firstAt);
      for (const event of events) state = stateAfter(state, event);
      this.#next = { state, event: events.at(-1) ?? null };
    } catch {
      // A bug of the projection: whoever opens the recording meets it as well, and says so.
      this.#broken = true;
      this.#next = null;
    }
  }

  #isDue({ dueAt }: FoldedState): boolean {
    const last = this.#kept.at(-1);
    if (last === undefined) return true;
    const byCost = (this.#lastBytes / limits.keptStateBytesPerSecondMax) * 1000;
    return dueAt - last.dueAt >= Math.max(this.#apartMs, byCost);
  }

  #keep({ state, event }: Folded): void {
    const { key } = this.#options;
    if (event === null || key === undefined) return;
    const row = sealState(state, eventValues(event), key);
    // One that is too large will be again: the next is tried when as much time has gone by as it would have cost.
    this.#lastBytes = row?.size_bytes ?? limits.keptStateBytesMax;
    if (row === null) return;
    this.#insert.run(row.event, row.due_at, row.projection, row.event_hash, row.size_bytes, row.state, row.seal);
    this.#kept.push({ event: row.event, dueAt: row.due_at, bytes: row.state.byteLength });
    this.#thin();
  }

  #thin(): void {
    while (
      this.#kept.length > limits.keptStatesMax ||
      (this.#bytes > this.#options.bytesMax && this.#kept.length > 1)
    ) {
      const remove = this.#db.prepare('DELETE FROM states WHERE event = ?');
      // The newest stays: it is the nearest to where a recording is opened.
      const goes = (i: number): boolean => (this.#kept.length - i) % 2 === 0;
      for (const [i, { event }] of this.#kept.entries()) if (goes(i)) remove.run(event);
      this.#kept = this.#kept.filter((_, i) => !goes(i));
      this.#apartMs *= 2;
    }
  }

  get #bytes(): number {
    return this.#kept.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

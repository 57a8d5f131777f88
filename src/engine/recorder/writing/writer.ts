import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { RecordedEvent } from '#shared/contract/events.ts';
import type { LossTotals } from '#shared/contract/losses.ts';
import { createFile } from './create-file.ts';
import { recorderError } from '../errors.ts';
import {
  eventValues,
  insertBodySql,
  insertEventSql,
  insertPacketSql,
  packetValues,
  type RecordedPacket,
} from '../reading/row-mapping.ts';
import { checkSchema, createTables, pragma } from '../schema.ts';
import { makeRoom, type Removed } from './size-bound.ts';
import type { StateKeeper } from '../state-keeper.ts';

export interface WriterOptions {
  readonly path: string;
  readonly run: string;
  readonly startedAt: number;
  /** Version of the program that records. */
  readonly recorder: string;
  readonly sizeBytesMax: number;
  /** `create`: fails when the file is there. `continue`: after the recorder's own crash. */
  readonly mode: 'create' | 'continue';
  /** Of this machine, to seal states with; absent: none are kept. */
  readonly stateKey?: Uint8Array;
  /** For tests: pages at which the disk counts as full, commits (from 1) that fail, one at which the thread ends. */
  readonly failures?: { readonly pagesMax?: number; readonly commits?: readonly number[]; readonly crashAt?: number };
}

export interface Batch {
  readonly events: readonly RecordedEvent[];
  readonly packets: readonly RecordedPacket[];
  /** What is lost of the run, in all so far. */
  readonly lost: LossTotals;
}

/** The one writer of a recording: a transaction per batch, rolled back whole when the disk refuses. Synchronous. */
export class RecordingWriter implements Disposable {
  readonly #options: WriterOptions;
  readonly #db: DatabaseSync;
  readonly #insertPacket: StatementSync;
  readonly #insertBody: StatementSync;
  readonly #insertEvent: StatementSync;
  readonly #removed: { -readonly [K in keyof Removed]: Removed[K] } = { packets: 0, bodies: 0, events: 0 };
  #states: StateKeeper | null = null;
  /** Time of the first row; null: none is written. */
  #firstAt: number | null = null;
  #commits = 0;
  #sizeBytes = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    const { path, mode } = options;
    try {
      if (mode === 'create') createFile(path);
      this.#db = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: false });
    } catch (error) {
      throw recorderError(error, path, 'recording to');
    }
    try {
      this.#db.exec(
        'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 1000; PRAGMA cache_size = -8000;',
      );
      if (options.failures?.pagesMax !== undefined)
        this.#db.exec(`PRAGMA max_page_count = ${options.failures.pagesMax}`);
      if (mode === 'create') this.#begin();
      else checkSchema(this.#db, path);
    } catch (error) {
      this.#db.close();
      // An empty file is no recording, and would stand in the way of the next attempt.
      if (mode === 'create') for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
      throw recorderError(error, path, 'recording to');
    }
    this.#insertPacket = this.#db.prepare(insertPacketSql);
    this.#insertBody = this.#db.prepare(insertBodySql);
    this.#insertEvent = this.#db.prepare(insertEventSql);
  }

  /** From now on states of the run are kept; what was written until then is folded first. */
  keepStates(make: (db: DatabaseSync) => StateKeeper): void {
    try {
      const states = make(this.#db);
      states.resume();
      this.#states = states;
    } catch (error) {
      // A disk that does not answer now: rows are recorded as ever, and folded by whoever opens them.
      if ((error as { readonly errcode?: number }).errcode === undefined) throw error;
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get removed(): Removed {
    return this.#removed;
  }

  /** @throws RoundscopeError when the disk refuses; then nothing of the batch is in the recording */
  write(batch: Batch): void {
    const { path, failures } = this.#options;
    this.#commits++;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const event of batch.events) this.#event(event);
      for (const packet of batch.packets) this.#packet(packet);
      this.#firstAt ??= Math.min(batch.events[0]?.at ?? Infinity, batch.packets[0]?.at ?? Infinity);
      this.#states?.add(batch.events, this.#firstAt);
      this.#counts(batch.lost);
      if (failures?.commits?.includes(this.#commits) === true) {
        throw new RoundscopeError('disk_full', {
          layer: 'recorder',
          message: `commit ${this.#commits} failed as asked for`,
          retryable: true,
        });
      }
      this.#db.exec('COMMIT');
      this.#states?.written();
    } catch (error) {
      this.#rollBack();
      this.#states?.undone();
      throw recorderError(error, path, 'recording to');
    }
    this.#bound();
  }

  /** Leaves one file without companions, readable also where nothing can be written. */
  [Symbol.dispose](): void {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      this.#states?.last();
      this.#db.exec('COMMIT');
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      this.#db.exec('PRAGMA journal_mode = DELETE');
    } catch (error) {
      // A reader elsewhere holds the file, or the disk is full: the companion file stays, which loses nothing.
      if ((error as { readonly errcode?: number }).errcode === undefined) throw error;
      this.#rollBack();
    } finally {
      this.#db.close();
    }
  }

  #begin(): void {
    const { run, startedAt, recorder } = this.#options;
    createTables(this.#db);
    this.#db
      .prepare('INSERT INTO runs (run, name, started_at, recorder) VALUES (?, ?, ?, ?)')
      .run(run, run, startedAt, recorder);
    this.#sizeBytes = pragma(this.#db, 'page_count') * pragma(this.#db, 'page_size');
  }

  #event(event: RecordedEvent): void {
    this.#insertEvent.run(...eventValues(event));
    if (event.type === 'run_started') {
      this.#db
        .prepare('UPDATE runs SET name = ?, started_at = ? WHERE run = ?')
        .run(event.data.name, event.at, event.run);
    } else if (event.type === 'run_ended') {
      const { status, reason } = event.data;
      this.#db
        .prepare('UPDATE runs SET ended_at = ?, status = ?, reason = ? WHERE run = ?')
        .run(event.at, status, reason, event.run);
    }
  }

  #packet(packet: RecordedPacket): void {
    this.#insertPacket.run(...packetValues(packet));
    if (packet.header !== '' || packet.bodySample !== undefined) {
      this.#insertBody.run(packet.id, packet.header, packet.bodySample ?? null);
    }
  }

  #counts({ packets, events, malformed, cutBodies }: LossTotals): void {
    const { packets: gone, bodies, events: goneEvents } = this.#removed;
    this.#db
      .prepare(
        `UPDATE runs SET dropped_packets = ?, dropped_events = ?, malformed_rows = ?, cut_bodies = ?,
          removed_packets = ?, removed_bodies = ?, removed_events = ?`,
      )
      .run(packets, events, malformed, cutBodies, gone, bodies, goneEvents);
  }

  #rollBack(): void {
    // SQLite rolls back by itself on some errors, such as a full disk; then there is nothing left to roll back.
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  #bound(): void {
    try {
      const made = makeRoom(this.#db, this.#options.sizeBytesMax);
      this.#sizeBytes = made.sizeBytes;
      if (made.removed.events > 0) this.#states?.removedUpTo(made.firstEvent - 1);
      this.#removed.packets += made.removed.packets;
      this.#removed.bodies += made.removed.bodies;
      this.#removed.events += made.removed.events;
    } catch (error) {
      this.#rollBack();
      throw recorderError(error, this.#options.path, 'making room in');
    }
  }
}

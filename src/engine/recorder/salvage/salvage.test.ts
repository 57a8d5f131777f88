import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { recordedSession } from '#test/support/recorded/recorded-session.ts';
import { recordedStart } from '#test/support/recorded/recorded-view.ts';
import { recordSession } from '#test/support/recorded/recording-file.ts';
import { seededRandom } from '#shared/base/random.ts';
import { RecordingReader } from '../reading/reader.ts';
import { openRecorder } from '../writing/recorder.ts';
import { salvage } from './salvage.ts';

const limit = { clock: systemClock, ms: 60_000 };
const root = mkdtempSync(join(tmpdir(), 'roundscope-salvage-'));
const whole = join(root, 'whole.rscope');
const killed = join(root, 'killed.rscope');
before(async () => {
  await recordSession(whole, { rounds: 2 });
  await recordAndKill(killed);
});
after(() => rmSync(root, { recursive: true, force: true }));

/** Copies the files of a recorder in the middle of its work, as they lie when it is killed. */
async function recordAndKill(path: string): Promise<void> {
  const live = join(root, 'live.rscope');
  await using recorder = await openRecorder({
    path: live,
    run: 'r-7f3a2c',
    recorder: '0.1.0',
    entry: entryPath('recorder-worker'),
    clock: systemClock,
    queueMax: 1_000_000,
  });
  for (const item of recordedSession({ startAt: recordedStart, rounds: 2 })) {
    if ('event' in item && item.event.type === 'run_ended') break;
    if ('event' in item) recorder.event(item.event);
    else recorder.packet({ ...item.packet, header: '{}', bodySample: new Uint8Array(9000).fill(item.packet.id % 251) });
  }
  await recorder.flush();
  for (const end of ['', '-wal']) copyFileSync(`${live}${end}`, `${path}${end}`);
}

type Tables = Readonly<Record<string, readonly unknown[]>>;

function tablesOf(db: DatabaseSync): Tables {
  const keys = { runs: 'run', events: 'id', packets: 'id', bodies: 'packet' };
  return Object.fromEntries(
    Object.entries(keys).map(([table, key]) => [table, db.prepare(`SELECT * FROM ${table} ORDER BY ${key}`).all()]),
  );
}

function asSqliteReads(path: string): Tables {
  using db = new DatabaseSync(path);
  return tablesOf(db);
}

function asSalvaged(path: string): Tables & { readonly cut: string | null } {
  const salvaged = salvage(path, () => true);
  assert.ok(salvaged !== null);
  using db = salvaged.db;
  return { ...tablesOf(db), cut: salvaged.cut } as unknown as Tables & { readonly cut: string | null };
}

const everyRow = (filter = '') => ({ filter, beforeId: 0, afterId: 0, limit: 5000 });

describe('a recording that SQLite cannot open as it lies', () => {
  test('page by page a whole one has the same rows, and nothing is said to be missing', () => {
    const copy = join(root, 'same.rscope');
    copyFileSync(whole, copy);
    assert.deepEqual({ ...asSalvaged(copy) }, { ...asSqliteReads(copy), cut: null });
  });

  test('a killed one has the rows of its last whole transaction, wherever its companion was cut', () => {
    const random = seededRandom(7);
    const copy = join(root, 'cut-wal.rscope');
    const size = readFileSync(`${killed}-wal`).length;
    let before = -1;
    for (const share of [...Array.from({ length: 8 }, () => random.next()), 1].toSorted((a, b) => a - b)) {
      for (const end of ['', '-wal']) copyFileSync(`${killed}${end}`, `${copy}${end}`);
      truncateSync(`${copy}-wal`, Math.floor(size * share));
      rmSync(`${copy}-shm`, { force: true });
      const salvaged = tryRows(copy);
      const sqlite = asSqliteRows(copy);
      assert.deepEqual(salvaged, sqlite, `${share} of the log`);
      assert.ok((sqlite?.['packets']?.length ?? 0) >= before);
      before = sqlite?.['packets']?.length ?? 0;
    }
    assert.ok(before > 100);
  });

  function tryRows(path: string): Tables | null {
    try {
      const { cut: _cut, ...tables } = asSalvaged(path);
      return tables;
    } catch (error) {
      assert.ok(error instanceof RoundscopeError || error instanceof assert.AssertionError);
      return null;
    }
  }
  function asSqliteRows(path: string): Tables | null {
    try {
      return asSqliteReads(path);
    } catch {
      // Cut before there were tables.
      return null;
    }
  }

  test('cut at any byte it opens with what is there and says what is missing, or says that nothing is left', () => {
    const all = asSqliteReads(whole);
    const bytes = readFileSync(whole);
    const random = seededRandom(1);
    const copy = join(root, 'cut.rscope');
    const cuts = [
      0,
      50,
      100,
      4096,
      8192,
      20_000,
      ...Array.from({ length: 100 }, () => Math.floor(random.next() * bytes.length)),
    ];
    let opened = 0;
    let packetsBefore = 0;
    for (const at of cuts.toSorted((a, b) => a - b)) {
      writeFileSync(copy, bytes.subarray(0, at));
      let reader: RecordingReader;
      try {
        reader = new RecordingReader(copy, limit);
      } catch (error) {
        assert.ok(error instanceof RoundscopeError && error.code === 'recording_invalid', `${at}: ${String(error)}`);
        assert.ok(at <= 8192, `${at} bytes have a run: ${error.message}`);
        continue;
      }
      opened++;
      using _reader = reader;
      const { packets, run, cut, ending } = { ...reader.info() };
      const { rows, malformed } = reader.queryPackets(everyRow());
      assert.deepEqual([run, malformed], ['r-7f3a2c', 0]);
      assert.match(cut ?? '', /^This file was cut: .* of .* are there\. /, String(at));
      assert.ok(ending.startsWith(cut ?? 'x'));
      assert.ok(packets >= packetsBefore, `${at}: ${packets} after ${packetsBefore}`);
      packetsBefore = packets;
      const known = new Map(all['packets']?.map((row) => [(row as { id: number }).id, row as { at: number }]));
      for (const row of rows) assert.equal(row.at, known.get(row.id)?.at);
      assert.deepEqual(
        readdirSync(root).filter((name) => name.startsWith('cut.rscope')),
        ['cut.rscope'],
      );
      assert.deepEqual(readFileSync(copy), bytes.subarray(0, at), 'nothing is written to it');
    }
    assert.ok(opened > 90 && packetsBefore > 0.9 * (all['packets']?.length ?? 0), `${opened} opened`);
  });

  test('a killed one opens where nothing can be written beside it', { skip: process.platform === 'win32' }, () => {
    const folder = join(root, 'read-only');
    mkdirSync(folder);
    const path = join(folder, 'killed.rscope');
    for (const end of ['', '-wal']) copyFileSync(`${killed}${end}`, `${path}${end}`);
    const expected = asSqliteReads(copyOf(path));
    for (const end of ['', '-wal']) chmodSync(`${path}${end}`, 0o444);
    chmodSync(folder, 0o555);
    chmodSync(root, 0o755);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      using reader = new RecordingReader(path, limit);
      const info = reader.info();
      assert.deepEqual(
        [info.packets, info.events, info.cut],
        [expected['packets']?.length, expected['events']?.length, null],
      );
      assert.match(info.ending, /stops without the end of the run/);
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(folder, 0o755);
    }
    assert.deepEqual(readdirSync(folder).toSorted(), ['killed.rscope', 'killed.rscope-wal']);
  });

  function copyOf(path: string): string {
    const copy = join(root, 'copy.rscope');
    for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, `${copy}${end}`);
    return copy;
  }

  test('what was made to look like one is read within bounds, and never further than a row of ours', () => {
    const bytes = readFileSync(whole);
    const random = seededRandom(3);
    const copy = join(root, 'odd.rscope');
    for (let i = 0; i < 20; i++) {
      const odd = Buffer.from(bytes.subarray(0, Math.floor(bytes.length * random.next())));
      for (let k = 0; k < 400; k++) {
        const at = 100 + Math.floor(random.next() * odd.length);
        if (at < odd.length) odd[at] = Math.floor(random.next() * 256);
      }
      writeFileSync(copy, odd);
      try {
        using reader = new RecordingReader(copy, limit);
        reader.info();
        reader.queryPackets(everyRow('size > 0'));
        reader.events({ afterId: 0, limit: 5000 });
      } catch (error) {
        assert.ok(error instanceof RoundscopeError && error.code === 'recording_invalid', String(error));
      }
    }
  });

  test('one that would take too long is given up', () => {
    const copy = join(root, 'slow.rscope');
    writeFileSync(copy, readFileSync(whole).subarray(0, 300_000));
    assert.throws(() => salvage(copy, () => false), /takes too long/);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { makeEndless } from '#test/support/page/endless-tree.ts';
import { eventOfRun, nothingLost, packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { RecordingReader } from './reader.ts';
import { applicationId } from '../schema.ts';
import { RecordingWriter } from '../writing/writer.ts';

const unhurried = { clock: systemClock, ms: 60_000 };
let folder: string;
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'roundscope-foreign-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A recording as this program makes it, closed. */
function recorded(rows = 200): string {
  const path = join(folder, `r-${++files}.sqlite`);
  const options = { path, run: recordedRun, startedAt: 0, recorder: 't', sizeBytesMax: 1e9, mode: 'create' } as const;
  using writer = new RecordingWriter(options);
  const ids = Array.from({ length: rows }, (_, i) => i + 1);
  writer.write({ events: ids.map((id) => eventOfRun(id)), packets: ids.map((id) => packetOf(id)), lost: nothingLost });
  return path;
}

function changed(sql: string): string {
  const path = recorded(5);
  using db = new DatabaseSync(path);
  db.exec(sql);
  return path;
}

function isInvalid(words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RoundscopeError, String(error));
    assert.deepEqual([error.code, error.layer], ['recording_invalid', 'recorder']);
    assert.match(error.message, words);
    return true;
  };
}

describe('a recording from elsewhere', () => {
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)';
  const cases: Readonly<Record<string, readonly [sql: string, words: RegExp]>> = {
    'an endless view in place of a table': [
      `DROP TABLE packets; CREATE VIEW packets AS ${endless} SELECT i AS id FROM n`,
      /a view "packets"/,
    ],
    'a view beside the tables': ['CREATE VIEW more AS SELECT 1', /a view "more"/],
    'a trigger': ['CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM packets; END', /a trigger "t"/],
    'a virtual table': ['CREATE VIRTUAL TABLE words USING fts5(text)', /a table "words/],
    'a virtual table in place of one': [
      'DROP TABLE bodies; CREATE VIRTUAL TABLE bodies USING fts5(packet, header, sample)',
      /a table "bodies/,
    ],
    'an index of its own': ['CREATE INDEX slow ON packets (note)', /a index "slow"/],
    'a column that is computed': [
      'ALTER TABLE packets ADD COLUMN spun TEXT AS (hex(zeroblob(1000000)))',
      /a table "packets"/,
    ],
    'a check that is run': [
      'DROP TABLE bodies; CREATE TABLE bodies (packet INTEGER PRIMARY KEY, header TEXT NOT NULL CHECK (length(header) > 0), sample BLOB) STRICT',
      /a table "bodies"/,
    ],
    'a table less': ['DROP TABLE bodies', /no table "bodies"/],
    'another table': ['CREATE TABLE extra (x)', /a table "extra"/],
  };
  for (const [what, [sql, words]] of Object.entries(cases)) {
    test(`${what} is refused before anything is asked of it`, () => {
      const path = changed(sql);
      const before = statSync(path).size;
      assert.throws(() => new RecordingReader(path, unhurried), isInvalid(words));
      assert.equal(statSync(path).size, before, 'left as it was');
    });
  }

  test('what is no file is not opened: a pipe would keep its reader for ever', () => {
    const pipe = join(folder, 'pipe.rscope');
    const made = spawnSync('mkfifo', [pipe]).status === 0;
    for (const path of made ? [pipe, folder] : [folder])
      assert.throws(() => new RecordingReader(path, unhurried), isInvalid(/no file/));
  });

  test('an application id alone makes no recording', () => {
    const path = join(folder, 'id.sqlite');
    {
      using db = new DatabaseSync(path);
      db.exec(
        `PRAGMA application_id = ${applicationId}; PRAGMA user_version = 2; CREATE VIEW packets AS SELECT 1 AS id`,
      );
    }
    assert.throws(() => new RecordingReader(path, unhurried), isInvalid(/view "packets"/));
  });

  test('what this program has recorded is opened, also with what a reader may ask', () => {
    using reader = new RecordingReader(recorded(), unhurried);
    const { packets, events, firstAt, lastAt } = reader.info();
    assert.deepEqual([packets, events], [200, 200]);
    assert.deepEqual([firstAt, lastAt], [packetOf(1).at, packetOf(200).at]);
    assert.equal(reader.tallyPackets({ filter: '', beforeId: 0 }).count, 200);
  });

  test('rows without end: each question ends at its time, and says so', () => {
    for (const [table, ask] of [
      ['events', (reader) => reader.info()],
      ['packets', (reader) => reader.countPackets({ filter: 'round == 77777', beforeId: 0 })],
      ['packets', (reader) => reader.queryPackets({ filter: 'round == 77777', beforeId: 0, limit: 10 })],
      ['packets', (reader) => reader.tallyPackets({ filter: 'round == 77777', beforeId: 0 })],
      ['events', (reader) => reader.events({ afterId: 0, limit: 10, types: ['run_ended'] })],
      ['packets', (reader) => reader.saveCopy(join(folder, `endless-${++files}.sqlite`), { minutes: 1 })],
      ['events', (reader) => reader.saveCopy(join(folder, `endless-${++files}.sqlite`), {})],
    ] as readonly (readonly [string, (reader: RecordingReader) => unknown])[]) {
      const path = recorded();
      makeEndless(path, table);
      using reader = new RecordingReader(path, { clock: systemClock, ms: 150 });
      const startedMs = systemClock.monotonicMs();
      assert.throws(() => ask(reader), isInvalid(/took more than|UNIQUE/), `${table} ${String(ask)}`);
      assert.ok(systemClock.monotonicMs() - startedMs < 3000, `${String(ask)} took too long`);
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('endless')),
      [],
      'a failed copy stays',
    );
  });

  test('a value of many megabytes is not taken into memory', () => {
    const path = changed('UPDATE events SET data = hex(zeroblob(6000000)) WHERE id = 2');
    using reader = new RecordingReader(path, unhurried);
    assert.throws(() => reader.events({ afterId: 0, limit: 10 }), isInvalid(/too big/));
  });

  test('numbers that are none of a recorder are told, not thrown', () => {
    const path = changed('UPDATE packets SET size_bytes = 9223372036854775807 WHERE id = 2');
    using reader = new RecordingReader(path, unhurried);
    assert.throws(() => reader.queryPackets({ filter: '', beforeId: 0, limit: 10 }), isInvalid(/too large|range/i));
  });
});

describe('a copy', () => {
  test('is readable by its owner alone, and is never written over anything', () => {
    using reader = new RecordingReader(recorded(20), unhurried);
    const to = join(folder, 'copy.sqlite');
    const mask = process.umask(0);
    try {
      reader.saveCopy(to, {});
    } finally {
      process.umask(mask);
    }
    if (process.platform !== 'win32') assert.equal(statSync(to).mode & 0o777, 0o600);
    writeFileSync(join(folder, 'precious'), 'precious');
    assert.throws(() => reader.saveCopy(join(folder, 'precious'), {}), /exists already/);
    assert.equal(statSync(join(folder, 'precious')).size, 8);
    using copy = new RecordingReader(to, unhurried);
    assert.deepEqual(copy.packetDetail(7), packetOf(7));
  });
});

import { protocols } from '#shared/contract/protocols.ts';
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { seededRandom } from '#shared/base/random.ts';
import type { Loss } from '#shared/contract/losses.ts';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { eventOfRun, nothingLost, packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { removeOldRecordings } from '../reading/old-recordings.ts';
import { openRecording } from '../reading/open-recording.ts';
import { RecordingReader } from '../reading/reader.ts';
import { openRecorder, type Recorder, type RecorderOptions, type RecordingStats } from './recorder.ts';
import { RecordingWriter } from './writer.ts';

const entry = entryPath('recorder-worker');
let folder = '';
let files = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roundscope-recorder-'));
});
after(() => rm(folder, { recursive: true, force: true }));

function freshPath(): string {
  return join(folder, `r-${++files}.sqlite`);
}

function record(over: Partial<RecorderOptions> = {}): Promise<Recorder> {
  return openRecorder({ path: freshPath(), run: recordedRun, recorder: 'test 1', entry, clock: systemClock, ...over });
}

function fill(recorder: Recorder, from: number, to: number): void {
  for (let id = from; id <= to; id++) recorder.packet(packetOf(id));
}

function withCode(...codes: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RoundscopeError, String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    assert.equal(error.layer, 'recorder');
    return true;
  };
}

const unhurried = { clock: systemClock, ms: 60_000 };
const everything = { filter: '', beforeId: 0, limit: 5000 };

describe('recording', () => {
  test('what is recorded is read back as it was, newest first, page by page', async () => {
    await using recorder = await record();
    fill(recorder, 1, 1200);
    const first = await recorder.queryPackets({ filter: '', beforeId: 0, limit: 1000 });
    assert.equal(first.rows.length, 1000);
    assert.equal(first.rows[0]?.id, 1200);
    assert.equal(first.more, true);
    const rest = await recorder.queryPackets({ filter: '', beforeId: first.rows.at(-1)?.id ?? 0, limit: 1000 });
    assert.deepEqual([rest.rows.length, rest.more, rest.rows.at(-1)?.id], [200, false, 1]);
    for (const id of [1, 42, 999]) assert.deepEqual(await recorder.packetDetail(id), packetOf(id));
    assert.equal(await recorder.packetDetail(5000), null);
    const { header: _header, bodySample: _sample, ...row } = packetOf(1200);
    assert.deepEqual(first.rows[0], row);
    assert.deepEqual(
      [recorder.stats().packets, recorder.stats().droppedPackets, recorder.stats().state],
      [1200, 0, 'recording'],
    );
  });

  test('a body that is a view into a large buffer is recorded without the rest', async () => {
    await using recorder = await record();
    recorder.packet(packetOf(1, { bodySample: new Uint8Array(1_000_000).fill(7).subarray(500, 504) }));
    assert.deepEqual((await recorder.packetDetail(1))?.bodySample, Uint8Array.of(7, 7, 7, 7));
  });

  test('events come back in order, and a run says how it ended', async () => {
    const recorder = await record();
    const started = {
      id: 1,
      type: 'run_started',
      run: recordedRun,
      source: 'coordinator',
      at: 5,
      data: { name: 'digits', rounds: 3, minimumParticipants: 2, quorum: 1, seed: 1, baselineAccuracy: 0.1 },
    } as RecordedEvent;
    const ended = {
      id: 3,
      type: 'run_ended',
      run: recordedRun,
      source: 'coordinator',
      at: 9,
      data: { status: 'stalled', reason: 'no quorum', roundsCompleted: 0, loss: null, accuracy: null },
    } as RecordedEvent;
    for (const event of [started, eventOfRun(2, 7), ended]) recorder.event(event);
    const { events, malformed } = await recorder.events({ afterId: 0, limit: 10 });
    assert.deepEqual(events, [started, eventOfRun(2, 7), ended]);
    assert.equal(malformed, 0);
    await recorder.close();
    assert.equal(recorder.stats().state, 'recorded');
    await using opened = await openRecording(recorder.path, { entry });
    assert.deepEqual((await opened.info()).ended, { at: 9, status: 'stalled', reason: 'no quorum' });
    assert.deepEqual(
      [
        (await opened.info()).name,
        (await opened.info()).events,
        (await opened.info()).firstAt,
        (await opened.info()).lastAt,
      ],
      ['digits', 3, 5, 9],
    );
    assert.equal((await opened.events({ afterId: 0, limit: 10, types: ['run_ended'] })).events.length, 1);
  });

  test('closed cleanly, it is one file', async () => {
    const recorder = await record();
    fill(recorder, 1, 10);
    await recorder.queryPackets(everything);
    await recorder.close();
    await recorder.close();
    const left = (await readdir(folder)).filter((name) => recorder.path.endsWith(name.replace(/-(wal|shm)$/, '')));
    assert.deepEqual(left, [recorder.path.slice(folder.length + 1)]);
    await assert.rejects(recorder.info(), withCode('not_running'));
  });

  test('a tally counts packets by protocol and time, and goes on counting as they come', async () => {
    await using recorder = await record();
    fill(recorder, 1, 100);
    const bars = { from: packetOf(1).at, to: packetOf(150).at + 1, count: 10 };
    const counted = async (filter: string): Promise<readonly number[]> => {
      const tally = await recorder.tallyPackets({ filter, beforeId: 0, bars });
      assert.equal(tally.complete, true);
      assert.equal(tally.firstAt, packetOf(1).at);
      const sums = tally.bars?.bins ?? [];
      return [
        tally.count,
        ...['quic', 'mqtt'].map((_, p) => sums.reduce((sum, { counts }) => sum + (counts[p] ?? 0), 0)),
      ];
    };
    assert.deepEqual(protocols.slice(0, 2), ['quic', 'mqtt']);
    assert.deepEqual(await counted(''), [100, 80, 20]);
    assert.deepEqual(await counted('protocol == mqtt'), [20, 0, 20]);
    fill(recorder, 101, 150);
    assert.deepEqual(await counted(''), [150, 120, 30]);
    assert.deepEqual(await counted('protocol == mqtt'), [30, 0, 30]);
    const wrong = await recorder.tallyPackets({ filter: 'protocol ==', beforeId: 0 });
    assert.equal(wrong.filterError === null, false);
  });

  test('the last minutes are saved as a recording of their own, and nothing is written over', async () => {
    await using recorder = await record();
    for (let minute = 1; minute <= 10; minute++) recorder.packet(packetOf(minute, { at: minute * 60_000 }));
    recorder.event(eventOfRun(1, 1000));
    const path = freshPath();
    const { sizeBytes } = await recorder.saveCopy(path, { minutes: 3 });
    assert.ok(sizeBytes > 0);
    await assert.rejects(recorder.saveCopy(path, { minutes: 3 }), withCode('path_unwritable'));
    await using copy = await openRecording(path, { entry });
    assert.deepEqual(
      (await copy.queryPackets(everything)).rows.map(({ id }) => id),
      [10, 9, 8, 7],
    );
    assert.equal((await copy.packetDetail(9))?.header, packetOf(9).header);
    assert.equal((await copy.info()).events, 1);
  });
});

describe('limits of a recording', () => {
  test('rows beyond the queue are dropped, newest first, and counted', async () => {
    await using recorder = await record({ queueMax: 600 });
    fill(recorder, 1, 2000);
    await recorder.flush();
    const { packets, droppedPackets } = recorder.stats();
    assert.deepEqual([packets, droppedPackets], [600, 1400]);
    const { rows } = await recorder.queryPackets(everything);
    assert.equal(rows[0]?.id, 600);
  });

  test('each loss is told with its reason and its place, and all are kept in the file, beside those from before', async () => {
    const losses: Omit<Loss, 'process'>[] = [];
    const recorder = await record({ queueMax: 600, failures: { commits: [2] } });
    recorder.onLoss((loss) => losses.push(loss));
    fill(recorder, 1, 602);
    await recorder.flush();
    for (let n = 1; n <= 3; n++) recorder.event(eventOfRun(n));
    fill(recorder, 701, 702);
    await recorder.flush();
    recorder.lostBefore({ packets: 10, events: 20, malformed: 30, cutBodies: 40 });
    fill(recorder, 801, 801);
    await recorder.close();
    recorder.event(eventOfRun(4));
    const told = losses.map(({ kind, reason, count, afterPacket }) => [kind, reason, count, afterPacket]);
    assert.deepEqual(told.slice(0, 2), [
      ['packets', 'recorder_full', 1, 600],
      ['packets', 'recorder_full', 1, 601],
    ]);
    // Which rows the second commit held depends on how the first ones were gathered; all of them are told.
    const refused = losses.filter(({ reason }) => reason === 'disk_refused');
    assert.ok(refused.length > 0);
    for (const { from, to } of refused) assert.ok(from <= to && from >= packetOf(1).at);
    assert.deepEqual(told.at(-1), ['events', 'recorder_ended', 1, 801]);
    const sum = (wanted: Loss['kind']): number =>
      losses.slice(0, -1).reduce((total, { kind, count }) => total + (kind === wanted ? count : 0), 0);
    await using opened = await openRecording(recorder.path, { entry });
    const { droppedPackets, droppedEvents, malformedRows, cutBodies } = await opened.info();
    assert.deepEqual(
      { droppedPackets, droppedEvents, malformedRows, cutBodies },
      { droppedPackets: 10 + sum('packets'), droppedEvents: 20 + sum('events'), malformedRows: 30, cutBodies: 40 },
    );
  });

  test('at its size the oldest go, bodies before packets, and it is said how many', async () => {
    const recorder = await record({ sizeBytesMax: 300_000 });
    for (let from = 1; from < 6000; from += 500) {
      fill(recorder, from, from + 499);
      await recorder.flush();
    }
    const { rows } = await recorder.queryPackets({ ...everything, limit: 5000 });
    assert.equal(rows[0]?.id, 6000);
    assert.ok(rows.length < 5000);
    assert.equal(recorder.stats().packets, rows.length);
    assert.ok(recorder.stats().sizeBytes <= 300_000);
    assert.match(recorder.stats().note, /let go of its oldest/);
    assert.notEqual((await recorder.packetDetail(6000))?.header, '');
    await recorder.close();
    await using opened = await openRecording(recorder.path, { entry });
    assert.ok((await opened.info()).removedBodies > 0);
  });

  test('recordings beyond their age go with their notes, those that are kept and other files stay', async () => {
    const old = join(folder, 'old');
    await mkdir(old);
    const recorder = await record({ path: join(old, 'a.sqlite') });
    await recorder.close();
    await (await record({ path: join(old, 'b.sqlite') })).close();
    await (await record({ path: join(old, 'pinned.rscope') })).close();
    await writeFile(join(old, 'a.sqlite.notes'), '{}');
    await writeFile(join(old, 'foreign.sqlite'), 'not ours, '.repeat(20));
    const past = new Date(Date.now() - 1000 * 3600 * 1000);
    await utimes(join(old, 'a.sqlite'), past, past);
    for (const name of ['foreign.sqlite', 'pinned.rscope']) await utimes(join(old, name), past, past);
    const isKept = async (path: string): Promise<boolean> => path.endsWith('pinned.rscope');
    const cleaned = await removeOldRecordings(old, { nowMs: Date.now(), ageMsMax: 3600_000, isKept });
    assert.deepEqual(cleaned, { removed: [join(old, 'a.sqlite')], failed: [] });
    assert.deepEqual((await readdir(old)).toSorted(), ['b.sqlite', 'foreign.sqlite', 'pinned.rscope']);
  });
});

describe('when the disk refuses', () => {
  test('a path that cannot be is a typed error that says what to try', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    await assert.rejects(record({ path: join(file, 'r.sqlite') }), withCode('path_unwritable'));
    await assert.rejects(record({ path: join(folder, 'no-such-folder', 'r.sqlite') }), withCode('path_unwritable'));
    await writeFile(join(folder, 'taken.sqlite'), 'precious');
    await assert.rejects(record({ path: join(folder, 'taken.sqlite') }), withCode('path_unwritable'));
    assert.equal(await readFile(join(folder, 'taken.sqlite'), 'utf8'), 'precious');
  });

  test(
    'a folder without permission',
    { skip: process.getuid?.() === 0 ? 'root may write everywhere' : false },
    async () => {
      const locked = join(folder, 'locked');
      await mkdir(locked);
      await chmod(locked, 0o500);
      await assert.rejects(record({ path: join(locked, 'r.sqlite') }), withCode('path_unwritable'));
    },
  );

  test('a disk that is full from the start leaves no empty file in the way', () => {
    const path = freshPath();
    const options = { path, run: recordedRun, startedAt: 0, recorder: 't', sizeBytesMax: 1e9, mode: 'create' } as const;
    assert.throws(
      () => new RecordingWriter({ ...options, failures: { pagesMax: 2 } })[Symbol.dispose](),
      withCode('disk_full'),
    );
    assert.equal(existsSync(path), false);
    new RecordingWriter(options)[Symbol.dispose]();
    assert.equal(existsSync(path), true);
    assert.throws(() => new RecordingWriter(options), withCode('path_unwritable'));
    assert.equal(existsSync(path), true, 'the recording that was there stays');
  });

  test('a full disk loses rows, says so, and keeps what was recorded', async () => {
    const states: RecordingStats[] = [];
    const recorder = await record({ failures: { pagesMax: 40 }, onState: (stats) => states.push(stats) });
    for (let from = 1; from <= 5000; from += 100) {
      fill(recorder, from, from + 99);
      await recorder.flush();
    }
    const { packets, droppedPackets, state } = recorder.stats();
    assert.equal(state, 'failing');
    assert.equal(packets + droppedPackets, 5000);
    assert.ok(packets > 0 && droppedPackets > 0);
    assert.match(states[0]?.note ?? '', /full.*free space/);
    assert.equal((await recorder.queryPackets({ ...everything, filter: '' })).rows.length, packets);
    await recorder.close();
    await using opened = await openRecording(recorder.path, { entry });
    assert.equal((await opened.info()).packets, packets);
  });

  test('whichever commit fails, only its rows are lost and the recording goes on', () => {
    for (let failing = 1; failing <= 5; failing++) {
      const path = freshPath();
      using writer = new RecordingWriter({
        path,
        run: recordedRun,
        startedAt: 0,
        recorder: 't',
        sizeBytesMax: 1e9,
        mode: 'create',
        failures: { commits: [failing] },
      });
      for (let batch = 1; batch <= 5; batch++) {
        const packets = Array.from({ length: 10 }, (_, i) => packetOf(batch * 10 + i));
        const write = (): void => writer.write({ events: [], packets, lost: nothingLost });
        if (batch === failing) assert.throws(write, withCode('disk_full'));
        else write();
      }
      using reader = new RecordingReader(path, unhurried);
      const kept = reader.queryPackets(everything).rows.map(({ id }) => Math.floor(id / 10));
      assert.deepEqual(
        [...new Set(kept)].toSorted((a, b) => a - b),
        [1, 2, 3, 4, 5].filter((batch) => batch !== failing),
      );
    }
  });

  test('a failure that passes is over with the next batch, and the loss stays counted', async () => {
    const states: string[] = [];
    const recorder = await record({ failures: { commits: [2] }, onState: ({ state }) => states.push(state) });
    for (let batch = 0; batch < 4; batch++) {
      fill(recorder, batch * 10 + 1, batch * 10 + 10);
      await recorder.flush();
    }
    await recorder.close();
    assert.deepEqual(states, ['failing', 'recording', 'recorded']);
    assert.deepEqual([recorder.stats().packets, recorder.stats().droppedPackets], [30, 10]);
  });

  test('a recorder that crashes is started again; what it held is lost and counted', async () => {
    const states: string[] = [];
    const recorder = await record({ failures: { crashAt: 2 }, onState: ({ state }) => states.push(state) });
    fill(recorder, 1, 10);
    await recorder.flush();
    fill(recorder, 11, 20);
    await recorder.flush();
    fill(recorder, 21, 30);
    await recorder.flush();
    const { rows } = await recorder.queryPackets(everything);
    assert.deepEqual(
      rows.map(({ id }) => Math.ceil(id / 10)).filter((batch, i, all) => all.indexOf(batch) === i),
      [3, 1],
    );
    assert.deepEqual([recorder.stats().packets, recorder.stats().droppedPackets], [20, 10]);
    await recorder.close();
    assert.deepEqual(states, ['failing', 'recording', 'recorded']);
  });

  test('what is no recording is refused by name', async () => {
    const garbage = join(folder, 'garbage.sqlite');
    await writeFile(garbage, 'x'.repeat(5000));
    await assert.rejects(openRecording(garbage, { entry }), withCode('recording_invalid'));
    const foreign = join(folder, 'foreign-db.sqlite');
    new DatabaseSync(foreign).exec('CREATE TABLE t (x)');
    assert.throws(() => new RecordingReader(foreign, unhurried), withCode('recording_invalid'));
    assert.throws(() => new RecordingReader(join(folder, 'nothing.sqlite'), unhurried), withCode('path_unwritable'));
  });
});

describe('a recorder that is killed', () => {
  test('SIGKILL at any moment leaves a recording that opens, whole up to some packet', async () => {
    const random = seededRandom('kill moments');
    let recorded = 0;
    const child = fileURLToPath(new URL('../../../../test/support/recorded/recording-child.ts', import.meta.url));
    for (let i = 0; i < 4; i++) {
      const path = freshPath();
      const recording = fork(child, [path]);
      // The first one dies while it begins; the others once so many batches are on disk, however slow the machine.
      let words = i === 0 ? 1 : 2 + random.int(12);
      await new Promise<void>((resolve) => recording.on('message', () => --words === 0 && resolve()));
      const exited = new Promise((resolve) => recording.once('exit', resolve));
      recording.kill('SIGKILL');
      await exited;
      using opened = new RecordingReader(path, unhurried);
      const { rows } = opened.queryPackets(everything);
      const info = opened.info();
      recorded += rows.length;
      assert.equal(info.ended, null);
      assert.match(info.ending, rows.length === 0 ? /Nothing/ : /killed/);
      // Bodies and events of a batch are there when its packets are.
      assert.deepEqual(
        rows.map(({ id }) => id),
        Array.from({ length: rows.length }, (_, k) => (rows[0]?.id ?? 0) - k),
      );
      const newest = rows[0];
      if (newest !== undefined) assert.equal(opened.packetDetail(newest.id)?.header, packetOf(newest.id).header);
      using db = new DatabaseSync(path, { readOnly: true });
      assert.equal(Object.values(db.prepare('PRAGMA integrity_check').get() ?? {})[0], 'ok');
    }
    assert.ok(recorded > 0, 'each was killed before it had recorded anything');
  });
});

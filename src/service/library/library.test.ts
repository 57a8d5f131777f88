import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { entryPath } from '#engine/host/entries.ts';
import { openRecording } from '#engine/recorder/reading/open-recording.ts';
import { removeOldRecordings } from '#engine/recorder/reading/old-recordings.ts';
import { recordSession } from '#test/support/recorded/recording-file.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { Library } from './library.ts';
import { recordedRun } from './recorded-runs.ts';
import { RecordingImports } from './recording-imports.ts';
import { isKept } from './recording-notes.ts';
import type { WrittenRecording } from './written-recordings.ts';

const entry = entryPath('recorder-worker');
const rounds = 3;
const root = mkdtempSync(join(tmpdir(), 'roundscope-library-'));
const whole = join(root, 'whole.rscope');
before(() => recordSession(whole, { rounds, stallInRound: 2 }));
after(() => rmSync(root, { recursive: true, force: true }));

const openToRead = (path: string) => openRecording(path, { entry });
const filesIn = (folder: string): string[] => readdirSync(folder);

const withCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof RoundscopeError && error.code === code;

describe('the library', () => {
  afterEach(() => library[Symbol.asyncDispose]());
  let dataFolder: string;
  let clock: VirtualClock;
  let library: Library;
  let written: Map<string, WrittenRecording>;
  const path = (name: string, folder = 'recordings'): string => join(dataFolder, folder, name);
  const add = (name: string, folder = 'recordings'): string => {
    mkdirSync(join(dataFolder, folder), { recursive: true });
    copyFileSync(whole, path(name, folder));
    return path(name, folder);
  };
  beforeEach(() => {
    dataFolder = mkdtempSync(join(root, 'data-'));
    clock = new VirtualClock();
    written = new Map();
    library = new Library({ dataFolder, clock, entry, openToRead, written: async () => written });
  });

  test('it lists what its folders hold with what each tells of its run, and says why a file cannot be read', async () => {
    const first = add('2026-01-01-run.rscope');
    const older = add('older.sqlite', 'saved');
    writeFileSync(path('foreign.rscope'), 'no recording, but of some length; '.repeat(100));
    writeFileSync(path('notes.txt'), 'something else');
    const list = await library.whole();
    assert.deepEqual(new Set(list.recordings.map((one) => one.path)), new Set([first, older]));
    const view = recordedView(1e6, { rounds, stallInRound: 2 });
    const [one] = list.recordings;
    assert.deepEqual(
      [one?.participants, one?.verdicts, one?.status, one?.roundsCompleted],
      [
        view.participants.length,
        view.verdicts.length,
        view.status,
        view.rounds.filter(({ state }) => state === 'done').length,
      ],
    );
    assert.equal(one?.firstVerdicts[0]?.sentence, view.verdicts[0]?.sentence);
    assert.deepEqual(
      list.unreadable.map((file) => [basename(file.path), file.error.code]),
      [['foreign.rscope', 'recording_invalid']],
    );
    assert.deepEqual([list.reading, list.left], [0, 0]);
  });

  test('a list does not wait: what has yet to be read is counted, and read again only when it has changed', async () => {
    add('a.rscope');
    const before = await library.list();
    assert.deepEqual([before.recordings.length, before.reading], [0, 1]);
    const [one] = (await library.whole()).recordings;
    assert.ok(one !== undefined);
    const [again] = (await library.list()).recordings;
    assert.equal(again?.firstVerdicts, one.firstVerdicts, 'the same object: not read again');
    utimesSync(one.path, new Date(1e12), new Date(1e12));
    const [since] = (await library.whole()).recordings;
    assert.notEqual(since?.firstVerdicts, one.firstVerdicts);
  });

  test('a run that goes on here is told by the run, not by its file', async () => {
    const recording = add('now.rscope');
    const view = { ...recordedView(1e6, { rounds }), name: 'goes on', endedAt: null };
    written.set(recording, { run: recordedRun(view), goesOn: true });
    const [one] = (await library.list()).recordings;
    assert.deepEqual([one?.name, one?.goesOn, one?.status], ['goes on', true, null]);
    await assert.rejects(library.delete(recording), withCode('recording_kept'));
  });

  test('a name, a note and a pin are kept beside the recording, which stays as it was', async () => {
    const recording = add('a.rscope');
    const bytes = readFileSync(recording);
    await library.annotate({ path: recording, name: 'lecture 3', pinned: true });
    await library.annotate({ path: recording, note: 'start at round 4' });
    const [one] = (await library.whole()).recordings;
    assert.deepEqual(one?.notes, { name: 'lecture 3', note: 'start at round 4', pinned: true });
    assert.deepEqual(readFileSync(recording), bytes);
    await library.annotate({ path: recording, name: '', note: '', pinned: false });
    assert.ok(!existsSync(`${recording}.notes`), 'nothing is left of notes that say nothing');
  });

  test('a pinned recording, and one whose notes cannot be read, outlive their age', async () => {
    const [pinned, odd, plain] = [add('pinned.rscope'), add('odd.rscope'), add('plain.rscope')];
    await library.annotate({ path: pinned, pinned: true });
    writeFileSync(`${odd}.notes`, '{"pinned": tr');
    for (const file of [pinned, odd, plain]) utimesSync(file, new Date(1e12), new Date(1e12));
    const cleaned = await removeOldRecordings(join(dataFolder, 'recordings'), { nowMs: Date.now(), isKept });
    assert.deepEqual(cleaned, { removed: [plain], failed: [] });
    const list = await library.whole();
    const found = list.recordings.find((one) => one.path === odd);
    assert.match(found?.notesFault ?? '', /odd\.rscope\.notes cannot be read/);
    await assert.rejects(library.annotate({ path: odd, note: 'x' }), /cannot be read/);
    await assert.rejects(library.delete(odd), withCode('recording_kept'));
    await assert.rejects(library.delete(pinned), withCode('recording_kept'));
    assert.equal(readFileSync(`${odd}.notes`, 'utf8'), '{"pinned": tr');
  });

  test('notes beyond any that are written are not read into memory', async () => {
    const recording = add('a.rscope');
    writeFileSync(`${recording}.notes`, JSON.stringify({ note: 'x'.repeat(1_000_000) }));
    const [one] = (await library.whole()).recordings;
    assert.match(one?.notesFault ?? '', /cannot be read/);
    assert.deepEqual(one?.notes, { name: '', note: '', pinned: false });
  });

  test('what was deleted comes back with all that lay beside it, for half a minute', async () => {
    const recording = add('a.rscope');
    await library.annotate({ path: recording, note: 'keep me' });
    writeFileSync(`${recording}-wal`, 'rows');
    await library.whole();
    const { id } = await library.delete(recording);
    const after = await library.list();
    assert.deepEqual([after.recordings.length, after.deleted.map((one) => one.id)], [0, [id]]);
    assert.equal(await library.restore(id), recording);
    assert.equal(readFileSync(`${recording}-wal`, 'utf8'), 'rows');
    assert.equal((await library.whole()).recordings[0]?.notes.note, 'keep me');
    rmSync(`${recording}-wal`);
    const again = await library.delete(recording);
    await clock.advance(timing.deletedRecordingMs);
    await assert.rejects(library.restore(again.id), withCode('recording_gone'));
    assert.ok(!existsSync(recording));
  });

  test('it is not put back over another file of its name', async () => {
    const recording = add('a.rscope');
    const { id } = await library.delete(recording);
    writeFileSync(recording, 'another');
    await assert.rejects(library.restore(id), withCode('path_unwritable'));
    assert.equal(readFileSync(recording, 'utf8'), 'another');
    rmSync(recording);
    assert.equal(await library.restore(id), recording);
  });

  test('what a process that ended left deleted goes later, and not sooner', async () => {
    const recording = add('a.rscope');
    await library.delete(recording);
    await using other = new Library({ dataFolder, clock, entry, openToRead, written: async () => written });
    await other.list();
    const aside = join(dataFolder, 'deleted', `${clock.wallMs() + timing.deletedRecordingMs}-a.rscope`);
    assert.ok(existsSync(join(aside, 'a.rscope')));
    await library[Symbol.asyncDispose]();
    await clock.advance(3 * timing.deletedRecordingMs);
    await other.list();
    assert.deepEqual([existsSync(recording), existsSync(aside)], [false, false]);
  });

  test('no path outside of the library is changed, whatever a window names', async () => {
    const outside = join(root, 'whole.rscope');
    add('a.rscope');
    for (const named of [outside, path('../../whole.rscope'), path('..'), path('nothing.rscope'), '/etc/passwd']) {
      await assert.rejects(library.delete(named), withCode('request_invalid'), named);
      await assert.rejects(library.annotate({ path: named, pinned: true }), withCode('request_invalid'), named);
    }
    assert.ok(existsSync(outside));
  });
});

describe('a recording that comes from elsewhere', () => {
  const bytes = () => new Uint8Array(readFileSync(whole));
  const piecesOf = (all: Uint8Array<ArrayBuffer>, pieceBytes = 10_000) =>
    Array.from({ length: Math.ceil(all.byteLength / pieceBytes) }, (_, i) => ({
      offset: i * pieceBytes,
      bytes: all.subarray(i * pieceBytes, (i + 1) * pieceBytes),
    }));
  const send = async (
    imports: RecordingImports,
    all: Uint8Array<ArrayBuffer>,
    name: string,
  ): Promise<string | null> => {
    let path: string | null = null;
    for (const piece of piecesOf(all))
      path = await imports.take({ transfer: 'transfer-1', name, sizeBytes: all.byteLength, ...piece });
    return path;
  };

  test('it is in the library once it is whole, under a name of its own', async () => {
    const dataFolder = mkdtempSync(join(root, 'data-'));
    await using imports = new RecordingImports(join(dataFolder, 'imported'), openToRead);
    const first = await send(imports, bytes(), '../../evil\u0000name.rscope');
    const second = await send(imports, bytes(), '../../evil\u0000name.rscope');
    assert.deepEqual(
      [first, second].map((path) => path?.slice(dataFolder.length)),
      ['/imported/-..-evil-name.rscope', '/imported/-..-evil-name-2.rscope'],
    );
    assert.deepEqual(new Uint8Array(readFileSync(first ?? '')), bytes());
  });

  test('nothing is left of what is no recording, comes in another order, or is more than was said', async () => {
    const dataFolder = mkdtempSync(join(root, 'data-'));
    await using imports = new RecordingImports(join(dataFolder, 'imported'), openToRead);
    const foreign = new Uint8Array(Buffer.from('no recording, but of some length; '.repeat(1000)));
    await assert.rejects(send(imports, foreign, 'a.rscope'), withCode('recording_invalid'));
    const piece = { transfer: 'transfer-2', name: 'b.rscope', sizeBytes: 100, bytes: new Uint8Array(60) };
    assert.equal(await imports.take({ ...piece, offset: 0 }), null);
    await assert.rejects(imports.take({ ...piece, offset: 50 }), withCode('request_invalid'));
    assert.equal(await imports.take({ ...piece, offset: 0 }), null);
    await assert.rejects(imports.take({ ...piece, offset: 60 }), withCode('request_invalid'));
    for (let i = 0; i < 20; i++)
      assert.equal(await imports.take({ ...piece, transfer: `transfer-${i + 10}`, offset: 0 }), null);
    assert.ok(filesIn(join(dataFolder, 'imported')).length <= 8, 'those that never came to an end are let go');
    await imports[Symbol.asyncDispose]();
    assert.deepEqual(filesIn(join(dataFolder, 'imported')), []);
  });
});

test('more recordings than a library takes are counted', async () => {
  const dataFolder = mkdtempSync(join(root, 'data-'));
  mkdirSync(join(dataFolder, 'recordings'), { recursive: true });
  for (let i = 0; i < limits.libraryRecordingsMax + 3; i++)
    writeFileSync(join(dataFolder, 'recordings', `${String(i).padStart(5, '0')}.rscope`), '');
  await using library = new Library({
    dataFolder,
    clock: new VirtualClock(),
    entry,
    openToRead,
    written: async () => new Map(),
  });
  const list = await library.list();
  assert.deepEqual([list.left, list.reading], [3, limits.libraryRecordingsMax]);
});

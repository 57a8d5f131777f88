import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { entryPath } from '#engine/host/entries.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { makeEndless } from '#test/support/page/endless-tree.ts';
import { nothingLost, packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { ReadingThread } from './reading-thread.ts';
import { RecordingWriter } from '../writing/writer.ts';

/** On rows without end it is answered by nothing but the end of its time, which is a minute. */
const endless = { filter: 'round == 77777', beforeId: 0, limit: 10 };
const quick = { filter: '', beforeId: 0, limit: 1 };

const isOverruled = (error: unknown): boolean => error instanceof RoundscopeError && error.code === 'not_now';

describe('of the questions of one asker the newest counts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-thread-'));
  const path = join(folder, 'endless.rscope');
  before(() => {
    {
      using writer = new RecordingWriter({
        path,
        run: recordedRun,
        startedAt: 0,
        recorder: 'test',
        sizeBytesMax: 1e9,
        mode: 'create',
      });
      const packets = Array.from({ length: 200 }, (_, i) => packetOf(i + 1));
      writer.write({ events: [], packets, lost: nothingLost });
    }
    makeEndless(path, 'packets');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('one that is being answered is left for it', async () => {
    await using thread = await ReadingThread.open(entryPath('recorder-worker'), path);
    const asker = {};
    const first = thread.askAnew(asker, 'queryPackets', endless);
    const left = assert.rejects(first, isOverruled);
    // So that the thread is at work with it.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await thread.askAnew(asker, 'queryPackets', quick)).rows.length, 1);
    await left;
  });

  test('those that wait are left too, and nobody else is', async () => {
    await using thread = await ReadingThread.open(entryPath('recorder-worker'), path);
    const [busy, other] = [{}, {}];
    const left = assert.rejects(thread.askAnew(busy, 'queryPackets', endless), isOverruled);
    const early = assert.rejects(thread.askAnew(other, 'queryPackets', quick), isOverruled);
    const plain = thread.ask('queryPackets', quick);
    const late = thread.askAnew(other, 'queryPackets', quick);
    await early;
    assert.equal((await thread.askAnew(busy, 'queryPackets', quick)).rows.length, 1);
    await left;
    assert.deepEqual([(await plain).rows.length, (await late).rows.length], [1, 1]);
  });
});

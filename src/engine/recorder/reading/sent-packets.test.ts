import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { emptyTally, joinTallies } from '#shared/run-view/sent-tally.ts';
import { nothingLost, packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { RecordingWriter } from '../writing/writer.ts';
import { RecordingReader } from './reader.ts';

describe('what a process has sent, out of its recording', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-sent-'));
  const path = join(folder, 'r.rscope');
  let reader: RecordingReader;
  const rows = 25_000;
  before(() => {
    const options = {
      path,
      run: recordedRun,
      startedAt: 0,
      recorder: 'test',
      sizeBytesMax: 1e9,
      mode: 'create',
    } as const;
    using writer = new RecordingWriter(options);
    const packets = Array.from({ length: rows }, (_, i) => ({
      ...packetOf(i + 1),
      source: i % 5 === 0 ? 'lab-9' : 'lab-1',
      side: i % 2 === 0 ? ('sent' as const) : ('received' as const),
      status: 'ok' as const,
      kind: i === 0 || i === 2 ? 'model_update' : 'chunk',
      messageId: 'm-1',
      header: '{"t":"chunk","transfer":"m-1","offset":0,"index":1,"count":1}',
      sizeBytes: 10,
    }));
    writer.write({ events: [], packets, lost: nothingLost });
    reader = new RecordingReader(path, { clock: systemClock, ms: 60_000 });
  });
  after(() => {
    reader[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('comes in parts that make the whole, of that process and that direction alone', () => {
    let tally = emptyTally;
    let parts = 0;
    for (let afterId = 0, more = true; more; parts++) {
      const part = reader.sent({ source: 'lab-1', afterId });
      assert.equal(part.from, afterId);
      tally = joinTallies(tally, part.tally);
      ({ upTo: afterId, more } = part);
    }
    const own = Array.from({ length: rows }, (_, i) => i).filter((i) => i % 2 === 0 && i % 5 !== 0).length;
    assert.ok(parts > 1);
    assert.equal(tally.frames, own);
    // A piece in a later part than its message belongs to it all the same.
    assert.deepEqual(
      tally.kinds.map(({ kind, frames, bytes }) => [kind, frames, bytes]),
      [['model_update', 1, own * 10]],
    );
  });

  test('ends before a packet, and after the last there is nothing', () => {
    const { tally, upTo, more } = reader.sent({ source: 'lab-1', afterId: 0, beforeId: 8 });
    assert.deepEqual([tally.frames, upTo, more], [3, 7, false]);
    const none = reader.sent({ source: 'lab-1', afterId: rows });
    assert.deepEqual([none.tally, none.upTo, none.more], [emptyTally, rows, false]);
  });
});

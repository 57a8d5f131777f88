import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { makeOlder } from '#test/support/older-recording.ts';
import { nothingLost, packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { RecordingReader } from './reader.ts';
import { RecordingWriter } from '../writing/writer.ts';

const unhurried = { clock: systemClock, ms: 60_000 };
const filters = [
  '',
  'protocol == quic',
  'protocol != QUIC',
  'kind in (model_update, chunk) && size > 50kB',
  'kind ~ Model',
  'participant == node-2 || round >= 4',
  '!(participant == node-2) && direction == up',
  'duration > 20ms',
  'duration != 20ms',
  '!(duration > 20ms)',
  'gap > 15ms',
  '!(gap > 15ms)',
  'gap >= 0ms',
  'gap < 0ms',
  'gap != 15ms',
  '!(gap == 15ms)',
  'time > 00:00:00',
  'text ~ unlucky',
  'unlucky number',
  'message == m-1f',
  'reply_to ~ m-',
  'chunk == 2/9',
  'status == duplicate and side == received',
  'body <= 1KiB',
  'stream == 7',
  'note_is_no_field',
  'quic',
  'quinn timeout',
  'from == node-2',
  'to == coordinator && from != node-2',
  'from ~ NODE',
  'packet in (3, 7)',
  'participant == node-*',
  'participant != node-?',
  'participant !~ "2"',
  'kind contains MODEL',
  'kind ~ /^(ack|chunk)$/ && !(participant ~ /[13]$/)',
  'text ~ /unlucky|m-1f$/',
  'text !~ /unlucky/',
  'round 2..3',
  'round in (1, 4..)',
  'gap 15ms..20ms',
  'gap ..20ms',
  'time == 2023-11-14T22:13:22Z',
  'time > "2023-11-14 22:13:22.5Z"',
  'time 2023-11-01..2023-11-30',
  'text ~ "ok\u001funlucky"',
  'text ~ "okunlucky"',
  'text ~ "%"',
  'text ~ "\'; DROP TABLE packets"',
];

describe('filters as SQL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roundscope-filter-'));
  const path = join(folder, 'r.sqlite');
  const packets = Array.from({ length: 500 }, (_, i) => packetOf(i + 1));
  let reader: RecordingReader;

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
    writer.write({ events: [], packets, lost: nothingLost });
    reader = new RecordingReader(path, unhurried);
  });
  after(() => {
    reader[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const filter of filters) {
    test(`the same packets as in memory: ${filter === '' ? '(none)' : filter}`, () => {
      const parsed = parseFilter(filter);
      const page = reader.queryPackets({ filter, beforeId: 0, limit: 5000 });
      if (!parsed.ok) return void assert.equal(page.filterError, parsed.error.message);
      const expected = packets.filter((packet) => matchesFilter(parsed.value, packet));
      assert.deepEqual(
        page.rows.map(({ id }) => id),
        expected.map(({ id }) => id).toReversed(),
      );
    });
  }

  test('a recording of format 1: a clock that was set back is no silence, and what it did not count is not known', () => {
    const old = join(folder, 'format-1.sqlite');
    const options = {
      path: old,
      run: recordedRun,
      startedAt: 0,
      recorder: 'test',
      sizeBytesMax: 1e9,
      mode: 'create',
    } as const;
    {
      using writer = new RecordingWriter(options);
      writer.write({ events: [], packets: packets.slice(0, 50), lost: { ...nothingLost, packets: 7 } });
    }
    makeOlder(old, 1, 'UPDATE packets SET gap_ms = -5000 WHERE id = 20');
    using opened = new RecordingReader(old, unhurried);
    const { droppedPackets, malformedRows, cutBodies } = opened.info();
    assert.deepEqual([droppedPackets, malformedRows, cutBodies], [7, null, null]);
    const rows = opened.queryPackets({ filter: '', beforeId: 0, limit: 100 }).rows;
    assert.equal(rows.find(({ id }) => id === 20)?.gapMs, 0);
    for (const filter of ['gap < 0ms', 'gap >= 0ms', 'gap == 0ms', 'gap != 0ms', '!(gap < 1ms)']) {
      const parsed = parseFilter(filter);
      assert.ok(parsed.ok);
      assert.deepEqual(
        opened.queryPackets({ filter, beforeId: 0, limit: 100 }).rows.map(({ id }) => id),
        rows.filter((row) => matchesFilter(parsed.value, row)).map(({ id }) => id),
        filter,
      );
    }
    const copy = join(folder, 'copy.sqlite');
    opened.saveCopy(copy, { minutes: 60 });
    using copied = new RecordingReader(copy, unhurried);
    assert.equal(copied.info().droppedPackets, 7);
    assert.equal(copied.queryPackets({ filter: 'gap == 0ms', beforeId: 0, limit: 100 }).rows.length > 0, true);
  });

  test('a span of time and a page apply beside the filter', () => {
    const page = reader.queryPackets({
      filter: 'protocol == mqtt',
      beforeId: 400,
      limit: 3,
      fromAt: packetOf(100).at,
      toAt: packetOf(300).at,
    });
    assert.deepEqual(
      page.rows.map(({ id }) => id),
      [300, 295, 290],
    );
    assert.equal(page.more, true);
  });
});

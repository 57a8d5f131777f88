import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { nothingLost, packetOf, recordedRun } from '#test/support/recorded-rows.ts';
import { RecordingReader } from './reader.ts';
import { RecordingWriter } from './writer.ts';

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
    reader = new RecordingReader(path);
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

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import type { PacketTally } from '#shared/contract/app/tally.ts';
import { isCut } from '#shared/contract/packet.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { nothingLost, packetOf, recordedRun } from '#test/support/recorded/recorded-rows.ts';
import { makeOlder } from '#test/support/older-recording.ts';
import { PacketQueries } from './packet-queries.ts';
import { PacketTallies, type TallyQuery } from './packet-tally.ts';
import { RecordingReader } from './reading/reader.ts';
import { RecordingWriter } from './writing/writer.ts';

/** Asked for until all is counted. */
function tallied(reader: RecordingReader, query: TallyQuery): PacketTally {
  for (;;) {
    const tally = reader.tallyPackets(query);
    if (tally.complete) return tally;
  }
}

const limit = { clock: systemClock, ms: 60_000 };
const folder = mkdtempSync(join(tmpdir(), 'roundscope-plans-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const packets = Array.from({ length: 20_000 }, (_, i) =>
  packetOf(i + 1, {
    ...(i % 500 === 0 ? { status: 'timeout', gapMs: 1000 + i } : {}),
    ...(i % 700 === 0 ? { gapMs: 1000 } : {}),
  }),
);

function recorded(name: string): string {
  const path = join(folder, name);
  using writer = new RecordingWriter({
    path,
    run: recordedRun,
    startedAt: 0,
    recorder: 'test',
    sizeBytesMax: 1e9,
    mode: 'create',
  });
  writer.write({ events: [], packets, lost: nothingLost });
  return path;
}

/** Ten questions of people, and how SQLite goes about the first piece of each. */
const questions: readonly (readonly [filter: string, plan: RegExp])[] = [
  [
    'status == timeout',
    /SEARCH packets USING (COVERING )?INDEX packets_status \(status=\? AND rowid>\? AND rowid<\?\)/,
  ],
  ['status in (timeout, aborted) && kind == chunk', /USING INDEX packets_status \(status=\?/],
  ['kind == chunk && gap > 5s', /SEARCH packets USING (COVERING )?INDEX packets_silence \(id>\? AND id<\?\)/],
  ['gap >= 1s', /SEARCH packets USING (COVERING )?INDEX packets_silence \(id>\? AND id<\?\)/],
  [
    'participant == node-2 && round == 7',
    /USING (COVERING )?INDEX packets_participant \(participant=\? AND id>\? AND id<\?\)/,
  ],
  ['message == m-1f', /USING (COVERING )?INDEX packets_message \(message_id=\? AND rowid>\? AND rowid<\?\)/],
  ['kind == heartbeat', /USING (COVERING )?INDEX packets_kind \(kind=\? AND rowid>\? AND rowid<\?\)/],
  ['KIND == Heartbeat && size > 50kB', /USING INDEX packets_kind \(kind=\? AND rowid>\? AND rowid<\?\)/],
  ['text ~ unlucky', /SEARCH packets USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/],
  ['', /SEARCH packets USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/],
];
/** Filters that look like these and must not be answered by an index that lacks their rows. */
const unlike = [
  'status == ok',
  'status in (ok, timeout)',
  'status != timeout',
  'gap > 999ms',
  'gap == 1s',
  'gap < 2s',
  '!(gap > 5s)',
  '!(status == timeout)',
  'message == ""',
  'status == timeout || kind == chunk',
  'status == timeout || gap > 2s',
];

describe('questions to packets', () => {
  const path = recorded('plans.rscope');

  for (const [filter, plan] of questions) {
    test(`an index answers: ${filter === '' ? '(the newest)' : filter}`, () => {
      using db = new DatabaseSync(path, { readOnly: true });
      db.function('in_time', (_id) => 1);
      const plans: string[] = [];
      const table = {
        hasIndices: true,
        limit,
        begin: () => undefined,
        goOn: () => undefined,
        each: <T>(
          sql: string,
          parameters: readonly (string | number)[],
          read: (row: Record<string, never>) => T | null,
        ) => {
          const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
          plans.push(rows.map((row) => String(row['detail'])).join('; '));
          const found = db.prepare(sql).all(...parameters) as Record<string, never>[];
          return found.flatMap((row) => read(row) ?? []);
        },
      };
      const queries = new PacketQueries(table);
      queries.page({ filter, beforeId: 0, limit: 10 });
      assert.match(plans.at(-1) ?? '', plan);
      // Several values are several places of an index: those of one piece are put in order.
      const bad = filter.includes(' in ') ? /SCAN packets/ : /TEMP B-TREE|SCAN packets/;
      assert.doesNotMatch(plans.at(-1) ?? '', bad);
      queries.count({ filter, beforeId: 0 });
      assert.match(plans.at(-1) ?? '', plan);
    });
  }

  test('a span of time is found by its index', () => {
    using reader = new RecordingReader(path, limit);
    const span = { fromAt: packetOf(5000).at, toAt: packetOf(5099).at };
    assert.deepEqual(
      reader.queryPackets({ filter: '', beforeId: 0, limit: 1000, ...span }).rows.map(({ id }) => id),
      Array.from({ length: 100 }, (_, i) => 5099 - i),
    );
    using db = new DatabaseSync(path, { readOnly: true });
    const [row] = db
      .prepare(
        'EXPLAIN QUERY PLAN SELECT min(id), max(id) FROM packets INDEXED BY packets_at WHERE at >= ? AND at <= ?',
      )
      .all(1, 2);
    assert.match(String(row?.['detail']), /SEARCH packets USING COVERING INDEX packets_at/);
  });

  test('a long recording is tallied over several answers, the newest rows first, and rows that come meanwhile count', () => {
    let nowMs = 0;
    using db = new DatabaseSync(path, { readOnly: true });
    db.function('in_time', (_id) => 1);
    let hidden = 100;
    const tallies = new PacketTallies({
      hasIndices: true,
      // Each piece takes 30 ms of this clock, so that an answer has a few.
      limit: { clock: { monotonicMs: () => nowMs } },
      begin: () => undefined,
      goOn: () => void (nowMs += 30),
      each: (sql, parameters, read) => {
        const rows = db.prepare(sql.replaceAll('max(id)', `max(id) - ${hidden}`)).all(...parameters);
        return rows.flatMap((row) => read(row) ?? []);
      },
    });
    const ask = (): PacketTally => tallies.ask({ filter: '', beforeId: 0, bars: { to: 0, count: 1000 } });
    const first = ask();
    assert.deepEqual([first.complete, first.count > 0 && first.count < 19_900], [false, true]);
    const shown = first.bars?.bins.filter(({ counts }) => counts.some((count) => count > 0)) ?? [];
    assert.ok((shown[0]?.at ?? 0) > packetOf(1000).at, 'the oldest come last');
    hidden = 0;
    let asked = 1;
    for (let now = first; !now.complete; asked++) {
      const before = now.count;
      now = ask();
      assert.ok(now.count > before);
      if (now.complete) assert.equal(now.count, 20_000);
    }
    assert.ok(asked >= 2);
  });

  for (const version of [3, 2] as const) {
    test(`format ${version}: pages, counts and histograms agree with each other and with the filter in memory`, () => {
      const file = version === 3 ? path : recorded('older.rscope');
      if (version === 2) makeOlder(file, version);
      using reader = new RecordingReader(file, limit);
      for (const filter of [...questions.map(([one]) => one), ...unlike]) {
        const parsed = parseFilter(filter);
        assert.ok(parsed.ok, filter);
        const expected = packets.filter((packet) => matchesFilter(parsed.value, packet)).map(({ id }) => id);
        assert.equal(reader.countPackets({ filter, beforeId: 0 }).count, expected.length, filter);
        const paged: number[] = [];
        for (let beforeId = 0; ;) {
          const { rows, more } = reader.queryPackets({ filter, beforeId, limit: 3000 });
          paged.push(...rows.map(({ id }) => id));
          beforeId = rows.at(-1)?.id ?? 0;
          if (!more) break;
        }
        assert.deepEqual(paged, expected.toReversed(), filter);
        const all = { fromAt: packetOf(1).at, toAt: packetOf(20_000).at };
        const { count, cut, bars } = tallied(reader, { filter, beforeId: 0, bars: { to: all.toAt, count: 7 } });
        assert.equal(count, expected.length, filter);
        const counted = bars?.bins.flatMap(({ counts }) => counts).reduce((sum, n) => sum + n, 0);
        assert.equal(counted, expected.length, filter);
        const cuts = packets.filter((packet) => isCut(packet) && matchesFilter(parsed.value, packet)).length;
        assert.deepEqual([cut, bars?.bins.reduce((sum, bin) => sum + bin.cut, 0)], [cuts, cuts], filter);
        const half = { fromAt: packetOf(5000).at, toAt: packetOf(15_000).at };
        const within = expected.filter((id) => id >= 5000 && id <= 15_000);
        assert.equal(tallied(reader, { filter, ...half, beforeId: 0 }).count, within.length, filter);
        // Of a moment in the past, then of the present again.
        const until = expected.filter((id) => id < 9000).length;
        assert.equal(tallied(reader, { filter, beforeId: 9000 }).count, until, filter);
        assert.equal(tallied(reader, { filter, beforeId: 0 }).count, expected.length, filter);
      }
    });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '#shared/contract/limits.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import { packetRow } from '#shared/filter/filter-samples.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';
import { PacketLog } from '#renderer/session/recordings/packet-log.ts';
import { PacketIndex } from './packet-index.ts';

function filterOf(text: string) {
  const parsed = parseFilter(text);
  assert.ok(parsed.ok);
  return parsed.value;
}
const rows = (from: number, count: number): PacketRow[] =>
  Array.from({ length: count }, (_, i) =>
    packetRow({
      id: from + i,
      at: (from + i) * 10,
      round: (from + i) % 5,
      bodyBytes: (from + i) % 3 === 0 ? 5000 : 10,
    }),
  );

function shownIds(index: PacketIndex, log: PacketLog): number[] {
  const held = log.snapshot();
  return Array.from(
    { length: index.shownCount },
    (_, i) => held.at((index.placeAt(i) as number) - held.first)?.id ?? -1,
  );
}

test('a filter sees new rows only, whatever the batches and however much fell out of memory', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 40 }),
      (batches, budget) => {
        const log = new PacketLog(50);
        const index = new PacketIndex(50);
        index.setFilter(filterOf('round == 2'));
        let id = 1;
        for (const size of batches) {
          log.add(rows(id, size), 0);
          id += size;
          while (!index.advance(log.snapshot(), Infinity, budget)) continue;
          const held = log.snapshot();
          const expected = Array.from({ length: held.length }, (_, i) => held.at(i) as PacketRow).filter(
            (row) => row.round === 2,
          );
          assert.deepEqual(
            shownIds(index, log),
            expected.map((row) => row.id),
          );
          assert.equal(index.matchCount, expected.length);
          assert.equal(index.shownCuts, expected.filter((row) => row.bodyBytes > 4096).length);
        }
      },
    ),
  );
});

test('a time range narrows what is shown, not what matches', () => {
  const log = new PacketLog(100);
  const index = new PacketIndex(100);
  log.add(rows(1, 40), 0);
  index.advance(log.snapshot(), Infinity, 100);
  index.setRange({ from: 100, to: 140 }, log.snapshot());
  log.add(rows(41, 10), 0);
  index.advance(log.snapshot(), Infinity, 100);
  assert.deepEqual(shownIds(index, log), [10, 11, 12, 13, 14]);
  assert.equal(index.matchCount, 50);
  index.setRange(null, log.snapshot());
  assert.equal(index.shownCount, 50);
});

test('paused: nothing past the end is looked at, until it is', () => {
  const log = new PacketLog(100);
  const index = new PacketIndex(100);
  log.add(rows(1, 10), 0);
  index.advance(log.snapshot(), 10, 100);
  log.add(rows(11, 10), 0);
  index.advance(log.snapshot(), 10, 100);
  assert.equal(index.shownCount, 10);
  index.advance(log.snapshot(), Infinity, 100);
  assert.equal(index.shownCount, 20);
});

test('a new run begins from nothing', () => {
  const log = new PacketLog(100);
  const index = new PacketIndex(100);
  log.add(rows(1, 10), 0);
  index.advance(log.snapshot(), Infinity, 100);
  log.reset([], 0);
  log.add(rows(1000, 12), 0);
  index.advance(log.snapshot(), Infinity, 100);
  assert.deepEqual(
    shownIds(index, log),
    rows(1000, 12).map((row) => row.id),
  );
});

test('finds a row by its place', () => {
  const log = new PacketLog(100);
  const index = new PacketIndex(100);
  index.setFilter(filterOf('round == 2'));
  log.add(rows(1, 40), 0);
  index.advance(log.snapshot(), Infinity, 100);
  assert.equal(index.indexOfPlace(0), -1);
  assert.equal(index.indexOfPlace(1), 0);
  assert.equal(index.indexOfPlace(5), 0);
  assert.equal(index.indexOfPlace(6), 1);
});

test('holds as many rows as the limits say without losing its place', () => {
  const log = new PacketLog(limits.packetRowsMax);
  const index = new PacketIndex(limits.packetRowsMax);
  for (let id = 1; id <= 300_000; id += 50_000) {
    log.add(rows(id, 50_000), 0);
    index.advance(log.snapshot(), Infinity, Infinity);
  }
  assert.equal(index.shownCount, limits.packetRowsMax);
  assert.equal(index.shownDropped, 200_000);
  assert.equal(index.placeAt(0), 200_000);
});

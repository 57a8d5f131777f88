import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PacketRow } from '#shared/contract/packet.ts';
import { packetRow } from '#shared/filter/filter-samples.ts';
import type { LossView } from '#shared/run-view/run-view.ts';
import { withLosses } from './loss-rows.ts';

const loss = (afterPacket: number, over: Partial<LossView> = {}): LossView => ({
  process: 'coordinator',
  kind: 'packets',
  reason: 'queue_full',
  count: 3,
  from: afterPacket * 10 + 1,
  to: afterPacket * 10 + 9,
  at: afterPacket * 10 + 10,
  afterPacket,
  ...over,
});

function rowsOf(ids: readonly number[]) {
  const rows: readonly PacketRow[] = ids.map((id) => packetRow({ id, at: id * 10 }));
  return { count: rows.length, at: (index: number) => rows[index] };
}

/** The table as it is drawn: ids of packets, and `after 7` for a loss. */
function drawn(ids: readonly number[], losses: readonly LossView[], oldestId = ids[0] ?? 0, range = null as never) {
  const rows = withLosses(rowsOf(ids), losses, { oldestId, range });
  return Array.from({ length: rows.count }, (_, i) => {
    const there = rows.lossAt(i);
    return there === undefined ? rows.at(i)?.id : `after ${there.afterPacket}`;
  });
}

describe('rows that tell of lost packets', () => {
  test('stand between the packets before and after, whatever the filter leaves of these', () => {
    assert.deepEqual(drawn([1, 2, 3, 4], [loss(2)]), [1, 2, 'after 2', 3, 4]);
    assert.deepEqual(drawn([1, 4], [loss(2)], 1), [1, 'after 2', 4]);
    assert.deepEqual(drawn([], [loss(2), loss(9)], 1), ['after 2', 'after 9']);
    assert.deepEqual(drawn([1, 2], [loss(0), loss(2)]), ['after 0', 1, 2, 'after 2']);
  });

  test('several at one place, told in any order', () => {
    assert.deepEqual(drawn([1, 2, 3], [loss(3), loss(1), loss(1, { process: 'node-1' })]), [
      1,
      'after 1',
      'after 1',
      2,
      3,
      'after 3',
    ]);
  });

  test('events are none of them', () => {
    assert.deepEqual(drawn([1, 2], [loss(1, { kind: 'events' })]), [1, 2]);
  });

  test('before the oldest packet here they belong to packets that are not here', () => {
    assert.deepEqual(drawn([11, 12], [loss(3), loss(10), loss(11)]), ['after 10', 11, 'after 11', 12]);
    assert.equal(withLosses(rowsOf([11, 12]), [loss(3), loss(10)], { oldestId: 11, range: null }).before, 1);
  });

  test('a span of time leaves those that overlap it', () => {
    const range = { from: 25, to: 45 } as never;
    assert.deepEqual(drawn([3, 4], [loss(1), loss(2), loss(4), loss(5)], 1, range), ['after 2', 3, 4, 'after 4']);
  });

  test('every packet is found where it is drawn, and no place is empty', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 30 });
    const places = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 10 });
    fc.assert(
      fc.property(ids, places, (some, after) => {
        const sorted = some.toSorted((a, b) => a - b);
        const rows = withLosses(
          rowsOf(sorted),
          after.map((id) => loss(id)),
          { oldestId: 0, range: null },
        );
        assert.equal(rows.count, sorted.length + after.length);
        for (const [i, id] of sorted.entries()) assert.equal(rows.at(rows.indexOf(i))?.id, id);
        let last = 0;
        for (let i = 0; i < rows.count; i++) {
          const [packet, lost] = [rows.at(i), rows.lossAt(i)];
          assert.equal((packet === undefined) !== (lost === undefined), true);
          const place = packet?.id ?? (lost?.afterPacket ?? 0) + 0.5;
          assert.ok(place >= last);
          last = place;
        }
      }),
    );
  });
});

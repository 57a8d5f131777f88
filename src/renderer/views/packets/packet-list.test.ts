import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import type { LossView } from '#shared/run-view/run-view.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import { everything } from '#shared/filter/filter-expression.ts';
import { packetRow } from '#shared/filter/filter-samples.ts';
import { PacketLog } from '#renderer/session/recordings/packet-log.ts';
import type { Session } from '../../session/session.ts';
import { move } from './packet-commands.ts';
import { PacketListStore } from './packet-list.ts';

const rows = (from: number, count: number): PacketRow[] =>
  Array.from({ length: count }, (_, i) => packetRow({ id: from + i, bodyBytes: 1 }));

/** As much of a session as the list uses; frames come when the test says so. */
function bench(held: number) {
  const log = new PacketLog(limits.packetRowsMax);
  log.add(rows(1001, held), 0);
  const asked: unknown[] = [];
  let losses: readonly LossView[] = [];
  let tell: () => void = () => undefined;
  const session = {
    packets: () => log.snapshot(),
    subscribePackets: () => () => undefined,
    subscribe: (listener: () => void) => ((tell = listener), () => undefined),
    state: () => ({ packetsRecorded: held + 1000, view: { losses } }),
    request: (_name: string, params: { readonly beforeId: number; readonly limit: number }) => {
      asked.push(params);
      const from = Math.max(1, params.beforeId - params.limit);
      return Promise.resolve({
        rows: rows(from, params.beforeId - from).toReversed(),
        more: from > 1,
        filterError: null,
      });
    },
  } as unknown as Session;
  const frames: (() => void)[] = [];
  globalThis.requestAnimationFrame = (callback) => frames.push(() => callback(0));
  globalThis.cancelAnimationFrame = () => undefined;
  const store = new PacketListStore(session);
  const settle = (): void => {
    for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) frame();
  };
  const lose = (...afterPackets: readonly number[]): void => {
    const loss = {
      process: 'coordinator',
      kind: 'packets',
      reason: 'queue_full',
      count: 9,
      from: 0,
      to: 1,
      at: 2,
    } as const;
    losses = afterPackets.map((afterPacket) => ({ ...loss, afterPacket }));
    tell();
  };
  return { log, store, settle, asked, lose };
}

test('a row keeps its meaning while the ring moves on under a list that is still drawn', () => {
  const { log, store, settle } = bench(limits.packetRowsMax);
  store.setFilter(everything, '');
  settle();
  const list = store.list();
  const id = list.at(50_000)?.id;
  log.add(rows(1001 + limits.packetRowsMax, 500), 0);
  assert.equal(list.at(50_000)?.id, id);
  assert.equal(list.indexOfId(id ?? 0), 50_000);
  assert.equal(list.at(0), undefined, 'fell out');
});

test('older rows come before those held, and the place of the reader moves along', async () => {
  const { store, settle, asked } = bench(100);
  store.setFilter(everything, '');
  settle();
  const before = store.list();
  assert.equal(before.notHeld, 1000);
  await store.loadOlder();
  const after = store.list();
  assert.deepEqual(asked, [{ filter: '', beforeId: 1001, limit: 1000 }]);
  assert.equal(after.count, 1100);
  assert.equal(after.at(0)?.id, 1);
  assert.equal(after.at(1000)?.id, 1001);
  assert.equal(after.shift, before.shift - 1000);
  assert.equal(after.older.kind, 'complete');
});

test('a pause holds the rows and counts what comes', () => {
  const { log, store, settle } = bench(10);
  store.setFilter(everything, '');
  settle();
  store.setPaused(true);
  log.add(rows(2000, 7), 0);
  store.setPaused(true);
  assert.equal(store.list().count, 17, 'pausing again starts again');
  log.add(rows(3000, 5), 0);
  store.setFilter(everything, '');
  settle();
  assert.deepEqual([store.list().count, store.list().arrived], [17, 5]);
  store.setPaused(false);
  settle();
  assert.deepEqual([store.list().count, store.list().arrived], [22, 0]);
});

test('what was lost has a row, from the first look on, and a pause holds these rows too', async () => {
  const { store, settle, lose } = bench(10);
  lose(1003, 500);
  store.setFilter(everything, '');
  store.subscribe(() => undefined);
  settle();
  const list = store.list();
  assert.deepEqual([list.count, list.rowCount, list.losses], [10, 11, [3]]);
  assert.deepEqual([list.at(3), list.lossAt(3)?.afterPacket, list.at(4)?.id], [undefined, 1003, 1004]);
  assert.deepEqual([list.indexOfId(1003), list.indexOfId(1004), list.indexOfId(7)], [2, 4, -1]);
  store.setPaused(true);
  lose(1003, 500, 1010);
  assert.equal(store.list().rowCount, 11);
  store.setPaused(false);
  assert.equal(store.list().rowCount, 12);
  const before = store.list();
  await store.loadOlder();
  const after = store.list();
  assert.deepEqual([after.count, after.losses], [1010, [500, 1004, 1012]]);
  assert.equal(after.shift - before.shift, -1001, 'the reader stays where he is');
});

test('keys walk over rows that tell of losses', () => {
  const { store, settle, lose } = bench(3);
  lose(1000, 1001, 1003);
  store.setFilter(everything, '');
  store.subscribe(() => undefined);
  settle();
  const list = store.list();
  const walk = (from: number, step: number): number | null => {
    let to: number | null = null;
    move(list, from < 0 ? -1 : list.indexOfId(from), step, (id) => (to = id));
    return to;
  };
  assert.deepEqual([walk(-1, 0), walk(1001, 1), walk(1002, -1), walk(1003, 1)], [1003, 1002, 1001, null]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PacketRow } from '#shared/contract/packet.ts';
import { PacketLog } from './packet-log.ts';

const rows = (from: number, count: number): PacketRow[] =>
  Array.from({ length: count }, (_, i) => ({ id: from + i }) as PacketRow);
const ids = (log: PacketLog): number[] => {
  const packets = log.snapshot();
  return Array.from({ length: packets.length }, (_, i) => packets.at(i)?.id ?? -1);
};

test('a full ring drops the oldest, counts them, and keeps the names of the rest', () => {
  const log = new PacketLog(5);
  log.add(rows(1, 4), 0);
  log.add(rows(5, 3), 2);
  assert.deepEqual(ids(log), [3, 4, 5, 6, 7]);
  const packets = log.snapshot();
  assert.equal(packets.dropped, 2);
  assert.equal(packets.skipped, 2);
  assert.equal(packets.first, 2);
  assert.equal(packets.at(5), undefined);
  assert.equal(packets.at(-1), undefined);
});

test('a snapshot is the same object until something is added', () => {
  const log = new PacketLog(5);
  const before = log.snapshot();
  log.add([], 0);
  assert.equal(log.snapshot(), before);
  log.add(rows(1, 1), 0);
  assert.notEqual(log.snapshot(), before);
});

test('a reset keeps the newest and knows how many are only in the recording', () => {
  const log = new PacketLog(3);
  log.reset(rows(96, 5), 100);
  assert.deepEqual(ids(log), [98, 99, 100]);
  assert.equal(log.snapshot().first, 97);
  log.add(rows(101, 1), 0);
  assert.deepEqual(ids(log), [99, 100, 101]);
});

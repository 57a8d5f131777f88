import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#engine/host/system-clock.ts';
import { MemoryNetwork } from '#engine/transport/memory/memory-network.ts';
import { limits } from '#shared/contract/limits.ts';
import { Churn, heapAlive } from '#test/support/churn.ts';

/** What is remembered of one that has left takes a few hundred bytes; a link that is held takes ten times as much. */
const bytesPerJoinMax = 2000;

test('hundreds who join and leave cost their coordinator next to nothing', async () => {
  const network = new MemoryNetwork(systemClock);
  await using churn = await Churn.open({ make: () => network });
  await churn.pass(150);
  const before = await heapAlive();
  await churn.pass(500);
  const grown = ((await heapAlive()) - before) / 500;
  assert.equal(churn.welcomed, 650);
  // A line for each key, of which eight came again under other names.
  assert.deepEqual(churn.acceptor.held, { links: [], ended: 8, greeting: 0 });
  assert.equal(network.openSessions, 0);
  assert.ok(grown < bytesPerJoinMax, `${Math.round(grown)} bytes for each`);
});

test('who has left makes room in the view for who comes', async () => {
  const network = new MemoryNetwork(systemClock);
  await using churn = await Churn.open({ make: () => network, watched: true });
  const joins = limits.participantsMax + 30;
  await churn.pass(joins, 1);
  const participants = churn.watcher?.view.participants ?? [];
  assert.equal(participants.length, limits.participantsMax);
  assert.equal(churn.welcomed, joins);
  const names = new Set<string>(participants.map(({ id }) => id));
  assert.ok(names.has(`p-${joins - 1}`), 'the newest is there');
  assert.ok(!names.has('p-0'), 'who left first has gone');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { DeliveryQueue } from './delivery-queue.ts';

test('what is due first is done first, what is due together in its order, all with one timer', async () => {
  const clock = new VirtualClock();
  using queue = new DeliveryQueue(clock);
  const random = seededRandom('queue');
  const done: { due: number; at: number; serial: number }[] = [];
  for (let serial = 0; serial < 500; serial++) {
    const due = 1 + random.int(50);
    queue.at(due, () => done.push({ due, at: clock.monotonicMs(), serial }));
    assert.ok(clock.pendingTimers <= 1, 'one timer');
  }
  await clock.advance(60);
  assert.equal(done.length, 500);
  assert.ok(done.every(({ due, at }) => at === due));
  assert.deepEqual(
    done,
    done.toSorted((a, b) => a.due - b.due || a.serial - b.serial),
  );
  assert.equal(clock.pendingTimers, 0);
});

test('what is due is done at once when nothing is ahead of it, and behind what is', async () => {
  const clock = new VirtualClock();
  using queue = new DeliveryQueue(clock);
  const done: string[] = [];
  queue.at(0, () => done.push('at once'));
  assert.deepEqual(done, ['at once']);
  queue.at(10, () => done.push('later'));
  queue.at(0, () => done.push('now'));
  await clock.advance(10);
  assert.deepEqual(done, ['at once', 'now', 'later']);
});

test('disposed it does nothing more and holds no timer', async () => {
  const clock = new VirtualClock();
  const queue = new DeliveryQueue(clock);
  queue.at(5, () => assert.fail('too late'));
  queue[Symbol.dispose]();
  await clock.advance(10);
  assert.equal(clock.pendingTimers, 0);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { IncomingRoom, type Place } from './incoming-room.ts';

interface Told {
  readonly granted: string[];
  readonly evicted: string[];
}

function roomOf(max: number): {
  readonly clock: VirtualClock;
  readonly room: IncomingRoom;
  readonly told: Told;
  readonly claim: (name: string, bytes: number) => Place;
} {
  const clock = new VirtualClock();
  const room = new IncomingRoom({ clock, max });
  const told: Told = { granted: [], evicted: [] };
  const claim = (name: string, bytes: number): Place =>
    room.claim({
      bytes,
      onGranted: () => void told.granted.push(name),
      onEvicted: (reason) => void told.evicted.push(`${name}: ${reason}`),
    });
  return { clock, room, told, claim };
}

describe('the room for payloads', () => {
  test('what fits comes at once, what does not waits in order, and a small one passes nobody', () => {
    const { room, told, claim } = roomOf(100);
    const a = claim('a', 60);
    const b = claim('b', 50);
    const c = claim('c', 10);
    assert.deepEqual([a.granted, b.granted, c.granted], [true, false, false]);
    a[Symbol.dispose]();
    assert.deepEqual(told.granted, ['b', 'c']);
    assert.deepEqual([b.granted, c.granted, room.figures.takenBytes], [true, true, 60]);
    b[Symbol.dispose]();
    b[Symbol.dispose]();
    c[Symbol.dispose]();
    assert.deepEqual(room.figures, { takenBytes: 0, maxBytes: 100, transfers: 0, waiting: 0, waited: 2, evicted: 0 });
  });

  test('one that is larger than the room comes alone', () => {
    const { told, claim } = roomOf(100);
    const small = claim('small', 1);
    const large = claim('large', 1000);
    const next = claim('next', 1);
    assert.deepEqual([large.granted, next.granted], [false, false]);
    small[Symbol.dispose]();
    assert.deepEqual(told.granted, ['large']);
    large[Symbol.dispose]();
    assert.deepEqual(told.granted, ['large', 'next']);
  });

  test('one that waits and is given up is not waited for', () => {
    const { told, claim } = roomOf(100);
    const first = claim('first', 100);
    const second = claim('second', 100);
    claim('third', 100);
    second[Symbol.dispose]();
    first[Symbol.dispose]();
    assert.deepEqual(told.granted, ['third']);
  });

  test('a transfer that does not move goes once somebody waits, and not before', async () => {
    const { clock, room, told, claim } = roomOf(100);
    claim('still', 100);
    await clock.advance(120_000);
    assert.deepEqual(told.evicted, []);
    claim('next', 100);
    await clock.advance(1_500);
    assert.match(told.evicted.join(), /^still: others wait for room in memory, and it has not moved for 12\d s$/);
    assert.deepEqual(told.granted, ['next']);
    assert.equal(room.figures.evicted, 1);
    // Nobody waits any more: no timer is left, and the next one has all the time that it takes.
    await clock.advance(120_000);
    assert.equal(told.evicted.length, 1);
  });

  test('a trickle goes, one that is merely slow stays, and so does what is whole and waits for its reader', async () => {
    const { clock, told, claim } = roomOf(300);
    const trickle = claim('trickle', 100);
    const slow = claim('slow', 100);
    const whole = claim('whole', 100);
    whole.whole();
    claim('next', 100);
    for (let second = 0; second < 30; second++) {
      if (!told.evicted.join().includes('trickle')) trickle.moved(1);
      slow.moved(5000);
      await clock.advance(1_000);
    }
    assert.match(
      told.evicted.join(),
      /^trickle: others wait for room in memory, and it moves less than 4 KiB a second$/,
    );
    assert.deepEqual(told.granted, ['next']);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { networkFigures, type NetworkConditions, type NetworkFigures } from '#shared/contract/run/network.ts';
import { Way } from './way.ts';

function conditions(change: Partial<NetworkFigures>, outage: NetworkConditions['outage'] = 'none'): NetworkConditions {
  return { preset: 'none', figures: { ...networkFigures.none, ...change }, outage };
}

function way(change: Partial<NetworkFigures>, seed = 1): Way {
  const made = new Way(seededRandom(seed));
  made.set(conditions(change), 0);
  return made;
}

/** `count` datagrams of `bytes`, one every `everyMs`; when each comes out, null when it does not. */
function send(
  on: Way,
  { count, bytes = 1200, everyMs = 10 }: { count: number; bytes?: number; everyMs?: number },
): (number | null)[] {
  return Array.from({ length: count }, (_, i) => on.datagram(bytes, i * everyMs).at);
}

/** The same, each out before the next comes in. */
function sendOneByOne(on: Way, { count, bytes }: { count: number; bytes: number }): (number | null)[] {
  return Array.from({ length: count }, (_, i) => {
    const { at } = on.datagram(bytes, i);
    if (at !== null) on.release(bytes, 0);
    return at;
  });
}

describe('one way of a network', () => {
  test('without figures everything comes out at once', () => {
    assert.deepEqual(send(way({}), { count: 3 }), [0, 10, 20]);
  });

  test('latency alone moves everything by the same', () => {
    assert.deepEqual(send(way({ latencyMs: 100 }), { count: 3 }), [100, 110, 120]);
  });

  test('the seed decides what is lost, and the figures only how much of it', () => {
    const lostAt = (lossPercent: number, seed = 7): number[] =>
      send(way({ lossPercent }, seed), { count: 10_000 }).flatMap((at, i) => (at === null ? [i] : []));
    const [one, ten] = [lostAt(1), lostAt(10)];
    assert.equal(one.length, 117);
    assert.deepEqual(one.slice(0, 4), [56, 95, 104, 121]);
    assert.deepEqual(lostAt(1), one, 'the same seed loses the same');
    assert.notDeepEqual(lostAt(1, 8), one);
    assert.ok(
      one.every((i) => ten.includes(i)),
      'what is lost at 1 % is lost at 10 %, too',
    );
    assert.equal(ten.length, 1006);
  });

  test('a datagram of many Ethernet frames is lost with any of them', () => {
    const sent = sendOneByOne(way({ lossPercent: 1 }), { count: 10_000, bytes: 63_000 });
    const large = sent.filter((at) => at === null).length;
    // 1 - 0.99^43 = 35.1 %, and four standard deviations of a binomial.
    assert.ok(Math.abs(large / 10_000 - 0.351) < 4 * Math.sqrt((0.351 * 0.649) / 10_000), `${large}`);
  });

  test('jitter stays within its bounds, keeps the order and reaches both ends', () => {
    const delays = send(way({ latencyMs: 100, jitterMs: 30 }), { count: 5000, everyMs: 100 }).map(
      (at, i) => (at as number) - i * 100,
    );
    assert.ok(delays.every((ms) => ms >= 70 && ms <= 130));
    assert.ok(Math.min(...delays) < 71 && Math.max(...delays) > 129);
    const mean = delays.reduce((sum, ms) => sum + ms) / delays.length;
    assert.ok(Math.abs(mean - 100) < 4 * (60 / Math.sqrt(12) / Math.sqrt(5000)), `${mean}`);
    const close = send(way({ latencyMs: 100, jitterMs: 30 }), { count: 1000, everyMs: 1 }) as number[];
    assert.deepEqual(
      close,
      close.toSorted((a, b) => a - b),
    );
  });

  test('bandwidth spaces packets by the time that each takes, and the tail of a full queue is dropped', () => {
    // 2000 kbit/s are 250 bytes a ms: 1000 bytes take 4 ms.
    const narrow = way({ bandwidthKbps: 2000 });
    const out = send(narrow, { count: 200, bytes: 1000, everyMs: 0 });
    // 400 ms of 250 bytes are 100,000 bytes.
    assert.deepEqual(out.slice(0, 3), [4, 8, 12]);
    assert.equal(out.filter((at) => at !== null).length, 100);
    assert.equal(out.lastIndexOf(400), 99);
    assert.equal(narrow.counts.overflowed, 100);
    assert.equal(narrow.heldBytes, 100_000);
    assert.equal(narrow.datagram(1000, 400).at, 404, 'the queue has run empty by then');
  });

  test('a slow link takes one largest datagram all the same', () => {
    assert.notEqual(way({ bandwidthKbps: 64 }).datagram(65_000, 0).at, null);
  });

  test('reordered packets are overtaken, the others stay in order', () => {
    const out = send(way({ latencyMs: 40, reorderPercent: 10 }), { count: 1000, everyMs: 1 }) as number[];
    const late = out.filter((at, i) => at > i + 40);
    assert.equal(late.length, 118);
    assert.ok(out.every((at, i) => at === i + 40 || at === i + 50));
  });

  test('in an outage everything is swallowed and counted', () => {
    const cut = way({ latencyMs: 10 });
    cut.set(conditions({ latencyMs: 10 }, 'blackhole'), 0);
    assert.deepEqual(send(cut, { count: 3 }), [null, null, null]);
    assert.deepEqual([cut.counts.swallowed, cut.counts.lost, cut.heldBytes], [3, 0, 0]);
    cut.set(conditions({}), 50);
    assert.equal(cut.datagram(100, 50).at, 50);
  });

  test('what waits goes at the new rate when the rate changes', () => {
    const changed = way({ bandwidthKbps: 800 });
    for (let i = 0; i < 10; i++) changed.datagram(1000, 0);
    assert.equal(changed.backlogBytes(0), 10_000);
    changed.set(conditions({ bandwidthKbps: 8000 }), 0);
    assert.equal(changed.backlogBytes(0), 10_000);
    assert.equal(changed.datagram(1000, 0).at, 100, 'not before what went ahead at the old rate');
    assert.equal(changed.datagram(1000, 200).at, 201);
  });
});

describe('properties, over 200 random networks each', () => {
  test('nothing comes out before it could, more than it went in, or faster than the link', () => {
    const random = seededRandom('networks');
    for (let n = 0; n < 200; n++) {
      const figures: NetworkFigures = {
        latencyMs: random.int(300),
        jitterMs: random.int(100),
        lossPercent: random.int(20),
        bandwidthKbps: random.int(3) === 0 ? 0 : 100 + random.int(50_000),
        reorderPercent: random.int(3) === 0 ? random.int(30) : 0,
      };
      const tried = way(figures, n);
      let now = 0;
      let deliveredBytes = 0;
      let last = 0;
      let released = 0;
      for (let i = 0; i < 200; i++) {
        now += random.next() * 20;
        const bytes = 1 + random.int(60_000);
        const outcome = tried.datagram(bytes, now);
        if (outcome.at === null) continue;
        const sendingMs = figures.bandwidthKbps === 0 ? 0 : (bytes * 8) / figures.bandwidthKbps;
        const least = now + sendingMs + Math.max(0, figures.latencyMs - figures.jitterMs);
        assert.ok(outcome.at >= least - 1e-6, `${JSON.stringify(figures)}: ${outcome.at} before ${least}`);
        deliveredBytes += bytes;
        last = Math.max(last, outcome.at);
        released++;
      }
      const { packets, lost, overflowed, swallowed } = tried.counts;
      assert.equal(packets, 200);
      assert.equal(released + lost + overflowed + swallowed, 200, 'each has one outcome');
      assert.equal(tried.heldBytes, deliveredBytes);
      if (figures.bandwidthKbps > 0)
        assert.ok(deliveredBytes <= (last * figures.bandwidthKbps) / 8 + 1e-6, 'no faster than the link');
    }
  });
});

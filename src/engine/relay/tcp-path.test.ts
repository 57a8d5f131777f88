import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '#shared/base/random.ts';
import { networkFigures, type NetworkFigures } from '#shared/contract/run/network.ts';
import { TcpPath } from './tcp-path.ts';
import { Way } from './way.ts';

const segment = 1448;

function path(change: Partial<NetworkFigures>, seed = 1): { readonly path: TcpPath; readonly there: Way } {
  const random = seededRandom(seed);
  const [there, back] = [new Way(random.fork('there')), new Way(random.fork('back'))];
  const conditions = { preset: 'none', figures: { ...networkFigures.none, ...change }, outage: 'none' } as const;
  there.set(conditions, 0);
  back.set(conditions, 0);
  return { path: new TcpPath({ there, back }, random.fork('path')), there };
}

/** A sender that always has more: bytes a second over so many segments, each sent as soon as the one before is scheduled. */
function rate(change: Partial<NetworkFigures>, segments: number, seed = 1): number {
  const { path: tried } = path(change, seed);
  let at = 0;
  for (let i = 0; i < segments; i++) at = tried.send(segment, 0).at;
  return (segments * segment) / (at / 1000);
}

describe('what TCP makes of a network', () => {
  test('without figures bytes come out at once', () => {
    assert.deepEqual(path({}).path.send(5000, 3), { at: 3, retransmitted: 0 });
  });

  test('a handshake takes a round trip, and seconds when its packets are lost', () => {
    assert.equal(path({ latencyMs: 100 }).path.handshakeMs(), 200);
    const { path: lossy } = path({ latencyMs: 100, lossPercent: 20 });
    const times = Array.from({ length: 2000 }, () => lossy.handshakeMs());
    assert.deepEqual([...new Set(times)].toSorted((a, b) => a - b).slice(0, 4), [200, 1200, 3200, 7200]);
    const first = times.filter((ms) => ms === 200).length / 2000;
    assert.ok(Math.abs(first - 0.64) < 4 * Math.sqrt((0.64 * 0.36) / 2000), `${first}`);
  });

  test('slow start doubles what is under way each round trip', () => {
    const { path: tried } = path({ latencyMs: 50 });
    const trips: number[] = [];
    for (let i = 0; i < 10 + 20 + 40 + 80; i++) {
      const trip = Math.floor((tried.send(segment, 0).at - 50) / 100);
      trips[trip] = (trips[trip] ?? 0) + 1;
    }
    assert.deepEqual(trips, [10, 20, 40, 80]);
  });

  test('loss bounds the rate as Mathis et al. say', () => {
    for (const [latencyMs, lossPercent] of [
      [50, 1],
      [100, 1],
      [100, 4],
    ] as const) {
      const expected = ((segment * Math.sqrt(1.5)) / Math.sqrt(lossPercent / 100)) * (1000 / (2 * latencyMs));
      const measured = rate({ latencyMs, lossPercent }, 20_000);
      // Below it: windows are whole segments, and timeouts come on top.
      assert.ok(
        measured < expected && measured > 0.6 * expected,
        `${latencyMs} ms, ${lossPercent} %: ${measured} of ${expected}`,
      );
    }
  });

  test('bandwidth bounds the rate where loss does not', () => {
    const measured = rate({ latencyMs: 5, bandwidthKbps: 2000 }, 5000);
    assert.ok(Math.abs(measured - 250_000) < 2500, `${measured}`);
  });

  test('a small message whose segment is lost waits for the timeout, others for the latency', () => {
    const { path: tried, there } = path({ latencyMs: 20, lossPercent: 5 });
    let now = 0;
    const delays: number[] = [];
    let again = 0;
    for (let i = 0; i < 1000; i++) {
      now += 5000;
      const { at, retransmitted } = tried.send(200, now);
      delays.push(at - now);
      again += retransmitted;
      there.release(200, null);
    }
    assert.deepEqual([...new Set(delays)].toSorted((a, b) => a - b).slice(0, 2), [20, 220]);
    const late = delays.filter((ms) => ms > 20).length;
    assert.ok(Math.abs(late / 1000 - 0.05) < 4 * Math.sqrt((0.05 * 0.95) / 1000), `${late}`);
    assert.ok(again >= late);
  });

  test('bytes never overtake each other, whatever the network', () => {
    const random = seededRandom('paths');
    for (let n = 0; n < 100; n++) {
      const { path: tried } = path(
        {
          latencyMs: random.int(300),
          jitterMs: random.int(100),
          lossPercent: random.int(10),
          bandwidthKbps: random.int(2) * 5000,
        },
        n,
      );
      let [now, last] = [0, 0];
      for (let i = 0; i < 200; i++) {
        now += random.next() * 50;
        const { at } = tried.send(1 + random.int(20_000), now);
        assert.ok(at >= last && at >= now);
        last = at;
      }
    }
  });
});

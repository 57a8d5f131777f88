import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventData } from '#shared/contract/events.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { LinkObserver } from './link-observer.ts';

type Stats = Pick<EventData<'link_stats'>, 'protocol' | 'rttMs' | 'counters'>;
type State = Parameters<LinkObserver['state']>[0];

/** Figures as quinn gave them in a demo: once a second, totals of the session. */
function quinn(rttMs: number, sent: number, lost: number): Stats {
  const counters = [
    { name: 'udpTxDatagrams', value: sent - 1 },
    { name: 'pathRtt', value: 0 },
    { name: 'pathCwnd', value: 12_000 },
    { name: 'pathLostPackets', value: lost },
    { name: 'pathSentPackets', value: sent },
  ];
  return { protocol: 'quic', rttMs, counters };
}

function ready(stack: State['stack'], fallback?: string): State {
  return {
    side: 'participant',
    state: 'ready',
    reason: 'connected',
    stack,
    ...(fallback === undefined ? {} : { fallback }),
  };
}

describe('conditions from a link', () => {
  test('before anything was seen nothing is claimed', () => {
    assert.deepEqual(new LinkObserver(new VirtualClock()).conditions(1000), {
      udp: null,
      rttMs: null,
      lossRatio: null,
      bandwidthBytesPerS: null,
      payloadBytes: 1000,
      battery: null,
      cpuLoad: null,
      mobility: null,
    });
  });

  test('round trip: the shortest of late; those of the protocol before do not count', () => {
    const observer = new LinkObserver(new VirtualClock());
    for (const rttMs of [98, 13, 144, 19]) observer.stats(quinn(rttMs, 10, 0));
    assert.equal(observer.conditions(0).rttMs, 13);
    observer.stats({ protocol: 'mqtt', rttMs: 40, counters: [] });
    assert.equal(observer.conditions(0).rttMs, 40);
  });

  test('loss: lost of sent packets, the latest weighing most; few packets say nothing; a new session counts again', () => {
    const observer = new LinkObserver(new VirtualClock());
    observer.stats(quinn(40, 150, 3));
    assert.equal(observer.conditions(0).lossRatio, null);
    observer.stats(quinn(40, 1150, 23));
    assert.ok(Math.abs((observer.conditions(0).lossRatio ?? 0) - 0.02) < 0.001);
    observer.stats(quinn(40, 1000, 50));
    const mixed = observer.conditions(0).lossRatio ?? 0;
    assert.ok(mixed > 0.03 && mixed < 0.05, String(mixed));
  });

  test('loss is known for half an hour after QUIC was left, then no more', async () => {
    const clock = new VirtualClock();
    const observer = new LinkObserver(clock);
    observer.stats(quinn(40, 1000, 20));
    observer.stats({ protocol: 'mqtt', rttMs: 40, counters: [] });
    assert.equal(observer.conditions(0).lossRatio, 0.02);
    await clock.advance(31 * 60_000);
    assert.equal(observer.conditions(0).lossRatio, null);
  });

  test('bandwidth: what the path held up, not what loss did', () => {
    const observer = new LinkObserver(new VirtualClock());
    observer.stats(quinn(100, 10_000, 100));
    // 1 % loss at 100 ms allows some 180 KB/s: this transfer got all of it, so the path may carry more.
    observer.transferred('quic', 1e6, 5.5);
    assert.equal(observer.conditions(0).bandwidthBytesPerS, null);
    observer.transferred('quic', 1e6, 25);
    assert.equal(observer.conditions(0).bandwidthBytesPerS, 1e6 / 5.5);
  });

  test('bandwidth: DDS takes all it can get, and small payloads say nothing', () => {
    const observer = new LinkObserver(new VirtualClock());
    observer.transferred('dds', 1000, 0.0001);
    assert.equal(observer.conditions(0).bandwidthBytesPerS, null);
    observer.transferred('dds', 10e6, 1);
    assert.equal(observer.conditions(0).bandwidthBytesPerS, 10e6);
  });

  test('UDP: open where QUIC or DDS got through, blocked where QUIC fell back to TCP for want of an answer', () => {
    const observer = new LinkObserver(new VirtualClock());
    observer.state(ready('mqtt.js'));
    assert.equal(observer.conditions(0).udp, null);
    observer.state(ready('quinn'));
    assert.equal(observer.conditions(0).udp, 'open');
    observer.state(ready('webtransport-h2', 'UDP blocked: no answer in 2.5 s; over TCP now'));
    assert.equal(observer.conditions(0).udp, 'blocked');
  });

  test('mobility: two sessions lost within minutes; those that were changed on purpose do not count', async () => {
    const clock = new VirtualClock();
    const observer = new LinkObserver(clock);
    observer.stats(quinn(40, 10, 0));
    const lost = (reason: string): void =>
      observer.state({ side: 'participant', state: 'lost', reason, stack: 'quinn' });
    observer.state({ side: 'participant', state: 'resuming', reason: 'changes to MQTT: faster', stack: 'quinn' });
    lost('clean: a connection per message from now on');
    lost('lost: the session was lost');
    assert.equal(observer.conditions(0).mobility, 'static');
    lost('idle: nothing was heard');
    assert.equal(observer.conditions(0).mobility, 'moving');
    await clock.advance(6 * 60_000);
    assert.equal(observer.conditions(0).mobility, 'static');
  });
});

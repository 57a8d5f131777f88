import assert from 'node:assert/strict';
import { describe, mock, test, type TestContext } from 'node:test';
import type { Clock } from '#shared/base/time/clock.ts';
import type { FromChild } from '#shared/contract/child-messages.ts';
import type { RunEvent } from '#shared/contract/events.ts';
import { asRunId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { packetOf } from '#test/support/recorded/recorded-rows.ts';
import { ProcessReporter, type ReportChannel } from './process-reporter.ts';
import { systemClock } from '../system-clock.ts';

type ReportBatch = Extract<FromChild, { type: 'batch' }>;

/** A service that takes nothing until the test says so. */
class Service implements ReportChannel {
  readonly batches: ReportBatch[] = [];
  gone = false;
  #onAck: (batch: number) => void = () => undefined;

  post(batch: ReportBatch): boolean {
    if (!this.gone) this.batches.push(batch);
    return !this.gone;
  }

  onAck(listener: (batch: number) => void): void {
    this.#onAck = listener;
  }

  take(): void {
    this.#onAck(this.batches.length);
  }

  sum(kind: 'events' | 'packets'): number {
    return this.batches.reduce((sum, batch) => sum + batch[kind].length, 0);
  }
}

function reporting(
  t: TestContext,
  { queueRowsMax, clock = systemClock }: { readonly queueRowsMax?: number; readonly clock?: Clock } = {},
) {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const service = new Service();
  const reporter = new ProcessReporter({
    run: asRunId('r-1'),
    source: 'node-1',
    clock,
    channel: service,
    doing: () => 'testing',
    ...(queueRowsMax === undefined ? {} : { queueRowsMax }),
  });
  const packets = (from: number, to: number): void => {
    for (let id = from; id <= to; id++) reporter.packet(packetOf(id));
  };
  return { service, reporter, packets };
}

describe('what a process tells its service', () => {
  test('the first thing that is told is that the process is there', (t) => {
    const { service, reporter } = reporting(t);
    reporter.event('notice', { level: 'info', text: 'begins' });
    reporter.flush();
    const told = service.batches.flatMap((batch) => batch.events) as RunEvent[];
    assert.deepEqual(
      told.map(({ type }) => type),
      ['process_stats', 'notice'],
    );
    reporter[Symbol.dispose]();
  });

  test('a standstill shows in its report, once, though the measurement of the event loop saw none', (t) => {
    let nowMs = 0;
    const clock: Clock = Object.create(systemClock, { monotonicMs: { value: () => nowMs } });
    const { service, reporter } = reporting(t, { clock });
    const pass = (ms: number, stoodMs = 0): void => {
      nowMs += stoodMs;
      for (let passed = 0; passed < ms; passed += 20) {
        nowMs += 20;
        mock.timers.tick(20);
      }
      service.take();
    };
    pass(1000);
    pass(1000, 4000);
    pass(1000);
    reporter[Symbol.dispose]();
    const events = service.batches.flatMap((batch) => batch.events) as RunEvent[];
    const delays = events.flatMap(({ type, data }) => (type === 'process_stats' ? [data.loopDelayMsMax] : []));
    assert.deepEqual(delays.slice(0, 3), [0, 0, 4000]);
    assert.ok(delays.slice(3).every((ms) => ms < 4000));
  });

  test('a service that takes nothing has a few batches on their way; the rest waits, and comes with its word', (t) => {
    const { service, reporter, packets } = reporting(t);
    packets(1, 10_000);
    reporter.flush();
    assert.equal(service.batches.length, limits.reportBatchesMax);
    for (let ms = 0; ms < 900; ms += 20) mock.timers.tick(20);
    assert.equal(service.batches.length, limits.reportBatchesMax, 'not one more');
    while (service.sum('packets') < 10_000) service.take();
    assert.deepEqual(
      service.batches.map(({ batch, lostPackets }) => [batch, lostPackets]),
      service.batches.map((_, i) => [i + 1, null]),
    );
    reporter[Symbol.dispose]();
  });

  test('a full queue drops the oldest packets and tells it once, at their place; no event is lost with them', (t) => {
    const { service, reporter, packets } = reporting(t, { queueRowsMax: 50 });
    for (let batch = 1; batch <= limits.reportBatchesMax; batch++) {
      packets(batch, batch);
      reporter.flush();
    }
    packets(101, 350);
    for (let n = 0; n < 60; n++) reporter.event('notice', { level: 'info', text: `${n}` });
    reporter.flush();
    assert.equal(service.batches.length, limits.reportBatchesMax);
    service.take();
    const next = service.batches.at(-1);
    assert.equal(next?.lostPackets?.count, 200);
    assert.equal(next.packets.length, 50);
    assert.equal(next.lostEvents?.count, 10, 'told apart');
    packets(1, 1);
    reporter.flush();
    assert.deepEqual([service.batches.at(-1)?.lostPackets, service.batches.at(-1)?.lostEvents], [null, null]);
    reporter[Symbol.dispose]();
  });

  test('what the way to the service cannot keep is counted, and told when it can', (t) => {
    const { service, reporter, packets } = reporting(t);
    service.gone = true;
    packets(1, 30);
    reporter.flush();
    service.gone = false;
    packets(31, 31);
    reporter.flush();
    assert.deepEqual([service.batches.length, service.batches[0]?.lostPackets?.count], [1, 30]);
    reporter[Symbol.dispose]();
  });

  test('a process that ends hands over all that its queues hold, whatever was acknowledged', (t) => {
    const { service, reporter, packets } = reporting(t);
    packets(1, 12_000);
    reporter[Symbol.dispose]();
    assert.equal(service.sum('packets'), 12_000);
    assert.equal(service.sum('events'), 2, 'its first figures and its last');
  });

  test('an acknowledgement of what was never sent is no credit', (t) => {
    const { service, reporter, packets } = reporting(t);
    packets(1, 10_000);
    reporter.flush();
    const onWay = service.batches.length;
    service.batches.length = 0;
    service.batches.push(...Array.from({ length: onWay + 5 }, () => ({}) as ReportBatch));
    service.take();
    assert.equal(service.batches.length, onWay + 5);
    reporter[Symbol.dispose]();
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asRunId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Batch, FromService, Snapshot } from '#shared/contract/app/port-api.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { packetRow } from '#shared/filter/filter-samples.ts';
import type { Port } from '#shared/port/port.ts';
import { Feed } from './feed.ts';
import { demoOpening } from '../runs/opening.ts';
import { RunHost } from '../runs/run-host.ts';
import { LiveSource } from './run-source.ts';

const snapshot: Snapshot = {
  type: 'snapshot',
  app: {
    version: '0',
    mode: 'browser',
    platform: 'linux',
    dataFolder: '',
    homeFolder: '',
    ownName: 'lab-2',
    canChooseFolder: false,
  },
  invitation: null,
  source: { kind: 'live' },
  view: null,
  packets: [],
  packetsRecorded: 0,
  comparison: null,
};

function recordingPort(onOther?: (message: FromService) => void): {
  readonly port: Port;
  readonly posted: (Snapshot | Batch)[];
} {
  const posted: (Snapshot | Batch)[] = [];
  const port: Port = {
    post: (message) => {
      const told = message as FromService;
      if (told.type === 'snapshot' || told.type === 'batch') posted.push(told);
      else onOther?.(told);
    },
    onMessage: () => undefined,
    onClose: () => undefined,
    close: () => undefined,
  };
  return { port, posted };
}

async function withFeed(
  act: (parts: {
    readonly feed: Feed;
    readonly host: RunHost;
    readonly posted: (Snapshot | Batch)[];
    readonly clock: VirtualClock;
  }) => Promise<void>,
  whole: Snapshot = snapshot,
): Promise<void> {
  const clock = new VirtualClock();
  const { port, posted } = recordingPort();
  await using host = new RunHost({
    run: asRunId('r-1'),
    opening: demoOpening,
    clock,
    recording: null,
    onInternalError: (error) => {
      throw error;
    },
  });
  using feed = new Feed(port, { snapshot: () => whole, clock });
  await act({ feed, host, posted, clock });
}

function notice(host: RunHost, text: string): void {
  host.report('notice', { level: 'info', text });
}

describe('feed of a renderer', () => {
  test('a snapshot first, then events gathered into batches', async () => {
    await withFeed(async ({ feed, host, posted, clock }) => {
      feed.follow(new LiveSource(host));
      assert.equal(posted[0]?.type, 'snapshot');
      for (const text of ['a', 'b', 'c']) notice(host, text);
      assert.equal(posted.length, 1, 'nothing between two ticks');
      await clock.advance(40);
      const batch = posted[1];
      assert.ok(batch?.type === 'batch');
      assert.equal(batch.events.length, 3);
    });
  });

  test('says every second that it is alive, also to a renderer that shows nothing, until it is closed', async () => {
    const clock = new VirtualClock();
    const others: FromService[] = [];
    const { port } = recordingPort((message) => others.push(message));
    const feed = new Feed(port, { snapshot: () => snapshot, clock });
    await clock.advance(3000);
    feed[Symbol.dispose]();
    await clock.advance(3000);
    assert.deepEqual(others, [{ type: 'alive' }, { type: 'alive' }, { type: 'alive' }]);
    assert.equal(clock.pendingTimers, 0);
  });

  test('at most 30 batches a second, however much happens', async () => {
    await withFeed(async ({ feed, host, posted, clock }) => {
      feed.follow(new LiveSource(host));
      for (let ms = 0; ms < 1000; ms++) {
        notice(host, `${ms}`);
        feed.credit(posted.length - 1);
        await clock.advance(1);
      }
      const batches = posted.filter((message) => message.type === 'batch').length;
      assert.ok(batches >= 20 && batches <= 30, `${batches} batches`);
    });
  });

  test('a snapshot brings its packets in pieces, oldest first, and every row is counted once', async () => {
    const newest = Array.from({ length: limits.portBatchRowsMax * 3 + 10 }, (_, i) => packetRow({ id: 501 + i }));
    const whole = { ...snapshot, packets: newest, packetsRecorded: 500 + newest.length };
    await withFeed(async ({ feed, host, posted, clock }) => {
      feed.follow(new LiveSource(host));
      for (let n = 0; n < 10; n++) {
        await clock.advance(40);
        feed.credit(posted.length - 1);
      }
      const first = posted[0];
      assert.ok(first?.type === 'snapshot');
      assert.equal(first.packetsRecorded, 500 + first.packets.length);
      assert.deepEqual(
        posted.flatMap(({ packets }) => packets),
        newest,
      );
      for (const { packets } of posted) assert.ok(packets.length <= limits.portBatchRowsMax);
    }, whole);
  });

  test('so do many events', async () => {
    await withFeed(async ({ feed, host, posted, clock }) => {
      feed.follow(new LiveSource(host));
      for (let n = 0; n < limits.portBatchRowsMax + 5; n++) notice(host, `${n}`);
      await clock.advance(40);
      await clock.advance(40);
      const counts = posted.flatMap((message) => (message.type === 'batch' ? [message.events.length] : []));
      assert.deepEqual(counts, [limits.portBatchRowsMax, 5]);
    });
  });

  test('a renderer that shows nothing is sent nothing more, and loses nothing when it goes on', async () => {
    await withFeed(async ({ feed, host, posted, clock }) => {
      feed.follow(new LiveSource(host));
      for (let i = 0; i < 100; i++) {
        notice(host, `${i}`);
        await clock.advance(40);
      }
      const before = posted.filter((message) => message.type === 'batch');
      assert.equal(before.length, 3);
      feed.credit(3);
      await clock.advance(40);
      const texts = posted
        .flatMap((message) => (message.type === 'batch' ? message.events : []))
        .filter((event) => event.type === 'notice');
      assert.equal(texts.length, 100);
    });
  });
});

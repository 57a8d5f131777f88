import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { FromRenderer, FromService, Snapshot } from '#shared/contract/app/port-api.ts';
import { asRunId } from '#shared/contract/ids.ts';
import type { Port } from '#shared/port/port.ts';
import { packetOf } from '#test/support/recorded/recorded-rows.ts';
import { recordedSession } from '#test/support/recorded/recorded-session.ts';
import { recordedStart, recordedView } from '#test/support/recorded/recorded-view.ts';
import type { RenderScheduler } from '#renderer/frames/render-scheduler.ts';
import { createSession, Session } from './session.ts';

/** The service's end, worked by hand. */
function fakePort(): {
  port: Port;
  sent: FromRenderer[];
  receive: (message: FromService) => void;
  fail: (reason: string) => void;
  closed: () => boolean;
} {
  const sent: FromRenderer[] = [];
  let listener: ((message: unknown) => void) | undefined;
  let onClose: ((reason: string) => void) | undefined;
  let closed = false;
  return {
    port: {
      post: (message) => void sent.push(message as FromRenderer),
      onMessage: (next) => {
        listener = next;
      },
      onClose: (next) => {
        onClose = next;
      },
      close: () => {
        closed = true;
      },
    },
    sent,
    receive: (message) => listener?.(message),
    fail: (reason) => onClose?.(reason),
    closed: () => closed,
  };
}

const snapshot: Snapshot = {
  type: 'snapshot',
  app: {
    version: '1',
    mode: 'browser',
    platform: 'linux',
    dataFolder: '/data',
    homeFolder: '/home/lab',
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

/** Turns of the screen and timers wait until the test lets them. */
function handDriven(): {
  options: {
    turns: RenderScheduler;
    setTimer: (callback: () => void) => () => void;
    now: () => number;
  };
  /** The screen changes. */
  change: () => void;
  /** What it changed to has been painted. */
  paint: () => void;
  expire: () => void;
} {
  const changes: (() => void)[] = [];
  const painted: (() => void)[] = [];
  const timers = new Set<() => void>();
  return {
    options: {
      now: () => 5,
      turns: {
        take: (change, shown) =>
          void changes.push(() => {
            change();
            painted.push(shown);
          }),
      },
      setTimer: (callback) => {
        timers.add(callback);
        return () => void timers.delete(callback);
      },
    },
    change: () => changes.splice(0).forEach((callback) => callback()),
    paint: () => painted.splice(0).forEach((callback) => callback()),
    expire: () => {
      const due = [...timers];
      timers.clear();
      for (const callback of due) callback();
    },
  };
}

describe('session', () => {
  test('a snapshot and then batches give the view that folding everything gives', () => {
    const service = fakePort();
    const drive = handDriven();
    const session = createSession(service.port, drive.options);
    service.receive({ ...snapshot, view: recordedView(20) });
    const events = recordedSession({ startAt: recordedStart }).flatMap((item) => ('event' in item ? [item] : []));
    const rest = events.filter((item) => item.at > recordedStart + 20_000 && item.at <= recordedStart + 47_000);
    for (let i = 0; i < rest.length; i += 50) {
      service.receive({
        type: 'batch',
        batch: i,
        events: rest.slice(i, i + 50).map((item) => item.event),
        packets: [],
        skippedPackets: 0,
      });
    }
    assert.deepEqual(session.state().view, recordedView(20), 'nothing is told before the screen may change');
    drive.change();
    assert.deepEqual(session.state().view, recordedView(47));
  });

  test('credit goes out only after a batch has been shown', () => {
    const service = fakePort();
    const drive = handDriven();
    createSession(service.port, drive.options);
    service.receive(snapshot);
    service.receive({ type: 'batch', batch: 7, events: [], packets: [], skippedPackets: 3 });
    assert.deepEqual(service.sent, []);
    drive.change();
    assert.deepEqual(service.sent, []);
    drive.paint();
    assert.deepEqual(service.sent, [{ type: 'credit', batch: 7 }]);
  });

  test('all that came until the screen may change is told at once, and credited at once', () => {
    const service = fakePort();
    const drive = handDriven();
    const session = createSession(service.port, drive.options);
    service.receive(snapshot);
    let told = 0;
    session.subscribePackets(() => told++);
    const before = session.packets();
    for (const batch of [1, 2, 3]) {
      service.receive({ type: 'batch', batch, events: [], packets: [packetOf(batch)], skippedPackets: 0 });
    }
    assert.equal(session.packets(), before, 'rows and their places do not move between two turns');
    assert.equal(before.length, 0);
    drive.change();
    drive.paint();
    assert.deepEqual([told, session.packets().length, session.state().packetsRecorded], [1, 3, 3]);
    assert.deepEqual(service.sent, [{ type: 'credit', batch: 3 }]);
  });

  test('batches that a snapshot overtakes are credited all the same, or the feed would wait for ever', () => {
    const service = fakePort();
    const drive = handDriven();
    const session = createSession(service.port, drive.options);
    service.receive(snapshot);
    service.receive({ type: 'batch', batch: 1, events: [], packets: [packetOf(1)], skippedPackets: 0 });
    service.receive({ ...snapshot, packets: [packetOf(1), packetOf(2)], packetsRecorded: 2 });
    drive.change();
    drive.paint();
    assert.deepEqual([session.packets().length, session.state().packetsRecorded], [2, 2]);
    assert.deepEqual(service.sent, [{ type: 'credit', batch: 1 }]);
  });

  test('a port that came while a turn was awaited gets credit for its own batches alone', () => {
    const [first, second] = [fakePort(), fakePort()];
    const drive = handDriven();
    const session = createSession(first.port, drive.options);
    first.receive(snapshot);
    first.receive({ type: 'batch', batch: 9, events: [], packets: [packetOf(1)], skippedPackets: 0 });
    session.attach(second.port);
    second.receive(snapshot);
    second.receive({ type: 'batch', batch: 1, events: [], packets: [packetOf(2)], skippedPackets: 0 });
    drive.change();
    drive.paint();
    assert.deepEqual(first.sent, []);
    assert.deepEqual(second.sent, [{ type: 'credit', batch: 1 }]);
    assert.equal(session.packets().length, 1);
  });

  test('what others say never turns our sentences around, in the first picture and in what comes later', () => {
    const port = fakePort();
    const { options, change } = handDriven();
    const session = createSession(port.port, options);
    const view = { ...recordedView(2), name: 'run \u202etfel' };
    port.receive({ ...snapshot, view });
    assert.equal(session.state().view?.name, 'run \\u202etfel');
    const event = {
      type: 'notice',
      id: 1,
      run: asRunId(view.run),
      source: 'coordinator',
      at: view.startedAt,
      data: { level: 'info', text: 'says \u2067hello\u0007 <b>there</b>' },
    } as const;
    port.receive({ type: 'batch', batch: 1, events: [event], packets: [], skippedPackets: 0 });
    change();
    assert.equal(session.state().view?.notices.at(-1)?.text, 'says \\u2067hello\\x07 <b>there</b>');
    session.close();
  });

  test('answers find their request, errors keep their code, and silence ends in a timeout', async () => {
    const service = fakePort();
    const drive = handDriven();
    const session = createSession(service.port, drive.options);
    service.receive(snapshot);
    const [first, second, third] = [
      session.request('check', {}),
      session.request('stop_run', {}),
      session.request('check', {}),
    ];
    const ids = service.sent.map((message) => (message.type === 'request' ? message.id : -1));
    service.receive({
      type: 'answer',
      id: ids[1] as number,
      ok: false,
      error: { code: 'not_running', layer: 'service', message: 'no run', retryable: false, context: {}, causes: [] },
    });
    service.receive({ type: 'answer', id: ids[0] as number, ok: true, value: { lines: [] } });
    assert.deepEqual(await first, { lines: [] });
    await assert.rejects(second, (error) => error instanceof RoundscopeError && error.code === 'not_running');
    drive.expire();
    await assert.rejects(third, (error) => error instanceof RoundscopeError && error.code === 'timeout');
  });

  test('a lost port keeps the picture, fails what was asked, and a new one restores', async () => {
    const first = fakePort();
    const session = createSession(first.port, handDriven().options);
    first.receive({ ...snapshot, view: recordedView(5) });
    const asked = session.request('check', {});
    first.fail('the service process ended');
    await assert.rejects(asked, (error) => error instanceof RoundscopeError && error.code === 'service_crashed');
    assert.equal(session.state().connection.kind, 'lost');
    assert.notEqual(session.state().view, null);
    await assert.rejects(session.request('check', {}), RoundscopeError);
    const second = fakePort();
    session.attach(second.port);
    second.receive({ ...snapshot, view: recordedView(30) });
    assert.deepEqual(session.state().connection, { kind: 'ready', since: 5, restored: true });
    first.receive({ ...snapshot, view: null });
    assert.notEqual(session.state().view, null, 'an old port is not listened to');
  });

  describe('a service that says that it is alive', () => {
    const watched = () => {
      const drive = handDriven();
      let now = 1000;
      const service = fakePort();
      const session = createSession(service.port, { ...drive.options, now: () => now });
      service.receive(snapshot);
      const look = (times: number, ms = 250): void => {
        for (let i = 0; i < times; i++) {
          now += ms;
          drive.expire();
        }
      };
      const batch = (number: number): void =>
        service.receive({ type: 'batch', batch: number, events: [], packets: [], skippedPackets: 0 });
      return { session, service, drive, look, batch, kind: () => session.state().connection.kind };
    };

    test('is missed after 5 s without a word; one that never said so is not', () => {
      const { session, service, look, batch, kind } = watched();
      look(60);
      assert.equal(kind(), 'ready', 'an older service says nothing of the kind');
      service.receive({ type: 'alive' });
      look(19);
      batch(1);
      look(19);
      assert.equal(kind(), 'ready', 'whatever comes is a word');
      look(1);
      const before = { kind: 'ready', since: 1000, restored: false };
      assert.deepEqual(session.state().connection, { kind: 'silent', since: 1000 + 79 * 250, before });
      service.fail('the service process ended');
      look(1);
      assert.equal(kind(), 'lost', 'a port that is closed is not waited for');
    });

    test('is missed at the first look of a page that slept, and by its looks where the clock was set back', () => {
      const { service, look, kind } = watched();
      service.receive({ type: 'alive' });
      look(1, 30_000);
      assert.equal(kind(), 'silent');
      const other = watched();
      other.service.receive({ type: 'alive' });
      other.look(1, -3_600_000);
      other.look(18);
      assert.equal(other.kind(), 'ready');
      other.look(1);
      assert.equal(other.kind(), 'silent');
    });

    test('is up to date a second after its first sign of life; what it tells until then is shown with that', () => {
      const { session, service, drive, look, kind } = watched();
      service.receive({ type: 'alive' });
      look(20);
      assert.equal(kind(), 'silent');
      service.receive({ type: 'alive' });
      service.receive({ type: 'batch', batch: 7, events: [], packets: [packetOf(1)], skippedPackets: 0 });
      drive.change();
      assert.equal(kind(), 'silent', 'what waits for it is still to come');
      assert.equal(session.state().packetsRecorded, 0);
      service.receive({ type: 'alive' });
      assert.equal(kind(), 'ready');
      drive.change();
      drive.paint();
      assert.equal(session.state().packetsRecorded, 1);
      assert.deepEqual(service.sent.at(-1), { type: 'credit', batch: 7 });
      look(19);
      service.receive({ type: 'alive' });
      look(19);
      assert.equal(kind(), 'ready');
    });
  });

  test('another snapshot on the same port is another run, not a restart', () => {
    const service = fakePort();
    const session = createSession(service.port, handDriven().options);
    service.receive(snapshot);
    service.receive({ ...snapshot, view: recordedView(3) });
    assert.equal(session.state().connection.kind === 'ready' && session.state().connection.kind, 'ready');
    assert.deepEqual(session.state().connection, { kind: 'ready', since: 5, restored: false });
  });

  test('subscribers are told once a turn, and not when nothing changed', () => {
    const service = fakePort();
    const drive = handDriven();
    const session = new Session(drive.options);
    session.attach(service.port);
    service.receive(snapshot);
    let told = 0;
    session.subscribe(() => told++);
    service.receive({ type: 'batch', batch: 1, events: [], packets: [], skippedPackets: 0 });
    drive.change();
    assert.equal(told, 0);
    const items = recordedSession({ startAt: recordedStart }).slice(0, 40);
    service.receive({
      type: 'batch',
      batch: 2,
      events: items.flatMap((item) => ('event' in item ? [item.event] : [])),
      packets: [],
      skippedPackets: 0,
    });
    drive.change();
    assert.equal(told, 1);
  });
});

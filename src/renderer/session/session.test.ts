import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { FromRenderer, FromService, Snapshot } from '#shared/contract/port-api.ts';
import type { Port } from '#shared/port/port.ts';
import { recordedSession } from '#test/support/recorded-session.ts';
import { recordedStart, recordedView } from '#test/support/recorded-view.ts';
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
  app: { version: '1', mode: 'browser', platform: 'linux', dataFolder: '/data' },
  view: null,
  packets: [],
  packetsRecorded: 0,
  comparison: null,
};

/** Shown callbacks and timers wait until the test lets them. */
function handDriven(): {
  options: {
    afterShown: (callback: () => void) => void;
    setTimer: (callback: () => void) => () => void;
    now: () => number;
  };
  shown: () => void;
  expire: () => void;
} {
  const waiting: (() => void)[] = [];
  const timers = new Set<() => void>();
  return {
    options: {
      now: () => 5,
      afterShown: (callback) => void waiting.push(callback),
      setTimer: (callback) => {
        timers.add(callback);
        return () => void timers.delete(callback);
      },
    },
    shown: () => waiting.splice(0).forEach((callback) => callback()),
    expire: () => [...timers].forEach((callback) => callback()),
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
    assert.deepEqual(session.state().view, recordedView(47));
  });

  test('credit goes out only after a batch has been shown', () => {
    const service = fakePort();
    const drive = handDriven();
    createSession(service.port, drive.options);
    service.receive(snapshot);
    service.receive({ type: 'batch', batch: 7, events: [], packets: [], skippedPackets: 3 });
    assert.deepEqual(service.sent, []);
    drive.shown();
    assert.deepEqual(service.sent, [{ type: 'credit', batch: 7 }]);
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

  test('another snapshot on the same port is another run, not a restart', () => {
    const service = fakePort();
    const session = createSession(service.port, handDriven().options);
    service.receive(snapshot);
    service.receive({ ...snapshot, view: recordedView(3) });
    assert.equal(session.state().connection.kind === 'ready' && session.state().connection.kind, 'ready');
    assert.deepEqual(session.state().connection, { kind: 'ready', since: 5, restored: false });
  });

  test('subscribers are told once a batch, and not when nothing changed', () => {
    const service = fakePort();
    const session = new Session(handDriven().options);
    session.attach(service.port);
    service.receive(snapshot);
    let told = 0;
    session.subscribe(() => told++);
    service.receive({ type: 'batch', batch: 1, events: [], packets: [], skippedPackets: 0 });
    assert.equal(told, 0);
    const items = recordedSession({ startAt: recordedStart }).slice(0, 40);
    service.receive({
      type: 'batch',
      batch: 2,
      events: items.flatMap((item) => ('event' in item ? [item.event] : [])),
      packets: [],
      skippedPackets: 0,
    });
    assert.equal(told, 1);
  });
});

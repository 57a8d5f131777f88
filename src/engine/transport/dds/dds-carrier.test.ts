import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timing } from '#shared/contract/limits.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { joined } from '../../framing/parts.ts';
import { DdsCarrier } from './dds-carrier.ts';
import type { SampleBody, Side } from './worker/worker-protocol.ts';

const never = new AbortController().signal;

interface Written {
  readonly atMs: number;
  readonly sample: SampleBody;
}

interface Ends {
  readonly near: DdsCarrier;
  readonly far: DdsCarrier;
  readonly written: readonly Written[];
}

/** A participant's end and a coordinator's, which answers; what the first writes at first is lost, as by a reader that does not know it yet. */
function ends(clock: VirtualClock, lost: number): Ends {
  const written: Written[] = [];
  const make = (side: Side, send: (sample: SampleBody) => void): DdsCarrier =>
    new DdsCarrier({
      side,
      binding: '',
      peerIdentity: null,
      remote: 'the other end',
      clock,
      sampleBytes: 1024,
      channel: { send: (_, sample) => send(sample), close: async () => undefined, cut: async () => undefined },
      release: async () => undefined,
    });
  const near: DdsCarrier = make('up', (sample) => {
    written.push({ atMs: clock.monotonicMs(), sample });
    if (written.length > lost) far.receive('control', [sample], 0);
  });
  const far = make('down', (sample) => near.receive('control', [sample], 0));
  void far.ready.promise.then(() => far.answerReady());
  return { near, far, written };
}

test('`ready` is said again until the coordinator is heard, further and further apart', async () => {
  const clock = new VirtualClock();
  const { near, far, written } = ends(clock, 7);
  let greeted = false;
  const greeting = near.greet(never).then(() => (greeted = true));
  assert.ok(await clock.advanceUntil(() => greeted, 10_000));
  await greeting;
  const apart = written.slice(1).map(({ atMs }, i) => atMs - (written[i]?.atMs ?? 0));
  assert.deepEqual(apart, [50, 100, 200, 400, 800, 1000, 1000]);
  // One number for all, so that who has heard several has heard one.
  assert.ok(written.every(({ sample }) => sample.number === 0 && sample.lane === 'session'));
  assert.equal(clock.pendingTimers, 0, 'it is said again although it was answered');
  await near.session.send({ lane: 'control', parts: [Uint8Array.of(7)] }, { signal: never });
  for await (const { parts } of far.session.frames()) {
    assert.deepEqual([...joined(parts)], [7]);
    break;
  }
  assert.equal(near.session.ended, false);
});

test('a coordinator that is never heard costs the limit of the dial, and nothing goes on after it', async () => {
  const clock = new VirtualClock();
  const { near, written } = ends(clock, Infinity);
  using deadline = clock.deadline(timing.connectTimeoutMs);
  const greeting = assert.rejects(near.greet(deadline));
  await clock.advance(timing.connectTimeoutMs);
  await greeting;
  assert.equal(written.length, 14);
  await clock.advance(60_000);
  assert.equal(written.length, 14);
  assert.equal(clock.pendingTimers, 0);
});

test('a session that ends while it is being opened ends the waiting, with the reason', async () => {
  const clock = new VirtualClock();
  const { near } = ends(clock, Infinity);
  const greeting = assert.rejects(near.greet(never), { code: 'session_lost', message: /the coordinator went away/ });
  near.session.lost('the coordinator went away');
  await greeting;
  assert.equal(clock.pendingTimers, 0);
});

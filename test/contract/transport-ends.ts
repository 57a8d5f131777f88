import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '#shared/contract/limits.ts';
import type { Session } from '#engine/transport/transport.ts';
import type { TransportHarness } from './harness.ts';
import {
  aborter,
  body,
  counter,
  expectFrames,
  isSessionEnd,
  never,
  quiet,
  readToEnd,
  sendAll,
} from './session-frames.ts';
import { patience, run, token, type Pair } from './session-pair.ts';

const { chunkBytes } = limits;

/** How sessions end, and that nothing of them is left. */
export function describeEnds(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  for (const side of ['near', 'far'] as const) {
    test(`code and reason of a close by the ${side} end reach the other, after what was sent`, patience, async () => {
      await using both = await pair();
      const [closing, other] = side === 'near' ? [both.near, both.far] : [both.far, both.near];
      for (let i = 0; i < 20; i++) await closing.send({ lane: 'control', parts: [counter(i)] }, never());
      const reading = readToEnd(other);
      await closing.close('clean', 'the run is over');
      const seen = await other.closed;
      assert.deepEqual([seen.code, seen.reason, seen.local], ['clean', 'the run is over', false]);
      const own = await closing.closed;
      assert.deepEqual([own.code, own.reason, own.local], ['clean', 'the run is over', true]);
      assert.equal((await reading).length, 20);
    });
  }

  test('closing twice is fine; use after close is an error', patience, async () => {
    await using both = await pair();
    await Promise.all([both.near.close('clean', 'first'), both.near.close('clean', 'second')]);
    await both.near.close('clean', 'third');
    assert.equal((await both.near.closed).reason, 'first');
    await assert.rejects(both.near.send({ lane: 'control', parts: [Uint8Array.of(1)] }, never()), isSessionEnd);
    assert.deepEqual(await readToEnd(both.near), []);
    await both.far.closed;
    await assert.rejects(both.far.send({ lane: 'control', parts: [Uint8Array.of(1)] }, never()), isSessionEnd);
  });

  test('a send that waits is rejected when the session ends', patience, async (t) => {
    const reason = harness().skip?.backPressure;
    if (reason !== undefined) return void t.skip(reason);
    await using both = await pair();
    let taken = 0;
    const sending = (async () => {
      for (let i = 0; i < 512; i++) {
        await both.near.send({ lane: 'bulk:x', parts: [body(i, chunkBytes)] }, never());
        taken = i;
      }
    })();
    await Promise.all([
      assert.rejects(sending, isSessionEnd),
      (async () => {
        await quiet(() => taken);
        await both.far.close('refused', 'not you');
      })(),
    ]);
  });

  test('a peer that vanishes ends the session of the other', patience, async (t) => {
    const reason = harness().skip?.vanish;
    if (reason !== undefined) return void t.skip(reason);
    const vanish = harness().vanish ?? ((session: Session) => session.abort?.());
    await using both = await pair();
    if (harness().vanish === undefined && both.near.abort === undefined) return void t.skip('the session has no abort');
    const reading = readToEnd(both.far);
    await vanish(both.near);
    const seen = await both.far.closed;
    assert.notEqual(seen.code, 'clean');
    assert.equal(seen.local, false);
    await reading;
    await assert.rejects(both.far.send({ lane: 'control', parts: [Uint8Array.of(1)] }, never()), isSessionEnd);
  });

  test('closing the listener ends its sessions and answers nobody any more', patience, async () => {
    await using both = await pair();
    const { endpoints } = both.listening.listener;
    await both.listening.listener[Symbol.asyncDispose]();
    await both.near.closed;
    await using abort = aborter(3000);
    await assert.rejects(harness().dialer.dial(endpoints, { signal: abort.signal, participant: 'node-9', run, token }));
  });

  test('nothing is left open', patience, async (t) => {
    const reason = harness().skip?.handles;
    if (reason !== undefined) return void t.skip(reason);
    await delay(50);
    const before = handles();
    for (let i = 0; i < 2; i++) {
      await using both = await pair();
      await Promise.all([sendAll(both.near, 'bulk:z', [1, 2, 3]), expectFrames(both.far, 'bulk:z', [1, 2, 3])]);
      await both.near.close('clean', 'done');
    }
    // What an earlier test left to run out may go meanwhile; nothing may come.
    const extra = (): string[] => {
      const rest = [...before];
      return handles().filter((kind) => !rest.includes(kind) || void rest.splice(rest.indexOf(kind), 1));
    };
    for (let i = 0; i < 40 && extra().length > 0; i++) await delay(50);
    assert.deepEqual(extra(), []);
  });
}

const watched = new Set([
  'TCPSocketWrap',
  'TCPServerWrap',
  'UDPWRAP',
  'PipeWrap',
  'Timeout',
  'Immediate',
  'MessagePort',
]);

function handles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => watched.has(kind))
    .toSorted();
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { TransportHarness } from './harness.ts';
import { expectFrames, never, sendAll } from './session-frames.ts';
import { dial, listen, patience, run, token, type Pair } from './session-pair.ts';

/** How sessions begin, and how attempts fail. */
export function describeOpening(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  test('a dial aborted before it began has no effect', patience, async () => {
    await using listening = await listen(harness());
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await assert.rejects(
      harness().dialer.dial(listening.listener.endpoints, { signal, participant: 'node-1', run, token }),
      /changed my mind/,
    );
    await delay(20);
    assert.equal(listening.sessions.length, 0);
  });

  test('dialing nobody is a typed error that says what to try', patience, async (t) => {
    const { nobody, skip } = harness();
    if (nobody === undefined) return void t.skip(skip?.nobody ?? 'not applicable');
    const endpoints = await nobody();
    await assert.rejects(
      harness().dialer.dial(endpoints, { ...never(), participant: 'node-1', run, token }),
      (error) => {
        assert.ok(error instanceof RoundscopeError, String(error));
        assert.ok(['connect_refused', 'connect_timeout', 'connect_failed'].includes(error.code), error.code);
        assert.equal(error.layer, 'transport');
        assert.equal(error.retryable, true);
        return true;
      },
    );
  });

  test('a taken port is named', patience, async (t) => {
    const reason = harness().skip?.takenPort;
    if (reason !== undefined) return void t.skip(reason);
    await using first = await listen(harness());
    const port = first.listener.endpoints[0]?.port ?? 0;
    await assert.rejects(listen(harness(), port), (error) => {
      assert.ok(error instanceof RoundscopeError, String(error));
      assert.equal(error.code, 'port_in_use');
      assert.match(error.message, new RegExp(String(port)));
      return true;
    });
  });

  test('two participants at once do not hear each other', patience, async () => {
    await using both = await pair();
    const other = await dial(harness(), both.listening, 'node-2');
    await using _other = other;
    const otherFar = both.listening.sessions[1];
    assert.ok(otherFar);
    await Promise.all([
      sendAll(both.near, 'control', [10, 11]),
      sendAll(other, 'control', [20, 21, 22]),
      sendAll(both.far, 'bulk:t', [30]),
      sendAll(otherFar, 'bulk:t', [40, 41]),
      expectFrames(both.far, 'control', [10, 11]),
      expectFrames(otherFar, 'control', [20, 21, 22]),
      expectFrames(both.near, 'bulk:t', [30]),
      expectFrames(other, 'bulk:t', [40, 41]),
    ]);
    await other.close('clean', 'bye');
    await Promise.all([sendAll(both.near, 'control', [1]), expectFrames(both.far, 'control', [1])]);
  });

  test('one participant may open a second session after the first', patience, async () => {
    await using both = await pair();
    await both.near.close('clean', 'first');
    await using again = await dial(harness(), both.listening, 'node-1');
    const far = both.listening.sessions[1];
    assert.ok(far);
    await Promise.all([sendAll(again, 'control', [5]), expectFrames(far, 'control', [5])]);
  });

  test('a session tells its peer, stack and traffic', patience, async () => {
    await using both = await pair();
    await Promise.all([sendAll(both.near, 'control', [1000]), expectFrames(both.far, 'control', [1000])]);
    assert.equal(both.near.protocol, harness().dialer.protocol);
    assert.equal(both.near.stack, both.far.stack);
    assert.notEqual(both.far.remote, '');
    assert.ok(both.near.stats().sentBytes >= 1000);
    assert.ok(both.far.stats().receivedBytes >= 1000);
  });
}

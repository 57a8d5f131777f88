import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timing } from '#shared/contract/limits.ts';
import { seededRandom } from '#shared/base/random.ts';
import { RedialDelay } from './redial-delay.ts';

/** Pauses between sessions that all end like this, without their jitter. */
function pauses(livedMs: number, code: string): number[] {
  const delay = new RedialDelay({ ...seededRandom(1), next: () => 1 } as never);
  return Array.from({ length: 8 }, () => {
    delay.served(livedMs, code);
    return delay.next();
  });
}

test('pauses grow while sessions die young in silence, up to the longest', () => {
  assert.deepEqual(pauses(6_000, 'peer_silent'), [250, 500, 1000, 2000, 4000, 8000, 10_000, timing.redialMaxMs]);
  assert.deepEqual(pauses(16_000, 'transfer_stuck'), pauses(6_000, 'peer_silent'));
});

test('a session that was cut off, or that had lived, is dialed again at once', () => {
  for (const told of [pauses(6_000, 'lost'), pauses(600, 'changed'), pauses(timing.sessionLivedMs, 'peer_silent')])
    assert.deepEqual(told, Array(8).fill(timing.redialFirstMs));
});

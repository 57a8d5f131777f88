import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#shared/contract/limits.ts';
import { emptyRunObservation, participantOf } from './observation.ts';

test('names that come and go push each other out, never who takes part', () => {
  const run = emptyRunObservation(2);
  participantOf(run, 'early').joined = true;
  for (let i = 0; i < 5000; i++) {
    const one = participantOf(run, `p-${i}`);
    one.joined = i % 2 === 0;
    if (one.joined) one.left = { ref: '', at: i, text: 'left' };
  }
  assert.equal(run.participants.size, limits.observedParticipantsMax);
  assert.ok(run.participants.has('early'));
  assert.ok(run.participants.has('p-4999'));
  assert.ok(!run.participants.has('p-0'));
});

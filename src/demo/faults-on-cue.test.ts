import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunEvent } from '#shared/contract/events.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import { FaultsOnCue } from './faults-on-cue.ts';

const participants = ['node-1', 'node-2'].map(asParticipantId);

function trains(participant: string, round: number): RunEvent {
  return {
    type: 'participant_phase',
    run: asRunId('r-1'),
    source: participant,
    at: 0,
    data: { participant: asParticipantId(participant), round, phase: 'train' },
  };
}

function setUp(): { readonly faults: FaultsOnCue; readonly acted: string[]; readonly armed: string[] } {
  const acted: string[] = [];
  const armed: string[] = [];
  const faults = new FaultsOnCue(participants, {
    act: (fault, participant, round) => acted.push(`${fault} ${participant} ${round}`),
    armed: (fault, participant, round) => armed.push(`${fault} ${participant} ${round}`),
  });
  return { faults, acted, armed };
}

describe('faults on cue', () => {
  test('without a round it acts at once, on one participant or on all', () => {
    const { faults, acted } = setUp();
    faults.inject({ name: 'freeze-trainer', participant: asParticipantId('node-2') });
    faults.inject({ name: 'connection-per-message' });
    assert.deepEqual(acted, [
      'freeze-trainer node-2 0',
      'connection-per-message node-1 0',
      'connection-per-message node-2 0',
    ]);
  });

  test('armed for a round it acts when its participant trains in that round, once', () => {
    const { faults, acted, armed } = setUp();
    faults.inject({ name: 'drop-link', participant: asParticipantId('node-2'), round: 3 });
    assert.deepEqual(armed, ['drop-link node-2 3']);
    for (const event of [trains('node-2', 2), trains('node-1', 3), trains('node-2', 3), trains('node-2', 4)])
      faults.observe(event);
    assert.deepEqual(acted, ['drop-link node-2 3']);
  });

  test('who was away in its round meets it in the next', () => {
    const { faults, acted } = setUp();
    faults.inject({ name: 'drop-link', round: 1 });
    faults.observe(trains('node-1', 2));
    assert.deepEqual(acted, ['drop-link node-1 2']);
  });

  test('the coordinator is its own target, and its cue is whoever trains first', () => {
    const { faults, acted, armed } = setUp();
    faults.inject({ name: 'kill-coordinator', round: 2 });
    assert.deepEqual(armed, ['kill-coordinator coordinator 2']);
    for (const event of [trains('node-2', 1), trains('node-2', 2), trains('node-1', 2)]) faults.observe(event);
    assert.deepEqual(acted, ['kill-coordinator coordinator 2']);
  });

  test('disarmed it does nothing', () => {
    const { faults, acted } = setUp();
    faults.inject({ name: 'drop-link', round: 2 });
    assert.deepEqual(faults.disarm({ name: 'drop-link' }), ['node-1']);
    faults.observe(trains('node-1', 2));
    assert.deepEqual(acted, []);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asParticipantId } from '#shared/contract/ids.ts';
import { demoDefaults, faultNames } from '#shared/contract/settings.ts';
import { demoCommand } from './demo-command.ts';
import { faultsOf } from './demo-draft.ts';
import { faultRows, faultState } from './fault-rows.ts';

test('the command line says what the form says', () => {
  assert.equal(
    demoCommand({ ...demoDefaults, participants: 3, rounds: 7, split: 'iid', localEpochs: 2, seed: 5 }),
    'roundscope demo --participants 3 --rounds 7 --transport quic --split iid --local-epochs 2 --seed 5',
  );
  const changed = demoCommand({
    ...demoDefaults,
    control: 'mqtt',
    data: "/my data/it's",
    deadlineMs: 30_000,
    faults: [
      { name: 'drop-link', participant: asParticipantId('node-2'), round: 3 },
      { name: 'connection-per-message' },
    ],
  });
  assert.ok(changed.includes('--control mqtt'));
  assert.ok(changed.includes(String.raw`--data '/my data/it'\''s'`));
  assert.ok(changed.endsWith('--deadline 30 --fault drop-link:node-2@3 --fault connection-per-message'));
});

test('every fault has a row and a letter of its own', () => {
  assert.deepEqual(faultRows.map((row) => row.name).toSorted(), [...faultNames].toSorted());
  assert.equal(new Set(faultRows.map((row) => row.letter)).size, faultRows.length);
});

test('what is wrong with settings is told by field', () => {
  assert.equal(faultsOf(demoDefaults).size, 0);
  assert.deepEqual([...faultsOf({ ...demoDefaults, data: '', participants: 0 }).keys()], ['participants', 'data']);
});

test('a fault that was cleared is neither active nor armed', () => {
  const fault = { fault: 'drop-link', participant: 'node-1', round: 1, at: 0, note: '' } as const;
  const state = faultState(
    [
      { ...fault, state: 'cleared' },
      { ...fault, state: 'armed' },
    ],
    'drop-link',
  );
  assert.deepEqual([state.active.length, state.armed.length], [0, 1]);
});

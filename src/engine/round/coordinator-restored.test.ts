import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hash } from '#shared/contract/ids.ts';
import type { ParameterSet } from '#shared/tensor/parameter-set.ts';
import { finishRound, hashOf, started } from '#test/support/coordinator-kit.ts';
import { rememberedState } from './coordinator-restored.ts';
import { emptyMemory, memoryRecordSchema, remember } from './run-memory.ts';

const begun = { kind: 'round', round: 1, startedAt: 1_000_000, members: [] } as const;

function roundAge(record: unknown, wallMs: number): number {
  const memory = remember(emptyMemory(hashOf('base')), memoryRecordSchema.parse(record));
  const state = rememberedState({ memory, updates: new Map() }, 3, { monotonicMs: 50, wallMs });
  return 50 - state.roundSinceMs;
}

test('a round that a former process began has lasted since then, not since the restart', () => {
  assert.equal(roundAge(begun, 1_037_000), 37_000);
});

test('where its beginning is not known, or the clock was set back, it counts from the restart', () => {
  const { startedAt: _, ...unknown } = begun;
  assert.equal(roundAge(unknown, 1_037_000), 0);
  assert.equal(roundAge(begun, 900_000), 0);
});

test('in how many rounds a participant counted outlives the coordinator, without an update whose bytes are lost', () => {
  const kit = started({ rounds: 5 });
  finishRound(kit);
  finishRound(kit);
  kit.update('node-1');
  const memory = kit.remembered
    .map((record) => memoryRecordSchema.parse(JSON.parse(JSON.stringify(record))))
    .reduce(remember, emptyMemory(hashOf('initial')));
  const countedWith = (updates: ReadonlyMap<Hash, ParameterSet>): number[] =>
    [...rememberedState({ memory, updates }, 5, { monotonicMs: 0, wallMs: 0 }).participants.values()].map(
      ({ counted }) => counted,
    );
  assert.deepEqual(countedWith(new Map([[hashOf('node-1 3'), []]])), [3, 2, 2]);
  assert.deepEqual(countedWith(new Map()), [2, 2, 2]);
  kit.clear().join('node-1');
  assert.equal(kit.events('participant_joined')[0]?.counted, 3, 'told to who begins to look now');
});

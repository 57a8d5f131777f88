import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf } from '#test/support/coordinator-kit.ts';
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

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { modelCodec } from '#engine/codec/model-codec.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { toyInitial, toyLayout } from '#test/simulation/toy-model.ts';
import { RunFolder } from './run-folder.ts';

test('a participant that registers again and again does not make the journal grow, and a restart finds what it said last', async () => {
  const path = mkdtempSync(join(tmpdir(), 'roundscope-run-folder-'));
  try {
    const bytes = modelCodec.encode(toyInitial(1));
    const model = modelCodec.hash(bytes);
    const participant = (misses: number): Parameters<RunFolder['journal']>[0] => ({
      kind: 'participant',
      participant: {
        id: asParticipantId('mallory'),
        key: 'k',
        // As large as the contract lets it be.
        data: {
          source: 's'.repeat(500),
          ...{ examples: 1, heldOut: 1, shape: [1, 1, 3], skipped: 0 },
          classes: Array.from({ length: limits.classesMax }, (_, i) => String(i).padEnd(80, 'c')),
          classCounts: Array.from({ length: limits.classesMax }, () => Number.MAX_SAFE_INTEGER),
        },
        trainer: 't'.repeat(500),
        ...{ fromRound: 1, misses, counted: 0, lastCounted: null, left: null },
      },
    });
    {
      using folder = new RunFolder(path);
      await folder.begin(model, bytes);
      let most = 0;
      for (let i = 0; i < 200; i++) {
        folder.journal(participant(i));
        most = Math.max(most, statSync(join(path, 'journal')).size);
      }
      assert.ok(most < 2 * limits.journalGrowthBytes, `${most} bytes`);
    }
    using again = new RunFolder(path);
    const { memory } = await again.restore(toyLayout, new RecordingReporter());
    assert.deepEqual(
      memory.participants.map(({ id, misses }) => [id, misses]),
      [['mallory', 199]],
    );
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { entryPath } from '#engine/host/entries.ts';
import { StepGate } from './step-gate.ts';

const moduleUrl = (name: string): string => JSON.stringify(import.meta.resolve(name));

test('nothing passes a closed gate', async () => {
  const gate = new StepGate();
  assert.equal(await gate.pass(async () => 7), 7);
  await assert.rejects(
    gate.pass(() => Promise.reject(new Error('native'))),
    /native/,
  );
  gate.close(0);
  let begun = false;
  void gate.pass(async () => {
    begun = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(begun, false);
  // The other side sees that nobody is inside.
  new StepGate(gate.memory).close(60_000);
});

test('a process that exits during a training exits with its own status', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'roundscope-exit-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const script = `
    import { WorkerTrainer } from ${moduleUrl('#engine/trainer/worker/worker-trainer.ts')};
    import { digitsModel } from ${moduleUrl('#engine/trainer/model/default-models.ts')};
    import { initialParameters } from ${moduleUrl('#engine/trainer/model/initial-parameters.ts')};
    import { requirePlan } from ${moduleUrl('#engine/trainer/graph-cache.ts')};
    import { seededRandom } from ${moduleUrl('#shared/base/random.ts')};
    const trainer = new WorkerTrainer({ entry: ${JSON.stringify(entryPath('trainer-worker'))} });
    const { signal } = new AbortController();
    await trainer.prepare({ data: 'digits' }, { signal });
    const parameters = initialParameters(requirePlan(digitsModel), seededRandom(1));
    const job = { round: 1, model: digitsModel, parameters, localEpochs: 100, batchSize: 64, learningRate: 0.01, optimizer: 'sgd', seed: 1 };
    await trainer.train(job, { signal, onProgress: () => process.exit(3) });
  `;
  const file = join(folder, 'exit.mjs');
  await writeFile(file, script);
  for (let run = 0; run < 3; run++) {
    const child = spawn(process.execPath, [file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += String(text)));
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
    assert.deepEqual([code, killedBy], [3, null], stderr);
  }
});

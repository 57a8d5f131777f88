import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { entryPath } from '#engine/host/entries.ts';
import { seededRandom } from '#shared/base/random.ts';
import { hashBytes } from '#engine/codec/hash.ts';
import type { GraphModel } from '#shared/contract/run/model-config.ts';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import { writeDense } from '#test/support/dense-network.ts';
import { readNetwork, writeNetwork } from '../imported/network-file.ts';
import { flattenParameters } from '#shared/tensor/parameter-set.ts';
import { writeImageFolder } from '#test/cli/participant/image-folder.ts';
import { digitsDefaults } from '../defaults.ts';
import { requirePlan } from '../graph-cache.ts';
import { digitsModel, facesModel, modelFor } from '../model/default-models.ts';
import { initialParameters } from '../model/initial-parameters.ts';
import type { OpenGraphJob, TrainJob, TrainerSetup, TrainProgress } from '../trainer.ts';
import { WorkerTrainer } from './worker-trainer.ts';

const { signal } = new AbortController();
const setup: TrainerSetup = { data: 'digits', share: { index: 0, participants: 4, split: 'iid', seed: 1 } };
const parameters = initialParameters(requirePlan(digitsModel), seededRandom(1));
const job: TrainJob = { round: 1, model: digitsModel, parameters, localEpochs: 1, ...digitsDefaults, seed: 1 };
const long: TrainJob = { ...job, localEpochs: 1000 };

const onlyLinux = process.platform !== 'linux' && 'a priority belongs to a whole process here';

/** Its 19th field (proc(5)); the name before may hold spaces. */
function niceOf(path: string): number {
  const text = readFileSync(path, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[16]);
}

function totalMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}

const trainer = (): WorkerTrainer => new WorkerTrainer({ entry: entryPath('trainer-worker') });

/** The real worker, but a training with the seed 666 brings it down at its next turn. */
const crashingWorker = `
import { parentPort } from 'node:worker_threads';
parentPort.on('message', (message) => {
  if (message.job?.seed === 666) setImmediate(() => { throw new Error('crashed on purpose'); });
});
await import(${JSON.stringify(pathToFileURL(entryPath('trainer-worker')).href)});
`;

/** Resolves when the first step has been reported. */
function firstProgress(): {
  readonly seen: Promise<TrainProgress>;
  readonly onProgress: (progress: TrainProgress) => void;
} {
  const { promise, resolve } = Promise.withResolvers<TrainProgress>();
  return { seen: promise, onProgress: resolve };
}

describe('a network from elsewhere in the trainer’s thread', () => {
  const file = writeNetwork(readNetwork(writeDense([1, 8, 8], 10)));
  const model: GraphModel = {
    inputShape: [1, 8, 8],
    numClasses: 10,
    graph: { hash: hashBytes(file), bytes: file.length },
  };
  const opening: OpenGraphJob = { file, model, batchSize: 16, learningRate: 0.05, optimizer: 'sgd', seed: 0 };
  const layout = [
    { name: 'dense.weight', shape: [10, 64] },
    { name: 'dense.bias', shape: [10] },
  ];
  const start = layout.map(({ name, shape }) =>
    float32Tensor(name, shape, new Float32Array(shape.reduce((product, size) => product * size, 1))),
  );
  const own: TrainJob = { ...job, ...opening, parameters: start, localEpochs: 2, seed: 1 };

  test('is opened, trained and evaluated, also in a thread that was started again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'worker-trainer-'));
    try {
      const entry = join(folder, 'worker.mjs');
      await writeFile(entry, crashingWorker);
      await using trainer = new WorkerTrainer({ entry });
      assert.deepEqual((await trainer.openGraph(opening, { signal })).layout, layout);
      await trainer.prepare(setup, { signal });
      const { parameters: after, accuracy } = await trainer.train(own, { signal });
      assert.ok(accuracy > 0.6, `accuracy ${accuracy}`);
      await assert.rejects(trainer.train({ ...own, seed: 666 }, { signal }), { code: 'trainer_crashed' });
      const evaluation = await trainer.evaluate({ round: 1, model, parameters: after }, { signal });
      assert.ok(evaluation.accuracy > 0.6, `accuracy ${evaluation.accuracy}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('that is not what was said of it, or none, is refused, and the thread serves the next one', async () => {
    await using own = trainer();
    const other = { ...opening, model: { ...model, numClasses: 9 } };
    await assert.rejects(own.openGraph(other, { signal }), {
      code: 'model_invalid',
      message: 'The network maps 1 × 8 × 8 to 10, not 1 × 8 × 8 to 9, as was said.',
    });
    await assert.rejects(own.openGraph({ ...opening, file: file.subarray(1) }, { signal }), { code: 'model_invalid' });
    assert.deepEqual((await own.openGraph(opening, { signal })).layout, layout);
  });

  test('whose building is given up takes its thread with it, and the next one is opened in another', async () => {
    await using own = trainer();
    const limit = new AbortController();
    const opened = own.openGraph(opening, { signal: limit.signal });
    limit.abort(new Error('too long'));
    await assert.rejects(opened, /too long/);
    assert.deepEqual((await own.openGraph(opening, { signal })).layout, layout);
  });
});

describe('WorkerTrainer', () => {
  test('prepares, trains and evaluates in its thread; two of them agree to the bit', async () => {
    const hashes: string[] = [];
    for (let run = 0; run < 2; run++) {
      await using own = trainer();
      const { data: summary } = await own.prepare(setup, { signal });
      assert.deepEqual([summary.source, summary.shape, summary.classes.length], ['digits', [1, 8, 8], 10]);
      const result = await own.train(job, { signal });
      hashes.push(createHash('sha256').update(flattenParameters(result.parameters)).digest('hex'));
      const evaluation = await own.evaluate(
        { round: 1, model: digitsModel, parameters: result.parameters },
        { signal },
      );
      assert.equal(evaluation.examples, summary.heldOut);
    }
    assert.equal(hashes[0], hashes[1]);
  });

  test("the host's event loop stays free while it trains", async () => {
    await using own = trainer();
    await own.prepare(setup, { signal });
    await own.train(job, { signal });
    // In processor time, of which a busy machine takes no more: delays of the loop would be the machine's as well.
    const [threadBefore, processBefore] = [process.threadCpuUsage(), process.cpuUsage()];
    await own.train({ ...job, localEpochs: 10 }, { signal });
    const [thread, all] = [process.threadCpuUsage(threadBefore), process.cpuUsage(processBefore)].map(totalMs);
    assert.ok(thread !== undefined && all !== undefined && thread < all / 5, `${thread} of ${all} ms in the thread`);
  });

  test('gradient steps go behind every other thread of the process', { skip: onlyLinux }, async () => {
    await using own = trainer();
    await own.prepare(setup, { signal });
    const nice = readdirSync('/proc/self/task').map((thread) => niceOf(`/proc/self/task/${thread}/stat`));
    assert.ok(nice.includes(constants.priority.PRIORITY_LOW), nice.join());
    assert.equal(niceOf('/proc/self/stat'), getPriority());
    assert.ok(getPriority() < constants.priority.PRIORITY_LOW, 'the thread that keeps the session');
  });

  test('is cancelled within 200 ms of processor time, and trains again afterwards', async () => {
    await using own = trainer();
    await own.prepare(setup, { signal });
    const controller = new AbortController();
    const reason = new Error('the round is over');
    const { seen, onProgress } = firstProgress();
    const training = assert.rejects(own.train(long, { signal: controller.signal, onProgress }), reason);
    await seen;
    const before = process.cpuUsage();
    controller.abort(reason);
    await training;
    const workedMs = totalMs(process.cpuUsage(before));
    assert.ok(workedMs < 200, `${workedMs} ms`);
    assert.ok((await own.train(job, { signal })).steps > 0);
    await assert.rejects(own.train(job, { signal: AbortSignal.abort(reason) }), reason);
  });

  test('a frozen one reports nothing until it thaws', async () => {
    await using own = trainer();
    await own.prepare(setup, { signal });
    own.freeze();
    let reports = 0;
    const training = own.train(job, { signal, onProgress: () => void reports++ });
    const evaluation = await own.evaluate({ round: 1, model: digitsModel, parameters }, { signal });
    assert.ok(evaluation.examples > 0, 'only gradient steps stand still');
    await using other = trainer();
    await other.prepare(setup, { signal });
    await other.train(job, { signal });
    assert.equal(reports, 0, 'another one has done all of its steps meanwhile');
    own.thaw();
    assert.ok((await training).steps > 0);
    assert.ok(reports > 0);
  });

  test('a thread that crashes fails its call, and the next call starts another with the data loaded', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'roundscope-trainer-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const entry = join(folder, 'crashing-worker.mjs');
    await writeFile(entry, crashingWorker);
    await using own = new WorkerTrainer({ entry });
    await own.prepare(setup, { signal });
    const expected = { code: 'trainer_crashed', retryable: true, message: /thread ended: crashed on purpose/ };
    await assert.rejects(own.train({ ...long, seed: 666 }, { signal }), expected);
    assert.ok((await own.train(job, { signal })).steps > 0);
  });

  test('a thread that crashed while its data is away says so, and trains again once the data is back', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'roundscope-trainer-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const entry = join(folder, 'crashing-worker.mjs');
    await writeFile(entry, crashingWorker);
    const data = join(folder, 'data');
    writeImageFolder(data);
    await using own = new WorkerTrainer({ entry });
    const { data: seen } = await own.prepare({ data }, { signal });
    const [channels = 0, height = 0, width = 0] = seen.shape;
    const model = modelFor([channels, height, width], seen.classes.length);
    const fitting = { ...job, model, parameters: initialParameters(requirePlan(model), seededRandom(1)) };
    // Read once, it is in memory: the folder may go.
    await rename(data, `${data}.away`);
    assert.ok((await own.train(fitting, { signal })).steps > 0);
    await assert.rejects(own.train({ ...fitting, localEpochs: 1000, seed: 666 }, { signal }), {
      code: 'trainer_crashed',
    });
    await assert.rejects(own.train(fitting, { signal }), { code: 'data_missing', message: /data does not exist/ });
    await mkdir(data);
    await assert.rejects(own.train(fitting, { signal }), { layer: 'data', message: /empty|no images/ });
    await rm(data, { recursive: true });
    await rename(`${data}.away`, data);
    assert.ok((await own.train(fitting, { signal })).steps > 0);
  });

  test('errors keep their code across the thread', async () => {
    await using own = trainer();
    await assert.rejects(own.prepare({ data: '/nowhere/at/all' }, { signal }), { code: 'data_missing', layer: 'data' });
    await own.prepare(setup, { signal });
    const faces = { ...job, model: facesModel };
    await assert.rejects(own.train(faces, { signal }), {
      code: 'model_invalid',
      message: /does not fit its description/,
    });
  });

  test('closing it ends a training under way; closing twice is fine, use after close is a mistake', async () => {
    const own = trainer();
    await own.prepare(setup, { signal });
    const { seen, onProgress } = firstProgress();
    const training = assert.rejects(own.train(long, { signal, onProgress }), { code: 'trainer_crashed' });
    await seen;
    await own[Symbol.asyncDispose]();
    await training;
    await own[Symbol.asyncDispose]();
    await assert.rejects(own.train(job, { signal }), /closed/);
  });

  test('an entry that is not there is a crash with a reason', async () => {
    await using own = new WorkerTrainer({ entry: '/nowhere/worker.ts' });
    await assert.rejects(own.prepare(setup, { signal }), { code: 'trainer_crashed', message: /thread ended/ });
  });
});

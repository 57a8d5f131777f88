/** Entry of the trainer's thread: receives jobs from `WorkerTrainer` and runs them one after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '#engine/host/system-clock.ts';
import { yieldThread } from '#engine/host/process/lower-priority.ts';
import { assert } from '#shared/base/assert.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { previewData } from '../data/preview-data.ts';
import { previewNetwork } from '../imported/preview-network.ts';
import { trainerError } from '../errors.ts';
import { JobRunner } from './job-runner.ts';
import { StepGate } from '../step-gate.ts';
import type { CallKind, FromWorker, ToWorker, WorkerCalls, WorkerStart } from './worker-protocol.ts';

assert(parentPort, 'the trainer worker runs in a thread');
yieldThread();
const port = parentPort;
const runner = new JobRunner(systemClock, new StepGate((workerData as WorkerStart).gate));
const running = new Map<number, AbortController>();

let closing = false;

type Call = Extract<ToWorker, { readonly job: unknown }>;

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'prepare':
    case 'preview':
    case 'preview_network':
    case 'open_graph':
    case 'train':
    case 'evaluate':
      spawn('serving the trainer', serve(message));
      break;
    case 'cancel':
      running.get(message.id)?.abort();
      break;
    case 'freeze':
      runner.freeze();
      break;
    case 'thaw':
      runner.thaw();
      break;
    case 'close':
      for (const controller of running.values()) controller.abort();
      closing = true;
      closeWhenIdle();
      break;
  }
});

/** The thread ends by itself once nothing holds it. */
function closeWhenIdle(): void {
  if (!closing || running.size > 0) return;
  runner.thaw();
  port.close();
}

/** Never rejects: a failure is an answer. */
async function serve(call: Call): Promise<void> {
  const controller = new AbortController();
  running.set(call.id, controller);
  const { signal } = controller;
  try {
    post({ kind: 'done', id: call.id, result: await run(call, signal) });
  } catch (error) {
    if (signal.aborted) post({ kind: 'cancelled', id: call.id });
    else post({ kind: 'failed', id: call.id, error: toErrorReport(asTrainerError(error)) });
  } finally {
    running.delete(call.id);
    closeWhenIdle();
  }
}

async function run(call: Call, signal: AbortSignal): Promise<WorkerCalls[CallKind]['result']> {
  switch (call.kind) {
    case 'prepare':
      return await runner.prepare(call.job, { signal });
    case 'preview':
      return await previewData(call.job, { signal, clock: systemClock });
    case 'preview_network':
      return await previewNetwork(call.job, signal);
    case 'open_graph':
      return runner.openGraph(call.job);
    case 'train':
      return await runner.train(call.job, {
        signal,
        onProgress: (progress) => post({ kind: 'progress', id: call.id, progress }),
      });
    case 'evaluate':
      return await runner.evaluate(call.job, { signal });
  }
}

function asTrainerError(error: unknown): unknown {
  if (error instanceof RoundscopeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return trainerError('training_failed', `Training failed: ${message}`, { cause: error });
}

function post(message: FromWorker): void {
  port.postMessage(message);
}

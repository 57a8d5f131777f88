/** Entry of the recorder's threads: SQLite is synchronous, so neither writing nor reading may hold the event loop up. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '#shared/base/assert.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { FromReader, FromWriter, ToReader, ToWriter, WorkerStart } from './worker-protocol.ts';

assert(parentPort, 'the recorder runs in threads of its own');
const port = parentPort;
const start = workerData as WorkerStart;
const post = (message: FromWriter | FromReader): void => port.postMessage(message);

// Each role loads its own half: the writer is ready sooner without the schemas that check what is read.
if (start.role === 'write') await serveWrites(start.options);
else await serveReads(start);

async function serveWrites(options: Extract<WorkerStart, { role: 'write' }>['options']): Promise<void> {
  const { RecordingWriter } = await import('./writer.ts');
  const writer = opened(() => new RecordingWriter(options));
  if (writer === null) return;
  post({ type: 'ready', sizeBytes: writer.sizeBytes });
  // After the first word: a run need not wait for the projection to be loaded.
  const { StateKeeper } = await import('../state-keeper.ts');
  const { run, stateKey: key, sizeBytesMax } = options;
  writer.keepStates((db) => new StateKeeper(db, { run, key, bytesMax: keptBytesMax(sizeBytesMax) }));
  port.on('message', (message: ToWriter) => {
    if (message.type === 'close') {
      writer[Symbol.dispose]();
      port.close();
      return;
    }
    // A restarted writer works on without dying again.
    if (options.mode === 'create' && message.id === options.failures?.crashAt) process.exit(1);
    try {
      writer.write(message.batch);
      post({ type: 'written', id: message.id, sizeBytes: writer.sizeBytes, removed: writer.removed });
    } catch (error) {
      post({ type: 'lost', id: message.id, error: toErrorReport(error) });
    }
  });
}

async function serveReads({ path, stateKey, left }: Extract<WorkerStart, { role: 'read' }>): Promise<void> {
  const { RecordingReader } = await import('../reading/reader.ts');
  type Reader = InstanceType<typeof RecordingReader>;
  let asked = 0;
  const isOverruled = (): boolean => asked !== 0 && Atomics.load(left, 0) === asked;
  const limit = { clock: systemClock, ms: timing.recordingQueryMs, isOverruled };
  const open = (file: string): Reader => new RecordingReader(file, limit, stateKey);
  let reader: Reader | null = path === null ? null : opened(() => open(path));
  if (path !== null && reader === null) return;
  post({ type: 'ready' });
  port.on('message', (message: ToReader) => {
    if (message.type === 'close') {
      reader?.[Symbol.dispose]();
      port.close();
      return;
    }
    try {
      if (message.type === 'turn_to') {
        reader?.[Symbol.dispose]();
        reader = null;
        reader = open(message.path);
        post({ type: 'answer', id: message.id, value: null });
        return;
      }
      asked = message.id;
      assert(reader, 'a question is about a file that is open');
      // The names are those of `QueryName`; the host's types tie each to its parameters.
      const ask = reader[message.name].bind(reader) as (...parameters: readonly unknown[]) => unknown;
      post({ type: 'answer', id: message.id, value: ask(...message.parameters) });
    } catch (error) {
      post({ type: 'failure', id: message.id, error: toErrorReport(error) });
    }
  });
}

/** A small recording is there for its rows. */
function keptBytesMax(sizeBytesMax: number): number {
  return Math.min(limits.keptStatesBytesMax, sizeBytesMax / 16);
}

function opened<T>(open: () => T): T | null {
  try {
    return open();
  } catch (error) {
    post({ type: 'failed_to_open', error: toErrorReport(error) });
    port.close();
    return null;
  }
}

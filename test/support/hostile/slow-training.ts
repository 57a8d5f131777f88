/**
 * Imported before the program (`NODE_OPTIONS=--import`): a participant that was started trains as slowly as a slower
 * machine would, by `TRAINING_MS`, so that a round lasts about as long whatever goes on beside it; only demos can be asked
 * for that. With `HEAP_FOLDER` each process and each of its threads writes
 * there every `HEAP_MS` what is alive in its memory after a collection.
 */
import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread, threadId } from 'node:worker_threads';

const { TRAINING_MS = '', HEAP_FOLDER = '', HEAP_MS = '60000' } = process.env;

if (isMainThread && TRAINING_MS !== '' && process.send !== undefined) {
  process.prependListener('message', (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('type' in message)) return;
    if (message.type === 'start_participant') Object.assign(message, { trainingMs: Number(TRAINING_MS) });
  });
}

if (HEAP_FOLDER !== '') {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const file = join(HEAP_FOLDER, `${process.pid}${isMainThread ? '' : `-${threadId}`}.jsonl`);
  const timer = setInterval(() => {
    // Now, not before: a launcher that goes on as the program has changed them.
    const [, script = '', first = ''] = process.argv;
    const folder = basename(join(script, '..'));
    if (isMainThread && (folder === 'scripts' || folder === 'lib')) return;
    const name = isMainThread ? `${folder} ${first}` : `${folder} thread`;
    collect();
    const memory = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    // Of a thread, what is its own: what is resident and what it takes of the processor is told of its process.
    const own = isMainThread ? { cpuMs: (user + system) / 1000 } : { cpuMs: 0, rss: memory.heapTotal };
    appendFileSync(file, `${JSON.stringify({ name, pid: process.pid, at: Date.now(), ...memory, ...own })}\n`);
  }, Number(HEAP_MS));
  timer.unref();
}

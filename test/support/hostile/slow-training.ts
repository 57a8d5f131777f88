/**
 * Imported before the program (`NODE_OPTIONS=--import`): a participant that was started trains as slowly as a slower
 * machine would, by `TRAINING_MS`, so that a round lasts about as long whatever goes on beside it; only demos can be asked
 * for that. With `HEAP_FOLDER` each process writes there every `HEAP_MS` what is alive in its memory after a collection.
 */
import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const { TRAINING_MS = '', HEAP_FOLDER = '', HEAP_MS = '60000' } = process.env;

if (isMainThread && TRAINING_MS !== '' && process.send !== undefined) {
  process.prependListener('message', (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('type' in message)) return;
    if (message.type === 'start_participant') Object.assign(message, { trainingMs: Number(TRAINING_MS) });
  });
}

if (isMainThread && HEAP_FOLDER !== '') {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const timer = setInterval(() => {
    const folder = basename(join(process.argv[1] ?? '', '..'));
    if (folder === 'scripts' || folder === 'lib') return;
    collect();
    const { user, system } = process.cpuUsage();
    const name = `${folder} ${process.argv[2] ?? ''}`;
    const cpuMs = (user + system) / 1000;
    const line = JSON.stringify({ name, pid: process.pid, at: Date.now(), cpuMs, ...process.memoryUsage() });
    appendFileSync(join(HEAP_FOLDER, `${process.pid}.jsonl`), `${line}\n`);
  }, Number(HEAP_MS));
  timer.unref();
}

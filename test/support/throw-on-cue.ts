/**
 * Imported before the program (`NODE_OPTIONS=--import`): makes one real process, or one of its threads, throw where nobody
 * catches it, as a mistake of ours would. `THROW_IN` names the process by its entry and what it was started as
 * (`participant node-1`), or a thread by its name; it throws as soon as it can take away the file `THROW_CUE`, so once.
 */
import { rmSync } from 'node:fs';
import { isMainThread, threadName } from 'node:worker_threads';

const { THROW_IN = '', THROW_CUE = '', THROW_HOW = 'throw' } = process.env;

function self(): string {
  if (!isMainThread) return `thread ${threadName}`;
  const entry = /\/src\/([a-z]+)\/index\.ts$/.exec(process.argv[1] ?? '')?.[1] ?? '';
  return entry === 'headless' ? entry : `${entry} ${process.argv[2] ?? ''}`;
}

function wait(): void {
  const timer = setInterval(() => {
    // Its arguments are those of the program only once that has begun.
    if (self() !== THROW_IN) return;
    try {
      rmSync(THROW_CUE);
    } catch {
      // Not yet, or another has taken it.
      return;
    }
    clearInterval(timer);
    const error = new Error('thrown on purpose');
    if (THROW_HOW === 'throw') throw error;
    void Promise.reject(error);
  }, 20);
  timer.unref();
}

if (THROW_IN !== '') wait();

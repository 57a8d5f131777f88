/**
 * Ends this process as SIGTERM would when the one that started it is gone. npm that is told to end by SIGTERM ends the
 * shell between and leaves the program running, and a program killed by SIGKILL cannot tell its child anything.
 * Imported for its effect (`node --import`). Windows keeps the number of a parent that is gone: nothing happens there.
 */
import { isMainThread } from 'node:worker_threads';

function watchParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}

// Worker threads import it too, but one signal is enough.
if (isMainThread) watchParent();

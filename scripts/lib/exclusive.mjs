import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { inRoot } from './paths.mjs';
import { say } from './say.mjs';

const defaultPath = inRoot('.set-up.lock');
const pollMs = 200;

/** The process that holds the lock; undefined: none that still runs. */
function holderOf(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // Another user's process: it runs.
    return error.code === 'EPERM' ? 0 : undefined;
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Does work that no other start in this checkout may do at the same time: two installs or builds would write over each
 * other. `work` has to look again whether there is still something to do. A lock whose process is gone is taken over.
 * @param {string} doing what others are told that this one does
 */
export async function exclusively(doing, work, path = defaultPath) {
  for (let told = false; !take(path);) {
    const pid = holderOf(path);
    if (pid === undefined) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) say(`• Another start ${doing} already (process ${pid || 'of another user'}); waiting for it`);
    told = true;
    await delay(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

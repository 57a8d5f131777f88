import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, inRoot, isWritable } from './paths.mjs';
import { launch } from './launch.mjs';
import { say, step } from './say.mjs';
import { readStamp, writeStamp } from './stamp.mjs';

const folder = inRoot('node_modules', 'electron');
const failureLastsMs = 24 * 60 * 60 * 1000;
const downloadLimitMs = 5 * 60 * 1000;

/** Path of Electron's program when it is there. Never by `require('electron')`: that alone starts the download. */
export function findElectron() {
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const program = join(folder, 'dist', readFileSync(pathFile, 'utf8').trim());
  return existsSync(program) ? program : undefined;
}

/** Why this machine cannot show Electron's window, or `undefined` when it can. */
export function reasonAgainstElectron({
  platform = process.platform,
  env = process.env,
  uid = process.getuid?.(),
} = {}) {
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return 'there is no display';
  if (uid === 0) return 'Electron keeps its sandbox only for users other than root';
  return undefined;
}

/**
 * What the tests of the window run in: the Electron that is told or installed, or else the stand-in, and why.
 * @returns {{program?: string, words: string}}
 */
export function windowOfTests({ told = process.env.ROUNDSCOPE_ELECTRON, find = findElectron, ...machine } = {}) {
  if (told) return { program: told, words: `window: Electron, as ROUNDSCOPE_ELECTRON says (${told})` };
  const program = find();
  const why = program ? reasonAgainstElectron(machine) : 'no Electron is installed (`npm start` downloads it)';
  return why === undefined
    ? { program, words: 'window: Electron' }
    : { words: `window: Electron's stand-in, since ${why}` };
}

/** Whether a failed download lies less than a day back; a clock that was set back does not prolong that. */
export function failedLately(stamp, version, nowMs) {
  return stamp?.version === version && stamp.atMs <= nowMs && nowMs - stamp.atMs < failureLastsMs;
}

/** Electron's program, downloaded by its own script when it is missing; `undefined` when it cannot be had. */
export async function ensureElectron(node24) {
  const found = findElectron();
  if (found) return found;
  if (!existsSync(folder)) return undefined;
  // Another user's checkout: no download could be kept.
  if (!isWritable(folder) || !isWritable(cacheFolder)) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const stampPath = join(cacheFolder, 'electron-failed.json');
  if (failedLately(readStamp(stampPath), version, Date.now())) {
    say(`• No Electron: its download failed less than a day ago (try again: delete ${stampPath})`);
    return undefined;
  }
  const result = await step(`Downloading Electron ${version} (about 110 MB, once)`, () =>
    launch(node24, [join(folder, 'install.js')], { capture: true, limitMs: downloadLimitMs }),
  );
  const program = findElectron();
  if (program) return program;
  const why = result.timedOut
    ? 'it took more than 5 minutes'
    : (result.output.trim().split('\n')[0] ?? 'no reason given');
  say(`  Electron could not be downloaded: ${why}`);
  writeStamp(stampPath, { version, atMs: Date.now() });
  return undefined;
}

import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetUpError } from './say.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** An absolute path in the checkout. */
export function inRoot(...parts) {
  return join(root, ...parts);
}

/** Where these scripts remember things between runs; it goes when node_modules goes. */
export const cacheFolder = inRoot('node_modules', '.cache', 'roundscope');

/**
 * Where Node keeps the sources as it compiled them: each of a run's processes loads some hundred, and stripping their
 * types again takes most of its start. One entry a file, found by its contents; a folder that cannot be written is not used.
 */
export const compiledFolder = join(cacheFolder, 'compiled');

/** Whether this user may write `path`, or make it where it is not there yet. */
export function isWritable(path) {
  for (let at = path; ; at = dirname(at)) {
    try {
      accessSync(at, constants.W_OK);
      return true;
    } catch (error) {
      if (error.code !== 'ENOENT' || dirname(at) === at) return false;
    }
  }
}

/**
 * Before anything is installed or built: a checkout may be another user's, who has to do that once.
 * @throws SetUpError
 */
export function demandWritable(what) {
  const barred = ['.', 'node_modules', 'out'].map((name) => inRoot(name)).find((path) => !isWritable(path));
  if (barred === undefined) return;
  throw new SetUpError(`${what}, and you have no right to write ${barred}.`, {
    tell: 'Let its owner run `npm start` once (afterwards everybody who can read it can start it), or clone it to a folder of your own.',
  });
}

/**
 * The environment without the project's own programs. `npm start` puts node_modules/.bin first, where `node` is the
 * pinned one: npm would then replace the very program that runs it.
 */
export function outerEnvironment(environment = process.env) {
  const name = Object.keys(environment).find((key) => key.toLowerCase() === 'path') ?? 'PATH';
  const folders = (environment[name] ?? '').split(delimiter);
  return { ...environment, [name]: folders.filter((folder) => !folder.includes('node_modules')).join(delimiter) };
}

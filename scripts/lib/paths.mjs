import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** An absolute path in the checkout. */
export function inRoot(...parts) {
  return join(root, ...parts);
}

/** Where these scripts remember things between runs; it goes when node_modules goes. */
export function cacheFolder() {
  const folder = inRoot('node_modules', '.cache', 'roundscope');
  mkdirSync(folder, { recursive: true });
  return folder;
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

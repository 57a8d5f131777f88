import { existsSync } from 'node:fs';
import nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';
import { standInFor } from './launch.mjs';
import { isRunningOnIt } from './node24.mjs';
import { compiledFolder, inRoot, outerEnvironment } from './paths.mjs';

const source = inRoot('src', 'headless', 'index.ts');

/** In a checkout the command line runs from source, in an installed package there is only the bundle. */
export const isCheckout = existsSync(source);
const entry = isCheckout ? source : inRoot('out', 'main', 'headless.js');

const endWithParent = new URL('./end-with-parent.mjs', import.meta.url);

/**
 * Runs the command line to its end.
 * @param {() => Promise<string>} findNode24 asked only when the Node that runs this is another
 * @returns {Promise<number>} its exit status
 */
export async function runHeadless(args, findNode24) {
  if (!isRunningOnIt()) {
    const command = ['--import', endWithParent.href, entry, ...args];
    const env = { ...(isCheckout && { NODE_COMPILE_CACHE: compiledFolder }), ...outerEnvironment() };
    return (await standInFor(await findNode24(), command, { env })).status;
  }
  if (isCheckout) {
    process.env.NODE_COMPILE_CACHE ??= compiledFolder;
    nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  }
  // No second process: signals and status need nobody to pass them on. Only npm leaves its script behind when it ends;
  // a command that was started by itself may well outlive its shell.
  if (process.env.npm_lifecycle_event) await import(endWithParent.href);
  process.argv.splice(1, Infinity, entry, ...args);
  await import(pathToFileURL(entry).href);
  return process.exitCode ?? 0;
}

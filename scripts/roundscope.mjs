#!/usr/bin/env node
/**
 * The command line. In a checkout it runs from source, installed it runs the bundle; both on Node 24. Its stdout
 * belongs to the command alone.
 */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { standInFor } from './lib/launch.mjs';
import { ensureModules } from './lib/modules.mjs';
import { ensureNode24, isRunningOnIt, nodeMajor } from './lib/node24.mjs';
import { inRoot } from './lib/paths.mjs';
import { SetUpError, runScript } from './lib/say.mjs';

const source = inRoot('src', 'headless', 'index.ts');
const bundle = inRoot('out', 'main', 'headless.js');
const isCheckout = existsSync(source);
const entry = isCheckout ? source : bundle;

await runScript(async () => {
  if (isCheckout) await ensureModules();
  if (isRunningOnIt()) {
    // No second process: signals and status need nobody to pass them on.
    await import(pathToFileURL(entry).href);
    return process.exitCode;
  }
  if (!isCheckout) {
    throw new SetUpError(`Roundscope needs Node.js ${nodeMajor}; this is ${process.version}.`, {
      tell: `Install Node.js ${nodeMajor} (https://nodejs.org) and try again.`,
    });
  }
  return (await standInFor(await ensureNode24(), [entry, ...process.argv.slice(2)])).status;
});

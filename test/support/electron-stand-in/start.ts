import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Runs an app's unmodified production bundles on Node and Chromium. Whoever asks for `electron` gets `electron.ts`; the
 * rest is what Electron does around the app's own code: its arguments, its name, and when it is ready.
 */
const electron = new URL('./electron.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: electron, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
});

/** Options of the program itself, which Playwright gives; the app does not see them. */
const own = /^--(no-sandbox|inspect|remote-debugging-port)/;
const [folder, ...options] = process.argv.slice(2).filter((argument) => !own.test(argument));
if (folder === undefined) throw new Error('electron-stand-in APP_FOLDER [OPTIONS]');
const root = resolve(folder);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { main: string; version: string };
process.argv.splice(1, Infinity, folder, ...options);

const { standInApp } = await import('./app.ts');
standInApp.version = manifest.version;
await import(pathToFileURL(join(root, manifest.main)).href);
// As in Electron, and not before: an entry module that waits for it at its top level would wait for ever.
await standInApp.becomeReady();

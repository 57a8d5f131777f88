/**
 * `npm start [-- OPTIONS]`: from a fresh clone to the window. What is there already is not done again.
 * `--browser` shows the window in the browser even where Electron is there; other options go to the app (`--idle`).
 */
import { ensureBuilt } from './lib/build.mjs';
import { ensureElectron, reasonAgainstElectron } from './lib/electron.mjs';
import { runHeadless } from './lib/headless.mjs';
import { standInFor } from './lib/launch.mjs';
import { ensureModules } from './lib/modules.mjs';
import { ensureNode24 } from './lib/node24.mjs';
import { root } from './lib/paths.mjs';
import { runScript, say } from './lib/say.mjs';

/** An Electron that ends this soon with an error has shown no window. */
const startupCrashMs = 3000;

async function startElectron(program, args) {
  const env = { ...process.env };
  // Set by some editors' terminals: it would make Electron a plain Node.
  delete env.ELECTRON_RUN_AS_NODE;
  const { status, ranMs } = await standInFor(program, [root, ...args], { env });
  if (status === 0 || ranMs > startupCrashMs) return status;
  say(`• Electron ended with status ${status} before it showed a window`);
  return undefined;
}

function startInBrowser(node24, args) {
  const hasDisplay = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const isTold = args.some((argument) => argument === '--open' || argument === '--no-open');
  const open = isTold ? [] : [hasDisplay ? '--open' : '--no-open'];
  return runHeadless(['serve', ...open, ...args], () => Promise.resolve(node24));
}

await runScript(async () => {
  const given = process.argv.slice(2);
  const args = given.filter((argument) => argument !== '--browser');
  await ensureModules();
  const node24 = await ensureNode24();
  await ensureBuilt(node24);
  const against = args.length < given.length ? 'you asked for the browser' : reasonAgainstElectron();
  if (!against) {
    const electron = await ensureElectron(node24);
    const status = electron && (await startElectron(electron, args));
    if (status !== undefined) return status;
    say('• Showing the same window in the browser instead');
  } else {
    say(`• Window in the browser: ${against}`);
  }
  return startInBrowser(node24, args);
});

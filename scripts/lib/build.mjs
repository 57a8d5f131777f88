import { existsSync } from 'node:fs';
import { exclusively } from './exclusive.mjs';
import { demandWritable, inRoot } from './paths.mjs';
import { launch } from './launch.mjs';
import { SetUpError, step } from './say.mjs';
import { hashOf, readStamp, writeStamp } from './stamp.mjs';

const inputs = ['src', 'electron.vite.config.ts', 'package.json', 'package-lock.json', 'tsconfig.base.json'];
const stamp = inRoot('out', '.sources.json');

function sourcesHash() {
  return hashOf(
    inputs.map((path) => inRoot(path)),
    (path) => /\.test\.tsx?$/.test(path),
  );
}

function isBuilt() {
  return existsSync(inRoot('out', 'main')) && readStamp(stamp)?.sources === sourcesHash();
}

async function bundle(node24) {
  // Taken before the build: a file saved in the middle of it must make the next start build again.
  const sources = sourcesHash();
  await step('Building the app', async () => {
    const cli = inRoot('node_modules', 'electron-vite', 'bin', 'electron-vite.js');
    const result = await launch(node24, [cli, 'build', '--logLevel', 'warn'], {
      capture: true,
      env: { ...process.env, NO_COLOR: '1' },
    });
    if (result.status !== 0 || process.env.ROUNDSCOPE_VERBOSE) process.stderr.write(result.output);
    if (result.status !== 0) {
      throw new SetUpError('The build failed.', { tell: 'Its messages are above. `npm run types` may say more.' });
    }
  });
  writeStamp(stamp, { sources });
}

/** Bundles everything into out/. */
export async function build(node24) {
  demandWritable('The app has to be built');
  await exclusively('builds', () => bundle(node24));
}

export async function ensureBuilt(node24) {
  if (isBuilt()) return;
  demandWritable('The app has to be built');
  await exclusively('builds', async () => {
    if (!isBuilt()) await bundle(node24);
  });
}

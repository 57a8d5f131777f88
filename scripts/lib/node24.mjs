import { existsSync } from 'node:fs';
import { launch } from './launch.mjs';
import { runNpm } from './npm.mjs';
import { demandWritable, inRoot } from './paths.mjs';
import { SetUpError, step } from './say.mjs';

export const nodeMajor = 24;

const pinned = inRoot('node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Whether the Node that runs this is of the major that everything is tested on. */
export function isRunningOnIt() {
  return Number(process.versions.node.split('.')[0]) === nodeMajor;
}

async function works(path) {
  if (!existsSync(path)) return false;
  const { status, output } = await launch(path, ['--version'], { capture: true, limitMs: 10_000 }).catch(() => ({}));
  return status === 0 && output.startsWith(`v${nodeMajor}.`);
}

/** Path of Node 24: the one that the `node` package carries, else the one that runs this when it is a 24 too. */
export async function ensureNode24() {
  if (await works(pinned)) return pinned;
  if (isRunningOnIt() && process.execPath !== pinned) return process.execPath;
  // Its install script was not run, for instance under `ignore-scripts=true`.
  demandWritable(`Node ${nodeMajor} has to be fetched`);
  await step(`Fetching Node ${nodeMajor} (npm package "node")`, () =>
    runNpm(['rebuild', 'node', '--ignore-scripts=false']),
  );
  if (await works(pinned)) return pinned;
  throw new SetUpError(`Node ${nodeMajor} of the npm package "node" does not run on this machine.`, {
    tell: `Install Node.js ${nodeMajor} (https://nodejs.org) and try again.`,
  });
}

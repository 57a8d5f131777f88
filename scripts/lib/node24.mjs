import { copyFileSync, existsSync, linkSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { failedLately } from './electron.mjs';
import { launch } from './launch.mjs';
import { installPackages, npmEnvironment, runNpm } from './npm.mjs';
import { cacheFolder, demandWritable, inRoot, isWritable, root } from './paths.mjs';
import { SetUpError, say, step } from './say.mjs';
import { readStamp, writeStamp } from './stamp.mjs';

export const nodeMajor = 24;

const isWindows = process.platform === 'win32';
const program = isWindows ? 'node.exe' : 'node';
const pinned = inRoot('node_modules', 'node', 'bin', program);
/** A project of its own, so that what it holds is known by its hash, and that nothing of it has to run. */
const project = inRoot('scripts', 'node24');
const installed = join(cacheFolder, 'node24');
/** Tells that it could not be had, so that who has a Node of the right major need not wait for that at every start. */
const failure = join(cacheFolder, 'node24-failed.json');

/** Whether the Node that runs this is of the major that everything is tested on. */
export function isRunningOnIt() {
  return Number(process.versions.node.split('.')[0]) === nodeMajor;
}

async function works(path) {
  if (!existsSync(path)) return false;
  const { status, output } = await launch(path, ['--version'], { capture: true, limitMs: 10_000 }).catch(() => ({}));
  return status === 0 && output.startsWith(`v${nodeMajor}.`);
}

/** Installs the package for this system, if there is one, and puts its program where the `node` package has it. */
async function fetchLocked() {
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(project, name), join(installed, name));
  // From the root: npm goes through a shell on Windows, which would split a path with a blank in it.
  await installPackages(['ci', '--prefix', relative(root, installed)]);
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const fetched = join(installed, 'node_modules', name, 'bin', program);
  if (!existsSync(fetched)) return;
  mkdirSync(dirname(pinned), { recursive: true });
  rmSync(pinned, { force: true });
  try {
    linkSync(fetched, pinned);
  } catch {
    // A file system without links.
    copyFileSync(fetched, pinned);
  }
  // As npm does for a program that is there when it installs: its scripts then run on it. Windows has files for that.
  const inPath = inRoot('node_modules', '.bin', 'node');
  if (!isWindows && !existsSync(inPath)) symlinkSync(join('..', 'node', 'bin', program), inPath);
}

/** Whether this user has told npm, for all projects, to run no install scripts; what this project says is left out. */
export async function scriptsAreOff(environment = process.env) {
  const env = npmEnvironment(environment);
  for (const name of Object.keys(env)) if (/^npm_config_ignore_scripts$/i.test(name)) delete env[name];
  const asked = await launch('npm', ['config', 'get', 'ignore-scripts'], {
    ...{ capture: true, cwd: tmpdir(), env, shell: isWindows },
  });
  return asked.output.trim().split('\n').at(-1) === 'true';
}

/** By the install script of the `node` package, the only one that is ever run: for systems of which no hash is known. */
async function fetchByScript() {
  if (await scriptsAreOff()) {
    throw new SetUpError(
      `Node ${nodeMajor} for this system comes by an install script, and your npm runs none (ignore-scripts).`,
      {
        tell: `Install Node.js ${nodeMajor} (https://nodejs.org), or allow this one script: npm rebuild node --ignore-scripts=false`,
      },
    );
  }
  await runNpm(['rebuild', 'node'], { scripts: true });
}

async function fetchNode24() {
  demandWritable(`Node ${nodeMajor} has to be fetched`);
  await step(`Fetching Node ${nodeMajor} (npm package, about 120 MB on disk)`, fetchLocked);
}

/** The fetched one, or else the one that runs this: it is of the right major. */
async function fetchedOr(own) {
  if (failedLately(readStamp(failure), own, Date.now())) return own;
  try {
    await fetchNode24();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
  }
  if (await works(pinned)) return pinned;
  say(`  The Node ${process.versions.node} that runs this is used instead.`);
  if (isWritable(cacheFolder)) writeStamp(failure, { version: own, atMs: Date.now() });
  return own;
}

/** Path of Node 24: the one that npm has for this system, else the one that runs this when it is a 24 too. */
export async function ensureNode24() {
  if (await works(pinned)) return pinned;
  if (isRunningOnIt() && process.execPath !== pinned) return await fetchedOr(process.execPath);
  await fetchNode24();
  if (await works(pinned)) return pinned;
  await step('Installing the npm package "node"', fetchByScript);
  if (await works(pinned)) return pinned;
  throw new SetUpError(`Node ${nodeMajor} of the npm package "node" does not run on this machine.`, {
    tell: `Install Node.js ${nodeMajor} (https://nodejs.org) and try again.`,
  });
}

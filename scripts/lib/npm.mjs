import { spawn } from 'node:child_process';
import { outerEnvironment, root } from './paths.mjs';
import { SetUpError } from './say.mjs';

/**
 * What npm is told, whatever its user's own settings for other projects are (.npmrc, environment): what is built and
 * run here needs the development packages and the native parts, laid out and locked as the lockfile says. The npm package
 * `node` brings the Node that everything runs on, so the demands of other packages on the Node of npm say nothing.
 */
const settings = [
  '--include=prod',
  '--include=dev',
  '--include=optional',
  '--include=peer',
  '--package-lock=true',
  '--package-lock-only=false',
  '--dry-run=false',
  '--global=false',
  '--install-strategy=hoisted',
  '--legacy-peer-deps=false',
  '--engine-strict=false',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];

/**
 * Install scripts are programs of strangers that run at once; npm before 11.19 does not know `allowScripts`. None of ours
 * is needed: native parts come as packages for each system.
 */
const withoutScripts = '--ignore-scripts=true';

/** Bytes of npm's words that are kept to explain its failure. */
const wordsKept = 64 * 1024;

/** The environment of npm: settings that would leave out what is needed are not handed on. */
export function npmEnvironment(environment = process.env) {
  const env = outerEnvironment(environment);
  for (const name of Object.keys(env)) {
    // `production` as such makes npm leave out the development packages; the others are older names of that.
    if (/^(node_env|npm_config_(omit|include|only|also|production|dev|optional))$/i.test(name)) delete env[name];
  }
  // The CPU build is part of the package; without this its install script downloads the GPU libraries.
  env.ONNXRUNTIME_NODE_INSTALL = 'skip';
  return env;
}

/** What can be done about an npm that failed, by its own words. */
const remedies = [
  [/ENOSPC|no space left/i, 'The disk is full: about 800 MB are needed. Make room and run the same command again.'],
  [
    /EROFS|read-only file system/i,
    'This folder lies on a file system that cannot be written. Clone it to one that can.',
  ],
  [
    /root-owned files|(EACCES|EPERM)[\s\S]*(_cacache|_logs|\.npm\b)/,
    'npm\'s own cache cannot be written by you. Choose another: npm_config_cache="$(mktemp -d)" before the same command.',
  ],
  [
    /EACCES|EPERM/,
    'Something in this folder cannot be written by you. Change its owner, or clone it to one of your own.',
  ],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|CERT_/,
    'A proxy or mirror shows a certificate that Node does not know. Name its authority: npm config set cafile FILE.',
  ],
  [/E40[137]\b/, 'The registry or the proxy refused. Look at: npm config get registry, npm config get proxy.'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|ERR_PROXY|network/i,
    "The npm registry could not be reached, and not all packages are in npm's cache. Connect to a network, or set the way: npm config set proxy http://HOST:PORT, npm config set registry URL.",
  ],
  [/EINTEGRITY/, "A package is not the one that the lockfile names. Empty npm's cache: npm cache clean --force."],
];

/** @returns {string} what to try, for what npm has printed */
export function remedyFor(words) {
  return remedies.find(([pattern]) => pattern.test(words))?.[1] ?? "npm's own words are above.";
}

/**
 * Runs npm in the checkout; what it prints is shown as it comes, on stderr.
 * @param options.scripts run the install scripts of what is named
 * @throws SetUpError with what to try
 */
export async function runNpm(args, { folder = root, environment = process.env, scripts = false } = {}) {
  const { status, words } = await new Promise((resolve, reject) => {
    // npm is a .cmd file on Windows, which only a shell can start.
    const shell = process.platform === 'win32';
    const child = spawn('npm', [...args, ...settings, scripts ? '--ignore-scripts=false' : withoutScripts], {
      cwd: folder,
      env: npmEnvironment(environment),
      shell,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let words = '';
    const take = (bytes) => {
      words = (words + bytes.toString('utf8')).slice(-wordsKept);
      process.stderr.write(bytes);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (cause) => {
      reject(new SetUpError('npm could not be started.', { tell: 'Install Node.js 20 or newer with npm.', cause }));
    });
    child.once('close', (code) => resolve({ status: code, words }));
  });
  if (status === 0) return;
  const end = status === null ? 'was ended by a signal' : `ended with status ${status}`;
  throw new SetUpError(`npm ${args[0]} ${end}.`, { tell: remedyFor(words), cause: words });
}

/**
 * Installs, asking the registry only for what is not in npm's cache: every version is locked, so nothing newer is wanted,
 * and a machine without a network installs what it has installed before. Only a list of versions that is older than the
 * lockfile has to be asked for again.
 */
export async function installPackages(args) {
  try {
    await runNpm([...args, '--prefer-offline']);
  } catch (error) {
    if (!/\b(ETARGET|ENOVERSIONS)\b/.test(String(error.cause))) throw error;
    await runNpm([...args, '--prefer-online']);
  }
}

import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { launch } from './launch.mjs';
import { say, step } from './say.mjs';

/** The option that keeps `npm test` from installing anything on the system. */
export const refusal = 'no-install';

/**
 * Programs that tests need and npm does not carry. Where they are found is told to the tests by environment variables;
 * a test whose program is missing skips itself and says so.
 */
const tools = [
  {
    name: 'Chromium',
    variable: 'ROUNDSCOPE_CHROMIUM',
    package: 'chromium',
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    places: () => [...playwrightChromiums(), '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
    skips: 'the end-to-end tests',
  },
  {
    name: 'Mosquitto',
    variable: 'ROUNDSCOPE_MOSQUITTO',
    package: 'mosquitto',
    programs: ['mosquitto'],
    places: () => [
      '/usr/sbin/mosquitto',
      '/opt/homebrew/sbin/mosquitto',
      'C:\\Program Files\\mosquitto\\mosquitto.exe',
    ],
    skips: 'the tests against a Mosquitto broker',
  },
  {
    name: 'RabbitMQ',
    variable: 'ROUNDSCOPE_RABBITMQ',
    package: 'rabbitmq-server',
    programs: [],
    // The script behind Debian's /usr/sbin/rabbitmq-server, which would change to a user of its own.
    places: () => [
      '/usr/lib/rabbitmq/bin/rabbitmq-server',
      '/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server',
      '/usr/local/opt/rabbitmq/sbin/rabbitmq-server',
    ],
    skips: 'the tests of AMQP',
  },
  {
    name: 'Cyclone DDS',
    variable: 'ROUNDSCOPE_LIBDDSC',
    package: 'cyclonedds-dev',
    programs: [],
    places: () => [
      ...debianLibraryFolders().flatMap((folder) => ['libddsc.so.0debian', 'libddsc.so'].map((n) => join(folder, n))),
      '/opt/homebrew/lib/libddsc.dylib',
      '/usr/local/lib/libddsc.dylib',
    ],
    isThere: isFile,
    skips: 'the tests of DDS',
  },
  {
    name: "Cyclone DDS's IDL compiler",
    variable: 'ROUNDSCOPE_IDLC',
    package: 'cyclonedds-tools',
    programs: ['idlc'],
    places: () => [],
    skips: 'the tests of DDS against a C program',
  },
  {
    name: 'a C compiler with the headers of OpenSSL',
    variable: 'ROUNDSCOPE_CC',
    package: 'gcc',
    // What `gcc` only recommends, and the C program's cryptography.
    also: ['libc6-dev', 'libssl-dev'],
    programs: ['gcc', 'cc'],
    places: () => [],
    isThere: (path) => isProgram(path) && ['stdio.h', 'openssl/evp.h'].every((name) => isFile(`/usr/include/${name}`)),
    skips: 'the tests of DDS against a C program',
  },
];

function isProgram(path) {
  return isAccessible(path, constants.X_OK);
}

function isFile(path) {
  return isAccessible(path, constants.R_OK);
}

function isAccessible(path, mode) {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Where Debian and Ubuntu put libraries: a folder per architecture. */
function debianLibraryFolders() {
  const folder = '/usr/lib';
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('-linux-gnu') || name.endsWith('-linux-gnueabihf'))
    .map((name) => join(folder, name));
}

/** Chromium as `npx playwright install chromium` leaves it. */
function playwrightChromiums() {
  const folder = join(homedir(), '.cache', 'ms-playwright');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith('chromium-'))
    .flatMap((name) => ['chrome-linux64', 'chrome-linux'].map((inner) => join(folder, name, inner, 'chrome')));
}

function find(tool) {
  const { isThere = isProgram } = tool;
  const told = process.env[tool.variable];
  if (told) return isThere(told) ? told : undefined;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const onPath = tool.programs.flatMap((program) => folders.map((folder) => join(folder, `${program}${suffix}`)));
  return [...onPath, ...tool.places()].find(isThere);
}

/** Ubuntu's `chromium` only installs a snap, which needs a running snapd: containers and CI machines have none. */
async function canInstall(packageName) {
  const { output } = await launch('apt-cache', ['policy', packageName], { capture: true });
  const candidate = /Candidate: (\S+)/.exec(output)?.[1];
  return candidate !== undefined && candidate !== '(none)' && !candidate.includes('snap');
}

async function installWithApt(missing) {
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    // Keeps Debian from starting the broker as a service: tests start their own on free ports.
    RUNLEVEL: '1',
  };
  const apt = (...args) => launch('apt-get', args, { env, capture: true, limitMs: 8 * 60_000 });
  const names = missing.flatMap(packagesOf);
  say('Some tests need programs that npm does not carry, and you are root, so apt-get is about to install:');
  for (const tool of missing) say(`  ${packagesOf(tool).join(' ')}: ${tool.name}, for ${tool.skips}`);
  say(`  (\`npm test -- --${refusal}\` installs nothing and skips those tests)`);
  await step(`Installing ${names.join(' and ')} with apt-get`, async () => {
    const isKnown = (await Promise.all(names.map(canInstall))).every(Boolean);
    const updated = isKnown ? { status: 0 } : await apt('update', '-q');
    const wanted = [];
    for (const name of names) {
      if (await canInstall(name)) wanted.push(name);
      else say(`  this system has no package ${name} that apt-get could install`);
    }
    if (wanted.length === 0) return;
    const install = () => apt('install', '-q', '-y', '--no-install-recommends', ...wanted);
    let result = await install();
    // Lists that are older than the archive name packages that are gone from it.
    if (result.status !== 0 && isKnown && (await apt('update', '-q')).status === 0) result = await install();
    if (result.status !== 0) say(`  apt-get failed: ${lastLines(updated.output, result.output)}`);
  });
}

function packagesOf({ package: first, also = [] }) {
  return [first, ...also];
}

function lastLines(...outputs) {
  return outputs.join('\n').trim().split('\n').slice(-3).join('\n  ');
}

/** The words for a tool that is not there. */
export function describeAbsent(tool, { hasApt }) {
  const hint = hasApt ? `sudo apt-get install ${packagesOf(tool).join(' ')}` : `install ${tool.name}`;
  return `${tool.name} is missing, so ${tool.skips} are skipped. To run them: ${hint} (or set ${tool.variable}).`;
}

/**
 * Finds the tools, after installing what is missing where that is possible and not refused.
 * @returns {Promise<{variables: Record<string, string | undefined>, absent: string[]}>} the environment variables that tell the
 *   tests where the tools are (undefined: nowhere, whatever the variable said), and what is not there, in words
 */
export async function ensureSystemTools({ mayInstall }) {
  const absent = () => tools.filter((tool) => !find(tool));
  const hasApt = process.platform === 'linux' && isProgram('/usr/bin/apt-get');
  if (absent().length > 0 && hasApt && process.getuid() === 0 && mayInstall) await installWithApt(absent());
  const described = absent().map((tool) => describeAbsent(tool, { hasApt }));
  for (const words of described) say(`• ${words}`);
  return { variables: Object.fromEntries(tools.map((tool) => [tool.variable, find(tool)])), absent: described };
}

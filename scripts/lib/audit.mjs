import { launch } from './launch.mjs';
import { npmEnvironment } from './npm.mjs';
import { root } from './paths.mjs';

/**
 * What npm's registry says of what is installed here. A mirror need not offer that, and a machine need not reach it: then
 * a check is skipped, with the reason, and never taken for passed.
 * @typedef {{what: string, state: 'passed' | 'failed' | 'skipped', words: string}} Finding
 */

/** npm tries again by itself, for longer than anybody waits. */
const limitMs = 90_000;

/** Those that somebody has to look at; of lesser ones it is only told how many there are. */
const grave = ['moderate', 'high', 'critical'];

/** npm's own words where it is the registry, or the way to it, that does not offer a check. */
const notOffered =
  /\bE?(400|401|403|404|405|501|502|503)\b|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|from a supported registry|no network|request to \S+ failed/i;

function parsed(output) {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

function notAnswered(what, { output, timedOut }) {
  if (timedOut) return { what, state: 'skipped', words: `no answer within ${limitMs / 1000} s` };
  const answer = parsed(output);
  const [words] = (answer?.error?.summary || answer?.message || output).trim().split('\n');
  return { what, state: notOffered.test(words) ? 'skipped' : 'failed', words: words || 'npm said nothing' };
}

/** @returns {Finding} */
export function checkSignatures(result) {
  const what = 'signatures';
  const { invalid, missing } = parsed(result.output) ?? {};
  if (!Array.isArray(invalid) || !Array.isArray(missing)) return notAnswered(what, result);
  const names = (packages) => packages.map(({ name, version }) => `${name}@${version}`).join(', ');
  const faults = [
    ...(invalid.length > 0 ? [`not signed by the registry as they are: ${names(invalid)}`] : []),
    ...(missing.length > 0 ? [`without a signature: ${names(missing)}`] : []),
  ];
  return faults.length > 0
    ? { what, state: 'failed', words: faults.join('; ') }
    : { what, state: 'passed', words: 'each package is signed by its registry' };
}

/** @returns {Finding} */
function checkAdvisories(result) {
  const what = 'advisories';
  const { metadata, vulnerabilities = {} } = parsed(result.output) ?? {};
  if (metadata?.vulnerabilities === undefined) return notAnswered(what, result);
  const faults = Object.entries(vulnerabilities)
    .filter(([, { severity }]) => grave.includes(severity))
    .map(([name, { severity }]) => `${name} (${severity})`);
  if (faults.length > 0) return { what, state: 'failed', words: `npm audit tells of ${faults.join(', ')}` };
  const { total } = metadata.vulnerabilities;
  return { what, state: 'passed', words: total === 0 ? 'none' : `${total} of little weight: npm audit tells of them` };
}

function ask(args, { folder = root, environment = process.env } = {}) {
  const isWindows = process.platform === 'win32';
  const options = { capture: true, limitMs, cwd: folder, env: npmEnvironment(environment), shell: isWindows };
  return launch('npm', [...args, '--json', '--loglevel=silent', '--fetch-retries=1'], options);
}

export async function signaturesOf(where) {
  return checkSignatures(await ask(['audit', 'signatures'], where));
}

export async function advisoriesOf(where) {
  return checkAdvisories(await ask(['audit'], where));
}

/** Says each finding; a test's counts. */
export async function runAudit() {
  const findings = [await signaturesOf(), await advisoriesOf()];
  for (const { what, state, words } of findings) process.stdout.write(`  - ${what} ${state}: ${words}\n`);
  const count = (state) => findings.filter((finding) => finding.state === state).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

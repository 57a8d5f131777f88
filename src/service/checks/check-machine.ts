import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckLine } from '#shared/contract/app/port-api.ts';
import { namedProtocols, type NamedProtocol } from '#shared/contract/protocols.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { ensureDataFolder, openFolderWords } from '#engine/host/data-folder.ts';
import { registrations, reinstall, type MachineCheck } from '#engine/transport/registry.ts';
import { loadDigits } from '#engine/trainer/data/bundled/digits.ts';

/** What works on this machine, found by doing it, and the fix when it does not. Nothing is installed or changed. */
export async function checkMachine(dataFolder: string, clock: Clock): Promise<readonly CheckLine[]> {
  const lines: CheckLine[] = [];
  for (const check of checks) lines.push(await check(dataFolder, clock));
  return lines;
}

type Check = (dataFolder: string, clock: Clock) => Promise<CheckLine>;

/** Not named `require`: the build declares that name itself in any file that seems to use it. */
const ownRequire = createRequire(import.meta.url);

function works(what: string, detail: string, required: boolean): CheckLine {
  return { what, state: 'works', detail, fix: '', required };
}

async function attempt(what: string, required: boolean, fix: string, act: () => Promise<string>): Promise<CheckLine> {
  try {
    return works(what, await act(), required);
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    // Our own messages end with the fix, which has its own place here.
    const detail = message.replace(fix, '').trim();
    return { what, state: required ? 'absent' : 'needs_a_step', detail, fix, required };
  }
}

/** What one protocol alone needs says whose it is, so that a choice of protocols can say which are not to be had. */
function checksOf(protocol: NamedProtocol): readonly Check[] {
  const { check, furtherChecks } = registrations[protocol];
  const run = ({ what, required, fix, find }: MachineCheck): Promise<CheckLine> =>
    attempt(what, required, fix, () => find({ env: process.env, isInstalled, versionOf: packageVersion }));
  return [async () => ({ ...(await run(check)), protocol }), ...furtherChecks.map((further) => () => run(further))];
}

const checks: readonly Check[] = [
  async () => {
    const major = Number(process.versions.node.split('.')[0]);
    return major >= 24
      ? works('Node', `${process.versions.node}`, true)
      : {
          what: 'Node',
          state: 'absent',
          detail: process.versions.node,
          fix: 'Roundscope runs on Node 24, which npm start installs beside it.',
          required: true,
        };
  },
  async (dataFolder) => {
    const fix = 'Set ROUNDSCOPE_DATA to a folder of yours.';
    const line = await attempt('Data folder', true, fix, async () => ensureDataFolder(dataFolder));
    const open = line.state === 'works' ? openFolderWords(dataFolder) : null;
    return open === null ? line : { ...line, state: 'needs_a_step', fix: open };
  },
  (_dataFolder, clock) =>
    attempt('Bundled data', true, reinstall, async () => {
      using deadline = clock.deadline(10_000);
      const digits = await loadDigits({ signal: deadline });
      return `digits: ${digits.all.labels.length.toLocaleString('en')} images of handwritten digits`;
    }),
  () =>
    attempt('Training', true, reinstall, async () => {
      await import('onnxruntime-node');
      return `onnxruntime ${packageVersion('onnxruntime-node')}, on the CPU`;
    }),
  ...namedProtocols.flatMap((protocol) => checksOf(protocol)),
  () =>
    attempt(
      'Electron',
      false,
      'Without its binary the app opens in your browser. npm start fetches it where that can be reached.',
      electronDetail,
    ),
];

/** Never by requiring `electron`: from plain Node that starts a download. */
async function electronDetail(): Promise<string> {
  if (process.versions['electron'] !== undefined) return process.versions['electron'];
  const folder = dirname(ownRequire.resolve('electron/package.json'));
  if (!existsSync(join(folder, 'path.txt'))) throw new Error('its binary is not installed');
  await access(join(folder, 'dist'), constants.R_OK);
  return packageVersion('electron');
}

function packageVersion(name: string): string {
  // Packages that hide their package.json are found by their main file's folder.
  // Resolved as `import` does it: some have no entry for `require`.
  let folder = dirname(fileURLToPath(import.meta.resolve(name)));
  for (let depth = 0; depth < 6; depth++) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) {
      const description = ownRequire(path) as { readonly name?: string; readonly version?: string };
      if (description.name === name) return description.version ?? '';
    }
    folder = dirname(folder);
  }
  return '';
}

function isInstalled(name: string): boolean {
  try {
    ownRequire.resolve(name);
    return true;
  } catch {
    // Not found is the answer, not a failure.
    return false;
  }
}

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeAtomicallySync } from '#engine/durability/atomic-file.ts';

/** Whether a browser could show itself here. */
export function hasDisplay(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): boolean {
  return platform !== 'linux' || Boolean(environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY']);
}

/** A launcher that fails does so at once; one that is still there has become the browser. */
const launchMs = 3_000;

const fileName = 'open-in-browser.html';

/**
 * Opens the default browser at a file of this user that leads to the address: every user of a machine can read what stands
 * on a command line, and the address has a token.
 * @returns false when none could be started
 * @throws RoundscopeError `path_unwritable`, `disk_full`
 */
export function openBrowser(address: string, folder: string): Promise<boolean> {
  const path = join(folder, fileName);
  writeAtomicallySync(path, leadingTo(address));
  const [command, ...args] = launchers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const opener = spawn(command ?? 'xdg-open', [...args, pathToFileURL(path).href], {
      stdio: 'ignore',
      detached: true,
    });
    const stays = setTimeout(() => resolve(true), launchMs);
    const end = (opened: boolean): void => {
      clearTimeout(stays);
      resolve(opened);
    };
    opener.once('error', () => end(false));
    opener.once('exit', (code) => end(code === 0));
    opener.unref();
  });
}

/** The file is worth nothing once its token is spent; it need not lie about. */
export function removeOpeningFile(folder: string): void {
  rmSync(join(folder, fileName), { force: true });
}

/** Addresses of ours hold nothing that would have to be escaped. */
function leadingTo(address: string): string {
  return `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url=${address}">
<title>Roundscope</title>
<p>Roundscope opens here. If it does not, start it again with --no-open and open the address that it prints.
`;
}

const launchers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  // Not by `cmd /c start`, which would take an & in the folder's name for the end of its command.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

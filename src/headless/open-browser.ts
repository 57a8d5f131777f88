import { spawn } from 'node:child_process';

/** Whether a browser could show itself here. */
export function hasDisplay(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): boolean {
  return platform !== 'linux' || Boolean(environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY']);
}

/** Opens the default browser; false when none could be started. */
export function openBrowser(address: string): Promise<boolean> {
  const [command, ...args] = launchers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const opener = spawn(command ?? 'xdg-open', [...args, address], { stdio: 'ignore', detached: true });
    opener.once('error', () => resolve(false));
    opener.once('spawn', () => {
      opener.unref();
      resolve(true);
    });
  });
}

const launchers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  // The empty argument is the title of the window, which `start` takes first.
  win32: ['cmd', '/c', 'start', ''],
};

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * A path as people type it: `~` is their home folder, and what begins nowhere lies in `from`. Never in the folder that this
 * program happens to run in: a window has no such place, and npm goes to the package's own folder first.
 * @returns an absolute path
 */
export function userPath(text: string, from: string, home: string = homedir()): string {
  const typed = text.trim();
  if (typed === '~') return home;
  if (typed.startsWith('~/') || (process.platform === 'win32' && typed.startsWith('~\\')))
    return join(home, typed.slice(2));
  return resolve(from, typed);
}

/** The user's own folder, as paths on screen are told from it; empty on Windows, where nobody writes `~`. */
export function homeFolder(): string {
  return process.platform === 'win32' ? '' : homedir();
}

/** Where relative paths on a command line begin: where it was typed, also where `npm run roundscope` has changed the folder. */
export function typedIn(environment: Readonly<Record<string, string | undefined>>): string {
  const changed = environment['npm_lifecycle_event'] === 'roundscope';
  return (changed ? environment['INIT_CWD'] : undefined) ?? process.cwd();
}

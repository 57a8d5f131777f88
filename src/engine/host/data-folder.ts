import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { openTo } from './own-folder.ts';
import { RoundscopeError } from '#shared/base/errors.ts';

/** Where recordings, keys and settings lie: `ROUNDSCOPE_DATA`, or where the platform keeps such things. */
export function dataFolderPath(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string {
  const chosen = environment['ROUNDSCOPE_DATA'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Roundscope');
  if (platform === 'win32') return join(environment['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Roundscope');
  return join(environment['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'roundscope');
}

/**
 * Makes the folder if need be.
 * @throws RoundscopeError `path_unwritable` with what to try
 */
export function ensureDataFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK);
    return path;
  } catch (error) {
    throw new RoundscopeError('path_unwritable', {
      layer: 'application',
      message: `The data folder ${path} cannot be written. Set ROUNDSCOPE_DATA to a folder of yours, or change its owner.`,
      cause: error,
      context: { path },
    });
  }
}

/**
 * What is to be said of a data folder that other users of this machine may look into: it may be one that its user has
 * chosen for more than this, so it is not closed unasked. Null: it is closed.
 */
export function openFolderWords(path: string): string | null {
  const mode = openTo(path);
  if (mode === null) return null;
  return (
    `Other users of this machine can see what lies in the data folder ${path} (mode ${mode}). Keys, recordings and models ` +
    `in it are files that they cannot read; to close the folder as well: chmod 700 '${path}'`
  );
}

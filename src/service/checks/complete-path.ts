import { opendir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { PortAnswers, RequestOf } from '#shared/contract/app/port-api.ts';
import { isOfKind, type FileKind } from '#shared/contract/app/file-kinds.ts';
import { userPath } from '#engine/host/user-path.ts';

/** Folders that a list of completions shows. */
const entriesMax = 100;
/** Names looked at in one folder; a data set kept flat may have millions. */
const namesMax = 20_000;

/**
 * Folders, and files of the kind that is wanted, that complete what has been typed; relative paths begin at the home folder, as a window is started nowhere.
 * @throws RoundscopeError `data_missing` when the folder to look in is not there or cannot be opened
 */
export async function completePath(
  { path: typed, files }: RequestOf<'complete_path'>,
  home: string = homedir(),
): Promise<PortAnswers['complete_path']> {
  const path = userPath(typed, home, home);
  const isFolder = await isFolderAt(path);
  const text = typed.trim();
  const [, head = '', tail = ''] = /^(.*[/\\])?([^/\\]*)$/s.exec(text) ?? [];
  const beginning = text === '~' ? '' : tail;
  const folder = head === '' ? home : userPath(head, home, home);
  const found = await namesIn(folder, beginning, files);
  return {
    path,
    isFolder,
    entries: found.names.map(({ name, isFile }) => ({ path: join(folder, name), name, ...(isFile ? { isFile } : {}) })),
    more: found.more,
  };
}

interface FoundName {
  readonly name: string;
  readonly isFile: boolean;
}

/** Folders in a folder, and files of the kind that is wanted. */
async function namesIn(
  folder: string,
  beginning: string,
  files: FileKind | undefined,
): Promise<{ readonly names: FoundName[]; readonly more: boolean }> {
  const names: FoundName[] = [];
  let looked = 0;
  let more = false;
  try {
    for await (const entry of await opendir(folder)) {
      if (++looked > namesMax) {
        more = true;
        break;
      }
      // As in a shell: what begins with a dot is shown to whoever asks for it.
      if (entry.name.startsWith('.') && !beginning.startsWith('.')) continue;
      if (!entry.name.toLowerCase().startsWith(beginning.toLowerCase())) continue;
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolderAt(join(folder, entry.name)))))
        names.push({ name: entry.name, isFile: false });
      else if ((entry.isFile() || entry.isSymbolicLink()) && files !== undefined && isOfKind(entry.name, files))
        names.push({ name: entry.name, isFile: true });
    }
  } catch (error) {
    throw unreadable(folder, error);
  }
  names.sort((a, b) => rank(a.name, beginning) - rank(b.name, beginning) || (a.name < b.name ? -1 : 1));
  return { names: names.slice(0, entriesMax), more: more || names.length > entriesMax };
}

/** What begins exactly as typed comes before what only does so in other letter case. */
function rank(name: string, beginning: string): number {
  return name.startsWith(beginning) ? 0 : 1;
}

async function isFolderAt(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not there, a broken link, or closed to us: nothing to offer.
    return false;
  }
}

function unreadable(folder: string, error: unknown): RoundscopeError {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const why =
    code === 'ENOENT'
      ? `There is no folder ${folder}.`
      : code === 'ENOTDIR'
        ? `${folder} is a file, not a folder.`
        : code === 'EACCES' || code === 'EPERM'
          ? `${folder} may not be opened by you.`
          : `${folder} cannot be read${code === undefined ? '' : ` (${code})`}.`;
  return new RoundscopeError('data_missing', { layer: 'settings', message: why, cause: error, context: { folder } });
}

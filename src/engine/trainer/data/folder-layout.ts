import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { dataError } from '../errors.ts';
import { looksLikeImage } from './images/image-file.ts';
import type { LoadTally } from './load-notes.ts';

/** Images in class folders: one part to be split by seed, or the training part and those that its author held out. */
export interface FolderLayout {
  /** Each with the classes that it has a folder for. */
  readonly parts: readonly { readonly folder: string; readonly classes: readonly string[] }[];
  /** Of all parts together, in the order of their names. */
  readonly classes: readonly string[];
}

export interface Listing {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

const trainFolder = /^train(ing)?$/i;
const testFolder = /^(test(ing)?|valid(ation)?|val|public_?test|private_?test)$/i;
/** What systems and programs leave in folders; nobody's data, and of no interest to anybody. */
const leftByTools =
  /^(\..*|__MACOSX|@eaDir|#recycle|\$RECYCLE\.BIN|System Volume Information|lost\+found|__pycache__|Thumbs\.db|ehthumbs\.db|desktop\.ini|Icon\r)$/i;

/**
 * Finds the class folders in a folder. Symbolic links are followed, unless one leads back to where it lies in.
 * @throws RoundscopeError `data_missing` when there are no images, `data_invalid` when they lie otherwise
 */
export async function findLayout(folder: string, tally: LoadTally): Promise<FolderLayout> {
  const { folders, files } = await listFolder(folder, tally);
  if (folders.length === 0) throw await noFolders(folder, files);
  const train = folders.find((name) => trainFolder.test(name));
  const tests = folders.filter((name) => testFolder.test(name));
  if (train === undefined || tests.length === 0 || tests.length + 1 < folders.length)
    return await checked({ parts: [{ folder, classes: folders }], classes: folders });
  const parts = [];
  for (const name of [train, ...tests]) {
    const path = join(folder, name);
    parts.push({ folder: path, classes: (await listFolder(path, tally)).folders });
  }
  // Two classes of vehicles and exams, with images in them.
  if (parts.every(({ classes }) => classes.length === 0))
    return await checked({ parts: [{ folder, classes: folders }], classes: folders });
  return await checked({ parts, classes: [...new Set(parts.flatMap(({ classes }) => classes))].sort() });
}

const troubles: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ELOOP: 'cannot be read: its links lead in a circle',
  ENAMETOOLONG: 'cannot be read: its name is too long',
};

/** Why a folder cannot be looked into, to be said behind its path. */
export function folderTrouble(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return troubles[code] ?? `cannot be read (${code === '' ? String(cause) : code})`;
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw dataError(
      'data_missing',
      `The folder ${folder} ${folderTrouble(cause)}. Change its rights, or move it away if it is not to be used.`,
      { cause, context: { path: folder } },
    );
  }
}

/**
 * What lies in a folder, in the order of names; links are what they lead to.
 * @throws RoundscopeError `data_missing` when it cannot be looked into
 */
export async function listFolder(folder: string, tally?: LoadTally): Promise<Listing> {
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const { name } = entry;
    if (leftByTools.test(name)) continue;
    if (entry.isDirectory()) folders.push(name);
    else if (entry.isFile()) files.push(name);
    else {
      const kind = entry.isSymbolicLink() ? await behind(folder, name) : 'no file';
      if (kind === 'folder') folders.push(name);
      else if (kind === 'file') files.push(name);
      else tally?.leaveOut(kind, name);
    }
  }
  return { folders: folders.sort(), files: files.sort() };
}

async function behind(
  folder: string,
  name: string,
): Promise<'folder' | 'file' | 'no file' | 'broken link' | 'link to itself'> {
  try {
    const path = join(folder, name);
    const found = await stat(path);
    if (found.isFile()) return 'file';
    if (!found.isDirectory()) return 'no file';
    const [target, here] = await Promise.all([realpath(path), realpath(folder)]);
    return here === target || here.startsWith(target.endsWith(sep) ? target : target + sep)
      ? 'link to itself'
      : 'folder';
  } catch {
    return 'broken link';
  }
}

async function noFolders(folder: string, files: readonly string[]): Promise<Error> {
  for (const name of files.slice(0, filesTriedMax))
    if (await looksLikeImage(join(folder, name)))
      return dataError('data_invalid', `${folder} holds images and no folders. ${layoutHint}`, {
        context: { path: folder },
      });
  return noImages(folder);
}

export function noImages(folder: string): Error {
  return dataError('data_missing', `The folder ${folder} has no images. ${layoutHint}`, { context: { path: folder } });
}

const layoutHint =
  'Put the images of each class into a folder of its own that is named as the class, such as cats/1.png and dogs/1.png, ' +
  "or choose a folder with MNIST's IDX files.";

/** Images one folder too deep are a common mistake that the names alone do not show. */
async function checked(layout: FolderLayout): Promise<FolderLayout> {
  const deeper: string[] = [];
  for (const { folder, classes } of layout.parts) {
    for (const name of classes) {
      const { folders, files } = await listFolder(join(folder, name));
      for (const file of files.slice(0, filesTriedMax))
        if (await looksLikeImage(join(folder, name, file))) return layout;
      if (deeper.length === 0) deeper.push(...(await imagesBelow(join(folder, name), folders)));
    }
  }
  const [first] = layout.parts;
  const [example] = deeper;
  if (first === undefined || example === undefined) return layout;
  const inside = example.slice(first.folder.length + 1).split(sep);
  const better = join(first.folder, inside[0] ?? '');
  throw dataError(
    'data_invalid',
    `The images in ${first.folder} lie a folder deeper: ${inside.join('/')}, where CLASS/IMAGE is looked for. ` +
      (first.classes.length === 1
        ? `Choose ${better}.`
        : 'Move them up by one folder, or choose the folder that holds the class folders.'),
    { context: { path: first.folder } },
  );
}

async function imagesBelow(folder: string, folders: readonly string[]): Promise<string[]> {
  for (const name of folders.slice(0, filesTriedMax)) {
    const { files } = await listFolder(join(folder, name));
    for (const file of files.slice(0, filesTriedMax))
      if (await looksLikeImage(join(folder, name, file))) return [join(folder, name, file)];
  }
  return [];
}

/** Enough to meet an image among what else lies around. */
const filesTriedMax = 50;

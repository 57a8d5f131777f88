import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { dataError } from '../errors.ts';
import type { LoadedData } from './dataset.ts';
import { bundledName, loadDigits } from './digits.ts';
import { folderTrouble, listFolder } from './folder-layout.ts';
import { findIdxPairs, loadIdxFolder } from './idx-folder.ts';
import { loadImageFolder, type ImageFolderOptions } from './images/image-folder.ts';

/**
 * Loads what a user has named: `digits`, a folder of class folders, or a folder of IDX files.
 * @throws RoundscopeError `data_missing`, `data_invalid`, `data_too_large`, each naming the path and what to try
 */
export async function loadData(name: string, options: ImageFolderOptions): Promise<LoadedData> {
  if (name === bundledName) return loadDigits(options);
  const folder = resolve(name);
  const names = await filesIn(folder);
  const data =
    findIdxPairs(names).length > 0
      ? await loadIdxFolder(folder, names, options)
      : await loadImageFolder(folder, options);
  options.signal.throwIfAborted();
  return data;
}

/**
 * A cheap look before anything is dialed: is it there, may it be read.
 * @throws RoundscopeError `data_missing`
 */
export async function requireData(name: string): Promise<void> {
  if (name !== bundledName) await filesIn(resolve(name));
}

/** Names of what lies in a folder and is no folder: MNIST's files are often unpacked into folders of the same name beside them. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const hint = `Give the path of a folder with one sub-folder of images for each class, or "${bundledName}" for the bundled data.`;
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw dataError('data_missing', `${folder} is a file. ${hint}`, { context: { path: folder } });
    }
    return (await listFolder(folder)).files;
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'RoundscopeError') throw cause;
    throw dataError('data_missing', `The data folder ${folder} ${folderTrouble(cause)}. ${hint}`, {
      cause,
      context: { path: folder },
    });
  }
}

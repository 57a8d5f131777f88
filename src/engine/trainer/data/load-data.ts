import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { bundledOf, digitsData, facesData } from '#shared/contract/run/bundled-data.ts';
import { dataError } from '../errors.ts';
import { findNpyFiles, loadNpyFolder, loadNpz } from './arrays/numpy-data.ts';
import { findIdxPairs, idxNamesBeside, isIdxName, loadIdxFolder } from './arrays/idx-folder.ts';
import { firstBytes } from './byte-file.ts';
import { loadDigits } from './bundled/digits.ts';
import { loadFaces } from './bundled/faces.ts';
import { loadCsv } from './csv/csv-pictures.ts';
import type { LoadedData } from './dataset.ts';
import { dataFileKind, refusals } from './file-kind.ts';
import { folderTrouble, listFolder, type Listing } from './folder-layout.ts';
import { loadImageFolder, type ImageFolderOptions } from './images/image-folder.ts';

/**
 * Loads what a user has named: bundled data, a folder of class folders or of files with arrays, or a file: a table with
 * pictures in it, NumPy's arrays, IDX. `FILE.csv#COLUMN` names the column with the class. Decision 0111.
 * @throws RoundscopeError `data_missing`, `data_invalid`, `data_too_large`, each naming the path and what to try
 */
export async function loadData(name: string, options: ImageFolderOptions): Promise<LoadedData> {
  if (name === digitsData.name) return loadDigits(options);
  if (name === facesData.name) return loadFaces(options);
  const { path, column, isFolder } = await findPath(name);
  const data = isFolder ? await loadFolder(path, options) : await loadFile({ path, column }, options);
  options.signal.throwIfAborted();
  return data;
}

/**
 * A cheap look before anything is dialed: is it there, may it be read.
 * @throws RoundscopeError `data_missing`
 */
export async function requireData(name: string): Promise<void> {
  if (bundledOf(name) !== undefined) return;
  const { path, isFolder } = await findPath(name);
  if (isFolder) await filesIn(path);
  else await firstBytes(path, 1);
}

interface Found {
  readonly path: string;
  /** Behind the last `#`, where no file has the whole name. */
  readonly column: string | undefined;
  readonly isFolder: boolean;
}

async function findPath(name: string): Promise<Found> {
  const path = resolve(name);
  const cut = path.lastIndexOf('#');
  try {
    return { path, column: undefined, isFolder: (await stat(path)).isDirectory() };
  } catch (cause) {
    if (cut > 0) {
      const before = path.slice(0, cut);
      const found = await stat(before).catch(() => null);
      if (found?.isFile() === true) return { path: before, column: path.slice(cut + 1), isFolder: false };
    }
    throw missing(path, cause);
  }
}

async function loadFolder(folder: string, options: ImageFolderOptions): Promise<LoadedData> {
  const { files, folders } = await filesIn(folder);
  if (findIdxPairs(files).length > 0) return await loadIdxFolder(folder, files, options);
  const arrays = findNpyFiles(files);
  if (arrays.length > 0) return await loadNpyFolder(folder, arrays, options);
  // As people unpack what they have downloaded: a table in a folder of its own.
  const [table, another] = files.filter((file) => /\.(csv|tsv|npz)(\.gz)?$/i.test(file));
  if (folders.length === 0 && table !== undefined && another === undefined)
    return await loadFile({ path: join(folder, table), column: undefined }, options);
  return await loadImageFolder(folder, options);
}

async function loadFile(
  { path, column }: { readonly path: string; readonly column: string | undefined },
  options: ImageFolderOptions,
): Promise<LoadedData> {
  const kind = dataFileKind(await firstBytes(path, 16));
  if (kind === 'idx' || (kind === 'gzip' && isIdxName(basename(path)))) {
    const names = idxNamesBeside(basename(path), (await filesIn(dirname(path))).files);
    return await loadIdxFolder(dirname(path), names, { ...options, source: basename(path) });
  }
  if (kind === 'npz') return await loadNpz(path, options);
  if (kind === 'npy' || (kind === 'gzip' && /\.npy\.gz$/i.test(path))) {
    const beside = findNpyFiles((await filesIn(dirname(path))).files);
    if (beside.includes(basename(path)))
      return await loadNpyFolder(dirname(path), beside, { ...options, source: basename(path) });
    throw dataError(
      'data_invalid',
      `${path} is an array whose name does not say what it is for. Pictures and labels are found by their names: images.npy beside labels.npy, or x_train.npy beside y_train.npy.`,
      { context: { path } },
    );
  }
  const refusal = refusals[kind];
  if (refusal !== undefined) throw dataError('data_invalid', `${path} ${refusal}`, { context: { path } });
  return await loadCsv({ path, column }, options);
}

/** What lies in a folder; MNIST's files are often unpacked into folders of the same name beside them. */
async function filesIn(folder: string): Promise<Listing> {
  try {
    return await listFolder(folder);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'RoundscopeError') throw cause;
    throw missing(folder, cause);
  }
}

function missing(path: string, cause: unknown): Error {
  const hint =
    'Give the path of a folder with one sub-folder of images for each class, or of a file (CSV, NumPy or IDX), ' +
    'or "digits" or "faces" for data that comes with Roundscope.';
  return dataError('data_missing', `The data ${path} ${folderTrouble(cause)}. ${hint}`, { cause, context: { path } });
}

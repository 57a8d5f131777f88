import { basename } from 'node:path';
import { dataError } from '#engine/trainer/errors.ts';
import { listNames } from '#shared/base/text/list-names.ts';
import { limits } from '#shared/contract/limits.ts';
import { imageSize, selectExamples, type Dataset, type LoadedData } from '../dataset.ts';
import type { ImageFolderOptions } from '../images/image-folder.ts';
import { finishLabelled } from '../labelled-images.ts';
import { damagedShareMax, LoadTally } from '../load-notes.ts';
import { readNpyFiles, readNpzFile, type ArraysFound, type NamedArray } from './array-files.ts';
import { picturesOf, type ArrayPictures } from './array-pictures.ts';
import { arrayRole } from './array-roles.ts';
import { numberReader, textsOf, type NpyArray } from './npy-array.ts';

/** Files of a folder that hold pictures or labels by their names; empty where none holds pictures. */
export function findNpyFiles(names: readonly string[]): readonly string[] {
  const roles = names
    .filter((name) => /\.npy(\.gz)?$/i.test(name))
    .map((name) => ({ name, role: arrayRole(stem(name)) }))
    .filter(({ role }) => role !== null);
  return roles.some(({ role }) => role?.what === 'pictures') ? roles.map(({ name }) => name) : [];
}

/** Loads `.npy` files of a folder. @throws as `loadNpz` */
export async function loadNpyFolder(
  folder: string,
  names: readonly string[],
  options: ImageFolderOptions & { readonly source?: string },
): Promise<LoadedData> {
  return finish(await readNpyFiles(folder, names, options.signal), { path: folder, ...options });
}

/**
 * Loads pictures and labels of NumPy; a part that is called test, val or the like is held out. No pickle is ever run.
 * @throws RoundscopeError `data_invalid`, `data_missing`, `data_too_large`, `classes_unknown`
 */
export async function loadNpz(path: string, options: ImageFolderOptions): Promise<LoadedData> {
  return finish(await readNpzFile(path, options.signal), { path, ...options });
}

interface Part {
  readonly pictures: ArrayPictures;
  readonly labels: NpyArray;
}

function finish(
  found: ArraysFound,
  {
    path,
    source = basename(path),
    ...options
  }: ImageFolderOptions & { readonly path: string; readonly source?: string },
): LoadedData {
  const all = partOf(path, found, 'all');
  const training = partOf(path, found, 'training') ?? all;
  const tests = testsOf(path, found);
  const parts = [...(training === null ? [] : [training]), ...tests];
  const [first] = parts;
  if (first === undefined) throw noPictures(path, found);
  const odd = parts.find(({ pictures }) => pictures.shape.join() !== first.pictures.shape.join());
  if (odd !== undefined)
    throw dataError(
      'data_invalid',
      `${path} holds pictures of ${first.pictures.shape.join('x')} and of ${odd.pictures.shape.join('x')}.`,
    );
  const tally = new LoadTally();
  for (const { pictures } of parts)
    if (pictures.scaled !== null) tally.change('values', pictures.scaled, pictures.count);
  for (const name of found.others) tally.leaveOut('arrays whose names say nothing', name);
  const classes = classesOf(
    path,
    parts.map(({ labels }) => labels),
    found.arrays.find(({ what }) => what === 'names')?.array,
  );
  const whole = joined(parts, { source, classes: classes.names });
  return takeLabelled(whole, classes, {
    path,
    trained: training === null || tests.length === 0 ? undefined : first.pictures.count,
    tally,
    options,
  });
}

function partOf(path: string, { arrays }: ArraysFound, part: NamedArray['part']): Part | null {
  const pictures = arrays.filter((one) => one.what === 'pictures' && one.part === part);
  const labels = arrays.filter((one) => one.what === 'labels' && one.part === part);
  const [picture] = pictures;
  const [label] = labels;
  if (picture === undefined && (label === undefined || part === 'all')) return null;
  if (picture === undefined)
    throw dataError('data_invalid', `${label?.array.where ?? path} has no pictures beside it.`);
  return paired(picture.array, label?.array);
}

/** What authors call test and what they call validation are both held out. */
function testsOf(path: string, { arrays }: ArraysFound): Part[] {
  const pictures = arrays.filter((one) => one.what === 'pictures' && one.part === 'test');
  const labels = arrays.filter((one) => one.what === 'labels' && one.part === 'test');
  if (labels.length > pictures.length)
    throw dataError('data_invalid', `${path} has labels of a test part without its pictures.`);
  // Both lie in the order of their names, so that those of one part meet.
  const byName = (a: NamedArray, b: NamedArray): number => (a.array.where < b.array.where ? -1 : 1);
  const sorted = [...labels].sort(byName);
  return [...pictures].sort(byName).map(({ array }, i) => paired(array, sorted[i]?.array));
}

function paired(array: NpyArray, labels: NpyArray | undefined): Part {
  if (labels === undefined)
    throw dataError(
      'data_invalid',
      `${array.where} has no labels beside it: an array of the same name with y or labels in it.`,
    );
  const pictures = picturesOf(array);
  const [count, ...rest] = labels.shape;
  if (rest.some((side) => side !== 1))
    throw dataError(
      'data_invalid',
      `${labels.where} has the shape ${labels.shape.join('x')}, where one number or name for each picture is looked for: with numpy.argmax, if it has a column for each class.`,
    );
  if (count !== pictures.count)
    throw dataError('data_invalid', `${array.where} has ${pictures.count} pictures, but ${count ?? 1} labels.`);
  return { pictures, labels };
}

function noPictures(path: string, { arrays, others }: ArraysFound): Error {
  const names = [...arrays.map(({ array }) => basename(array.where)), ...others];
  return dataError(
    'data_invalid',
    `${path} has no arrays called as pictures and labels, such as x and y, x_train and y_train, images and labels. It holds: ${listNames(names)}.`,
    { context: { path } },
  );
}

interface Classes {
  readonly names: readonly string[];
  /** Class of each example in the order of the parts; null: none of them. */
  readonly labels: readonly (number | null)[];
}

function classesOf(path: string, arrays: readonly NpyArray[], named: NpyArray | undefined): Classes {
  if (arrays.some(({ dtype }) => dtype === null)) {
    if (!arrays.every(({ dtype }) => dtype === null))
      throw dataError('data_invalid', `${path} has labels that are text in one part and numbers in the other.`);
    const texts = arrays.flatMap(textsOf);
    const names = [...new Set(texts)].filter((text) => text !== '').sort();
    const places = new Map(names.map((name, place) => [name, place]));
    return { names, labels: texts.map((text) => places.get(text) ?? null) };
  }
  const values = arrays.flatMap((array) => {
    const at = numberReader(array);
    return Array.from({ length: array.shape[0] ?? 0 }, (_, i) => at(i));
  });
  const names = named?.dtype === null ? textsOf(named) : undefined;
  const classes = names?.length ?? numbersUsed(values);
  const isClass = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < classes;
  return {
    names: names ?? Array.from({ length: classes }, (_, i) => String(i)),
    labels: values.map((value) => (isClass(value) ? value : null)),
  };
}

/** From 0 to the largest that can be a class. */
function numbersUsed(values: readonly number[]): number {
  return values.reduce(
    (most, value) => (Number.isInteger(value) && value < limits.classesMax ? Math.max(most, value + 1) : most),
    0,
  );
}

function joined(
  parts: readonly Part[],
  { source, classes }: { readonly source: string; readonly classes: readonly string[] },
): Omit<Dataset, 'labels'> {
  const [first] = parts as [Part, ...Part[]];
  const { shape } = first.pictures;
  const count = parts.reduce((sum, { pictures }) => sum + pictures.count, 0);
  const base = { source, shape, classes, maxValue: 255 };
  if (parts.length === 1) return { ...base, pixels: first.pictures.pixels };
  const bytes = count * imageSize({ shape });
  if (bytes > limits.datasetBytesMax)
    throw dataError('data_too_large', `${source} holds more pictures than Roundscope loads.`);
  const pixels = new Uint8Array(bytes);
  let at = 0;
  for (const { pictures } of parts) {
    pixels.set(pictures.pixels, at);
    at += pictures.pixels.length;
  }
  return { ...base, pixels };
}

interface Taking {
  readonly path: string;
  /** Examples before the test part; undefined: there is none. */
  readonly trained: number | undefined;
  readonly tally: LoadTally;
  readonly options: ImageFolderOptions;
}

/** Leaves out what has a label that is no class. */
function takeLabelled(
  whole: Omit<Dataset, 'labels'>,
  { labels }: Classes,
  { path, trained, tally, options }: Taking,
): LoadedData {
  const kept = [...labels.keys()].filter((i) => labels[i] !== null);
  const all: Dataset = { ...whole, labels: Uint16Array.from(labels, (label) => label ?? 0) };
  if (kept.length === labels.length) return finishLabelled({ all, testFrom: trained, path, tally }, options);
  const lost = labels.length - kept.length;
  const example = `picture ${labels.indexOf(null)}`;
  if (lost > labels.length * damagedShareMax)
    throw dataError(
      'data_invalid',
      `${lost} of ${labels.length} labels in ${path} are no class, the first: that of ${example}, counted from 0. Classes are whole numbers from 0 on; up to 5 % are left out.`,
      { context: { path, lost } },
    );
  const damaged = [{ what: 'pictures whose label is no class', count: lost, example }];
  const testFrom = trained === undefined ? undefined : kept.filter((i) => i < trained).length;
  return finishLabelled({ all: selectExamples(all, kept), testFrom, path, tally, damaged }, options);
}

function stem(name: string): string {
  return name.replace(/\.npy(\.gz)?$/i, '');
}

import type { Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { limits } from '#shared/contract/limits.ts';
import { dataError } from '../errors.ts';
import type { ImageShape } from '../model/default-models.ts';
import type { LoadedData } from './dataset.ts';
import { decodeImage, type ColourMode } from './decode-image.ts';
import { resizeImage, type RawImage } from './resize.ts';

/** More damaged files than this and the set is not what it seems: better to stop than to train on the rest. */
const corruptShareMax = 0.05;
/** Longer side of the model's images when the first file's own size would make a needlessly heavy model. */
const longerSideMax = 96;
const imageExtension = /\.(png|jpe?g)$/i;
const trainFolder = /^train(ing)?$/i;
const testFolder = /^(test|valid(ation)?|val)$/i;

export interface ImageFolderOptions {
  readonly signal: AbortSignal;
  readonly colour?: ColourMode;
  /** Height and width of the model's images; absent: those of the first image, at most 96 on the longer side. */
  readonly size?: { readonly height: number; readonly width: number };
}

interface Part {
  readonly folder: string;
  readonly classes: readonly string[];
}

/**
 * Loads `FOLDER/CLASS/*.png|jpg`, or `FOLDER/train/CLASS/...` beside `FOLDER/test/CLASS/...`. Images of another size
 * are scaled, as people expect of a folder of pictures; files that cannot be read are left out and counted.
 * @throws RoundscopeError `data_invalid` when more than 5 % are damaged or a class is left empty, `data_too_large`
 */
export async function loadImageFolder(folder: string, options: ImageFolderOptions): Promise<LoadedData> {
  const parts = await findParts(folder);
  const classes = parts[0]?.classes ?? [];
  if (classes.length > limits.classesMax) {
    throw dataError(
      'data_too_large',
      `${folder} has ${classes.length} class folders; at most ${limits.classesMax} can be told apart.`,
    );
  }
  const reader = new FolderReader(options);
  let testFrom: number | undefined;
  for (const [i, part] of parts.entries()) {
    if (i > 0) testFrom = reader.count;
    for (const [label, name] of classes.entries()) await reader.readClass(join(part.folder, name), label);
  }
  return reader.finish(folder, classes, testFrom);
}

/** One part to be split by seed, or training and test. */
async function findParts(folder: string): Promise<Part[]> {
  const names = await folderNames(folder);
  const train = names.find((name) => trainFolder.test(name));
  const test = names.find((name) => testFolder.test(name));
  if (train === undefined || test === undefined || names.length > 3) return [await findClasses(folder, names)];
  const parts = [];
  for (const name of [train, test]) {
    const path = join(folder, name);
    parts.push(await findClasses(path, await folderNames(path)));
  }
  const [first, second] = parts as [Part, Part];
  const missing = [...first.classes, ...second.classes].find(
    (name) => !first.classes.includes(name) || !second.classes.includes(name),
  );
  if (missing !== undefined) {
    throw dataError('data_invalid', `${folder}: class ${missing} must be in both ${train} and ${test}.`);
  }
  return parts;
}

async function findClasses(folder: string, names: readonly string[]): Promise<Part> {
  if (names.length >= 2) return { folder, classes: names };
  const found = names.length === 0 ? 'no folder' : `only the folder ${names[0]}`;
  throw dataError(
    'data_invalid',
    `${folder} holds ${found}. Put the images of each class into a folder of its own, such as cats/1.png and dogs/1.png, ` +
      `or choose a folder with MNIST's IDX files.`,
    { context: { path: folder } },
  );
}

async function folderNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry: Dirent) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}

/** Collects images one by one; memory grows with them and never beyond the limit. */
class FolderReader {
  readonly #options: ImageFolderOptions;
  readonly #images: Uint8Array[] = [];
  readonly #labels: number[] = [];
  #shape: ImageShape | undefined;
  #corrupt = 0;
  #firstCorrupt = '';
  #resized = 0;

  constructor(options: ImageFolderOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#images.length;
  }

  async readClass(folder: string, label: number): Promise<void> {
    const names = (await readdir(folder)).filter((name) => imageExtension.test(name) && !name.startsWith('.')).sort();
    const before = this.count;
    for (const name of names) {
      this.#options.signal.throwIfAborted();
      await this.#readImage(join(folder, name), label);
    }
    if (this.count > before) return;
    const why = names.length === 0 ? 'holds no PNG or JPEG image' : `holds no readable image: ${this.#firstCorrupt}`;
    throw dataError('data_invalid', `${folder} ${why}. Add images or remove the folder.`, {
      context: { path: folder },
    });
  }

  finish(folder: string, classes: readonly string[], testFrom: number | undefined): LoadedData {
    const total = this.count + this.#corrupt;
    if (this.#corrupt > total * corruptShareMax) {
      throw dataError(
        'data_invalid',
        `${this.#corrupt} of ${total} images in ${folder} cannot be read, the first: ${this.#firstCorrupt}. ` +
          'Replace or remove them; up to 5 % are skipped.',
        { context: { path: folder, corrupt: this.#corrupt, total } },
      );
    }
    const shape = this.#shape as ImageShape;
    const size = shape[0] * shape[1] * shape[2];
    const pixels = new Uint8Array(this.count * size);
    this.#images.forEach((image, i) => pixels.set(image, i * size));
    const scaled = this.#resized > 0 ? ` (${this.#resized} of ${this.count} scaled to ${shape[2]}x${shape[1]})` : '';
    const source = `${basename(folder)}${scaled}`;
    return {
      all: { source, shape, classes, pixels, maxValue: 255, labels: Uint16Array.from(this.#labels) },
      testFrom,
      skipped: this.#corrupt,
    };
  }

  async #readImage(path: string, label: number): Promise<void> {
    const bytes = await readBounded(path);
    const decoded = typeof bytes === 'string' ? undefined : decodeImage(bytes, this.#options.colour ?? 'grey');
    if (!decoded?.ok) {
      this.#corrupt++;
      this.#firstCorrupt ||= `${path} ${typeof bytes === 'string' ? bytes : decoded?.error}`;
      return;
    }
    const image = decoded.value;
    this.#shape ??= shapeFor(image, this.#options);
    const [, height, width] = this.#shape;
    if (image.width !== width || image.height !== height) this.#resized++;
    const pixels = channelsFirst(resizeImage(image, width, height));
    if (this.count >= limits.datasetExamplesMax || (this.count + 1) * pixels.length > limits.datasetBytesMax) {
      throw dataError(
        'data_too_large',
        `${path}: more images than Roundscope holds in memory. Use fewer or smaller ones.`,
      );
    }
    this.#images.push(pixels);
    this.#labels.push(label);
  }
}

/** @returns the bytes, or why they cannot be had */
async function readBounded(path: string): Promise<Uint8Array | string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > limits.imageFileBytesMax) return `is ${Math.round(size / 2 ** 20)} MiB large`;
    return await file.readFile();
  } catch (error) {
    return `cannot be opened (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`;
  }
}

function shapeFor(image: RawImage, { size }: ImageFolderOptions): ImageShape {
  if (size) return [image.channels, size.height, size.width];
  const scale = Math.min(1, longerSideMax / Math.max(image.width, image.height));
  return [image.channels, Math.max(1, Math.round(image.height * scale)), Math.max(1, Math.round(image.width * scale))];
}

function channelsFirst({ width, height, channels, data }: RawImage): Uint8Array {
  if (channels === 1) return data;
  const out = new Uint8Array(data.length);
  const plane = width * height;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < channels; c++) out[c * plane + i] = data[i * channels + c] as number;
  }
  return out;
}

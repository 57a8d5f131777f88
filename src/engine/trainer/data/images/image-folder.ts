import { basename, join } from 'node:path';
import { limits } from '#shared/contract/limits.ts';
import { dataError } from '#engine/trainer/errors.ts';
import type { ImageShape } from '#engine/trainer/model/default-models.ts';
import { ownClasses } from '../class-mapping.ts';
import { requireClassNames } from '../class-names.ts';
import { warningIfAlike } from './alike.ts';
import type { DataFit, Dataset, LoadedData } from '../dataset.ts';
import { chooseChannels } from './choose-channels.ts';
import type { ColorChannels } from './color.ts';
import { decodeImage, type DecodedImage } from './decode-image.ts';
import { fitClasses, type FittedClasses } from '../fit-classes.ts';
import { findLayout, listFolder, noImages, type FolderLayout } from '../folder-layout.ts';
import { looksLikeImage, readImageFile } from './image-file.ts';
import { damagedShareMax, LoadTally } from '../load-notes.ts';
import { channelsFirst } from './planes.ts';
import { resizeImage } from './resize.ts';
import { sizeWords } from '../size-words.ts';

/** Longer side of the model's images when the first file's own size would make a needlessly heavy model. */
const longerSideMax = 96;

export interface ImageFolderOptions {
  readonly signal: AbortSignal;
  /** The run's classes and shape; absent: those of the folder itself, and at least two classes. */
  readonly fit?: DataFit | undefined;
  /** For a preview: unknown classes and fewer than two are no failure, and reading ends when this says so. */
  readonly preview?: { readonly isEnough: () => boolean } | undefined;
}

/**
 * Loads `FOLDER/CLASS/IMAGE`, or `FOLDER/train/CLASS/...` beside `FOLDER/test/CLASS/...`, PNG and JPEG by their first bytes.
 * Images are scaled to the run's shape, or to that of the first one (at most 96 on the longer side); what is no image is
 * left out, and everything that was done is counted in the notes.
 * @throws RoundscopeError `data_missing` when there are no images, `data_invalid` when more than 5 % are damaged or a run
 * would have one class, `classes_unknown` when a class is none of the run's, `data_too_large`
 */
export async function loadImageFolder(folder: string, options: ImageFolderOptions): Promise<LoadedData> {
  const tally = new LoadTally();
  const layout = await findLayout(folder, tally);
  const fitted = await classesOf(folder, layout, options);
  const channels = options.fit?.shape?.[0] ?? (await chooseChannels(layout, options.signal));
  const reader = new FolderReader(fitted, tally, { ...options, channels: channels === 1 ? 1 : 3 });
  let testFrom: number | undefined;
  for (const [i, part] of layout.parts.entries()) {
    if (i === 1) testFrom = reader.count;
    for (const name of part.classes) await reader.readClass(part.folder, name, layout.classes.indexOf(name));
  }
  return reader.finish(folder, testFrom);
}

async function classesOf(
  folder: string,
  layout: FolderLayout,
  { fit, preview }: ImageFolderOptions,
): Promise<FittedClasses> {
  const own = layout.classes;
  const run = fit?.classes;
  if (run === undefined) {
    const classes = preview === undefined ? checkClasses(folder, own) : own;
    return { classes, labels: own.map((_, i) => i), mapping: ownClasses(own) };
  }
  const empty = new Set<string>();
  for (const name of own.filter((one) => !run.includes(one))) if (!(await holdsImage(layout, name))) empty.add(name);
  return fitClasses(basename(folder), own, run, {
    chosen: fit?.mapping,
    isEmpty: (name) => empty.has(name),
    lenient: preview !== undefined,
  });
}

async function holdsImage(layout: FolderLayout, name: string): Promise<boolean> {
  for (const part of layout.parts) {
    if (!part.classes.includes(name)) continue;
    const path = join(part.folder, name);
    for (const file of (await listFolder(path)).files) if (await looksLikeImage(join(path, file))) return true;
  }
  return false;
}

function checkClasses(folder: string, classes: readonly string[]): readonly string[] {
  requireClassNames(folder, classes);
  if (classes.length >= 2) return classes;
  throw dataError(
    'data_invalid',
    `${folder} holds only the folder ${classes[0] ?? ''}. A run tells at least two classes apart: give a folder with all of ` +
      'them, if need be with empty folders for those whose images are elsewhere.',
    { context: { path: folder } },
  );
}

type ReaderOptions = ImageFolderOptions & { readonly channels: ColorChannels };

/** Collects images one by one; memory grows with them and never beyond the limit. */
class FolderReader {
  readonly #fitted: FittedClasses;
  readonly #tally: LoadTally;
  readonly #options: ReaderOptions;
  readonly #images: Uint8Array[] = [];
  readonly #labels: number[] = [];
  readonly #byClass = new Map<string, number>();
  #shape: ImageShape | undefined;
  #corrupt = 0;
  #unread = 0;
  #firstCorrupt = '';
  #otherImages = 0;

  constructor(fitted: FittedClasses, tally: LoadTally, options: ReaderOptions) {
    this.#fitted = fitted;
    this.#tally = tally;
    this.#options = options;
    this.#shape = options.fit?.shape;
  }

  get count(): number {
    return this.#images.length;
  }

  /** @param own index of the class among the folder's own */
  async readClass(folder: string, name: string, own: number): Promise<void> {
    const path = join(folder, name);
    const { folders, files } = await listFolder(path, this.#tally);
    const label = this.#fitted.labels[own] ?? null;
    if (label === null) return await this.#leaveOutClass(path, name, files);
    for (const inside of folders) this.#tally.leaveOut('folder inside a class', `${name}/${inside}`);
    for (const file of files) {
      this.#options.signal.throwIfAborted();
      if (this.count > 0 && this.#options.preview?.isEnough() === true) await this.#countFile(path, name, file);
      else await this.#readFile(path, file, { name, label });
    }
  }

  finish(folder: string, testFrom: number | undefined): LoadedData {
    const total = this.count + this.#corrupt;
    if (this.#corrupt > total * damagedShareMax) {
      throw dataError(
        'data_invalid',
        `${this.#corrupt} of ${total} images in ${folder} cannot be read, the first: ${this.#firstCorrupt}. ` +
          'Replace or remove them; up to 5 % are skipped.',
        { context: { path: folder, corrupt: this.#corrupt, total } },
      );
    }
    // Somebody who is still choosing may have chosen none yet.
    const shape = this.#shape ?? (this.#byClass.size > 0 ? ([1, 1, 1] as const) : undefined);
    if (this.#byClass.size === 0 || shape === undefined) throw noImages(folder);
    const size = shape[0] * shape[1] * shape[2];
    const pixels = new Uint8Array(this.count * size);
    this.#images.forEach((image, i) => pixels.set(image, i * size));
    const all: Dataset = {
      source: basename(folder),
      shape,
      classes: this.#fitted.classes,
      pixels,
      maxValue: 255,
      labels: Uint16Array.from(this.#labels),
    };
    const alike = warningIfAlike(all);
    if (alike !== null) this.#tally.warn(alike);
    const own = this.#fitted.mapping.map((one) => ({ ...one, count: this.#countOf(one.from) }));
    return { all, testFrom, skipped: this.#corrupt, notes: this.#notes(folder), own, unread: this.#unread };
  }

  #notes(folder: string): LoadedData['notes'] {
    if (this.#otherImages > 0 && this.#otherImages > this.count * damagedShareMax)
      this.#tally.warn(
        `${this.#otherImages} images in ${folder} are of formats that are not read; PNG and JPEG are. Convert them to use them.`,
      );
    const { mapping, classes } = this.#fitted;
    if (this.#options.fit?.classes === undefined) {
      const empty = classes.filter((name) => !this.#byClass.has(name));
      if (empty.length > 0)
        this.#tally.warn(`No images here of ${empty.join(', ')}: classes of the run that others have to teach.`);
      return this.#tally.notes();
    }
    return this.#tally.notes(
      mapping.map(({ from, to }) => ({ from: from.slice(0, 80), to, examples: to === null ? 0 : this.#countOf(from) })),
    );
  }

  #countOf(name: string): number {
    return this.#byClass.get(name) ?? 0;
  }

  /** Its files are counted as one kind; which of them are images matters to whoever is still choosing. */
  async #leaveOutClass(path: string, name: string, files: readonly string[]): Promise<void> {
    const [first] = files;
    if (first !== undefined) this.#tally.leaveOut(`in ${name}`, `${name}/${first}`, files.length);
    if (this.#options.preview === undefined) return;
    for (const file of files) {
      this.#options.signal.throwIfAborted();
      if (await looksLikeImage(join(path, file))) this.#byClass.set(name, this.#countOf(name) + 1);
    }
  }

  async #countFile(folder: string, name: string, file: string): Promise<void> {
    if (!(await looksLikeImage(join(folder, file)))) return;
    this.#unread++;
    this.#byClass.set(name, this.#countOf(name) + 1);
  }

  async #readFile(folder: string, file: string, { name, label }: { name: string; label: number }): Promise<void> {
    const path = join(folder, file);
    const found = await readImageFile(path);
    if (found.kind === 'left out') {
      if (found.isImage) this.#otherImages++;
      return this.#tally.leaveOut(found.what, `${name}/${file}`);
    }
    const decoded = found.kind === 'image' ? decodeImage(found.bytes, this.#options.channels) : undefined;
    if (decoded?.ok !== true) {
      this.#corrupt++;
      this.#firstCorrupt ||= `${path} ${found.kind === 'damaged' ? found.why : (decoded?.error ?? '')}`;
      return;
    }
    this.#take(path, decoded.value, { name, label });
  }

  #tell({ channels, facts }: DecodedImage): void {
    if (facts.colored && channels === 1) this.#tally.change('in color', 'seen in grey');
    if (facts.transparent) this.#tally.change('with transparency', 'put on white');
    if (facts.deep) this.#tally.change('of 16 bits a channel', 'taken to 8');
    if (facts.turned) this.#tally.change('with a turn in Exif', 'read as they are stored');
  }

  #take(path: string, image: DecodedImage, { name, label }: { name: string; label: number }): void {
    this.#shape ??= shapeFor(image);
    const [, height, width] = this.#shape;
    if (image.width !== width || image.height !== height) this.#tally.change('scaled', `to ${sizeWords(this.#shape)}`);
    this.#tell(image);
    const pixels = channelsFirst(resizeImage(image, width, height));
    if (this.count >= limits.datasetExamplesMax || (this.count + 1) * pixels.length > limits.datasetBytesMax) {
      throw dataError(
        'data_too_large',
        `${path}: more images than Roundscope holds in memory. Use fewer or smaller ones.`,
      );
    }
    this.#images.push(pixels);
    this.#labels.push(label);
    this.#byClass.set(name, this.#countOf(name) + 1);
  }
}

function shapeFor(image: DecodedImage): ImageShape {
  const scale = Math.min(1, longerSideMax / Math.max(image.width, image.height));
  return [image.channels, Math.max(1, Math.round(image.height * scale)), Math.max(1, Math.round(image.width * scale))];
}

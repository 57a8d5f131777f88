import { basename } from 'node:path';
import { dataError } from '#engine/trainer/errors.ts';
import { limits } from '#shared/contract/limits.ts';
import { openByteFile, readingFault, type ByteFile } from '../byte-file.ts';
import type { Dataset, LoadedData } from '../dataset.ts';
import { ImageCollector } from '../image-collector.ts';
import type { ImageFolderOptions } from '../images/image-folder.ts';
import { finishLabelled } from '../labelled-images.ts';
import { damagedShareMax, LoadTally } from '../load-notes.ts';
import { findColumns, type PictureColumns } from './csv-columns.ts';
import { CsvFault, CsvParser, type CsvRecord } from './csv-parser.ts';
import { isMissing } from './table-types.ts';

/** Rows that the types of columns are found out by. */
const rowsLookedAt = 100;
/** So many rows are read before too many damaged ones end the reading: the end of a large file may be far. */
const rowsBeforeVerdict = 1000;

/** FER2013's numbers (Goodfellow et al. 2013, arXiv:1307.0414). */
const emotionNames = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
const emotionColumn = 'emotion';

export interface CsvSource {
  readonly path: string;
  /** Column with the class; absent: one that is named so, else the last. */
  readonly column?: string | undefined;
}

/**
 * Loads pictures from a table, row by row: FER2013 (`emotion,pixels,Usage`), or a class and a column for each pixel. What
 * `Usage` calls a test is held out. Rows that cannot be used are left out and counted by what is wrong with them.
 * @throws RoundscopeError `data_invalid`, `data_missing`, `data_too_large`, `classes_unknown`
 */
export async function loadCsv(source: CsvSource, options: ImageFolderOptions): Promise<LoadedData> {
  const file = await openByteFile(source.path, options.signal);
  try {
    return await readCsv(file, source, options);
  } finally {
    file.close();
  }
}

/** The same of a file that is open. */
export async function readCsv(file: ByteFile, source: CsvSource, options: ImageFolderOptions): Promise<LoadedData> {
  const { path } = source;
  try {
    return await readRows(file, source, options);
  } catch (cause) {
    if (cause instanceof CsvFault) throw dataError('data_invalid', `${path} ${cause.message}.`, { context: { path } });
    throw readingFault(path, cause, options.signal);
  }
}

async function readRows(file: ByteFile, { path, column }: CsvSource, options: ImageFolderOptions): Promise<LoadedData> {
  let header: readonly string[] | undefined;
  let reader: RowReader | undefined;
  const waiting: CsvRecord[] = [];
  const begin = (names: readonly string[]): RowReader => {
    const columns = findColumns(path, { header: names, rows: waiting, named: column });
    const made = new RowReader(path, columns, (names[columns.target] ?? '').toLowerCase() === emotionColumn);
    for (const record of waiting.splice(0)) made.read(record);
    return made;
  };
  let isWhole = true;
  for await (const records of recordsOf(file, path)) {
    options.signal.throwIfAborted();
    for (const record of records) {
      if (header === undefined) header = record.fields;
      else if (reader !== undefined) reader.read(record);
      else {
        waiting.push(record);
        if (waiting.length >= rowsLookedAt) reader = begin(header);
      }
    }
    if (reader !== undefined && reader.rows > 0 && options.preview?.isEnough() === true) {
      isWhole = file.readBytes() >= file.sizeBytes;
      break;
    }
  }
  if (header === undefined) throw dataError('data_invalid', `${path} is empty.`, { context: { path } });
  reader ??= begin(header);
  if (!isWhole) reader.tellCut(file.readBytes() / file.sizeBytes);
  return reader.finish(options);
}

async function* recordsOf(file: ByteFile, path: string): AsyncGenerator<readonly CsvRecord[], undefined> {
  const parser = new CsvParser();
  // A byte order mark is dropped by it, and signs that are no UTF-8 become marks of their own.
  const decoder = new TextDecoder();
  let first = true;
  for await (const piece of file.stream) {
    const bytes = piece as Uint8Array;
    if (first) requireText(path, bytes);
    first = false;
    yield parser.push(decoder.decode(bytes, { stream: true }));
  }
  yield [...parser.push(decoder.decode()), ...parser.end()];
}

function requireText(path: string, start: Uint8Array): void {
  const wide = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);
  if (wide) throw dataError('data_invalid', `${path} is text in UTF-16. Save it as UTF-8.`, { context: { path } });
  if (start.subarray(0, 4096).includes(0))
    throw dataError(
      'data_invalid',
      `${path} is neither a table as text nor a file of another kind that is read here.`,
      {
        context: { path },
      },
    );
}

/** Collects pictures row by row. */
class RowReader {
  readonly #path: string;
  readonly #columns: PictureColumns;
  readonly #isEmotion: boolean;
  readonly #training: ImageCollector;
  readonly #test: ImageCollector;
  readonly #tally = new LoadTally();
  readonly #damage = new LoadTally();
  readonly #labels = new Map<string, number>();
  #damaged = 0;
  #firstDamage = '';
  rows = 0;

  constructor(path: string, columns: PictureColumns, isEmotion: boolean) {
    this.#path = path;
    this.#columns = columns;
    this.#isEmotion = isEmotion;
    this.#training = new ImageCollector(path, columns.side ** 2);
    this.#test = new ImageCollector(path, columns.side ** 2);
    if (isEmotion) for (const name of [...emotionNames].sort()) this.#labels.set(name, this.#labels.size);
  }

  read(record: CsvRecord): void {
    this.rows++;
    if (this.rows % rowsBeforeVerdict === 0) this.#requireFew();
    const fault = this.#take(record.fields);
    if (fault === null) return;
    this.#damaged++;
    this.#firstDamage ||= `line ${record.line} has ${fault}`;
    this.#damage.leaveOut(`rows with ${fault}`, `line ${record.line}`);
  }

  tellCut(share: number): void {
    const percent = Math.max(1, Math.floor(share * 100));
    this.#tally.warn(
      `The first ${this.rows.toLocaleString('en')} rows were read so far, about ${percent} % of the file: counts are of these.`,
    );
  }

  finish(options: ImageFolderOptions): LoadedData {
    this.#requireFew();
    const { side, words } = this.#columns;
    const size = side ** 2;
    // Without rows to train on, what is called a test is all there is: it is split by seed.
    const [first, second] = this.#training.count === 0 ? [this.#test, this.#training] : [this.#training, this.#test];
    const count = first.count + second.count;
    const pixels = new Uint8Array(count * size);
    const trained = first.count;
    const raw = Uint16Array.from([...first.labels, ...second.labels]);
    first.moveTo(pixels, 0);
    second.moveTo(pixels, trained * size);
    const { classes, order } = sortClasses([...this.#labels.keys()]);
    this.#tally.change('rows', `${words}, seen as ${side}x${side}`, count);
    const all: Dataset = {
      source: basename(this.#path),
      shape: [1, side, side],
      classes,
      pixels,
      maxValue: 255,
      labels: raw.map((label) => order[label] as number),
    };
    const testFrom = second.count === 0 ? undefined : trained;
    const damaged = this.#damaged === 0 ? [] : this.#damage.notes().leftOut;
    return finishLabelled({ all, testFrom, path: this.#path, tally: this.#tally, damaged }, options);
  }

  /** What is wrong with a row, to be said behind `has`; null: it was taken. */
  #take(fields: readonly string[]): string | null {
    const { target, usage, columns } = this.#columns;
    if (fields.length !== columns) return `${fields.length} of ${columns} columns`;
    const name = this.#classOf(fields[target] as string);
    if (typeof name !== 'string') return name.fault;
    const part = usage === undefined ? 'training' : partOf(fields[usage] as string);
    if (part === null) return 'a usage that is neither training nor test';
    const images = part === 'training' ? this.#training : this.#test;
    const fault = this.#readPixels(fields, images.room());
    if (fault !== null) return fault;
    images.keep(this.#labelOf(name));
    return null;
  }

  #classOf(text: string): string | { readonly fault: string } {
    if (isMissing(text)) return { fault: 'no class' };
    // As pandas writes whole numbers in a column where one is missing.
    const name = /^\d+\.0+$/.test(text) ? text.slice(0, text.indexOf('.')) : text;
    if (!this.#isEmotion) return name;
    const known = /^\d+$/.test(name) ? emotionNames[Number(name)] : name.toLowerCase();
    return known !== undefined && this.#labels.has(known) ? known : { fault: 'an emotion that is none of 0 to 6' };
  }

  #labelOf(name: string): number {
    const known = this.#labels.get(name);
    if (known !== undefined) return known;
    if (this.#labels.size >= limits.classesMax)
      throw dataError(
        'data_invalid',
        `${this.#path} has more than ${limits.classesMax} different values in the column of its classes. Name the right column behind the path: ${basename(this.#path)}#COLUMN.`,
        { context: { path: this.#path } },
      );
    const label = this.#labels.size;
    this.#labels.set(name, label);
    return label;
  }

  #readPixels(fields: readonly string[], into: Uint8Array): string | null {
    const { pixels } = this.#columns;
    if (typeof pixels === 'number') return readPixelText(fields[pixels] as string, into);
    for (const [i, column] of pixels.entries()) {
      const text = fields[column] as string;
      if (isMissing(text)) return 'missing pixels';
      const value = Number(text);
      if (!Number.isInteger(value) || value < 0 || value > 255) return 'pixels that are no whole numbers from 0 to 255';
      into[i] = value;
    }
    return null;
  }

  #requireFew(): void {
    if (this.#damaged <= this.rows * damagedShareMax) return;
    throw dataError(
      'data_invalid',
      `${this.#damaged} of ${this.rows} rows in ${this.#path} cannot be used, the first: ${this.#firstDamage}. ` +
        'Correct or remove them; up to 5 % are left out.',
      { context: { path: this.#path, damaged: this.#damaged, rows: this.rows } },
    );
  }
}

function partOf(usage: string): 'training' | 'test' | null {
  if (/^train/i.test(usage)) return 'training';
  return /test|val/i.test(usage) ? 'test' : null;
}

/** Numbers between blanks, sign by sign: a text of 2304 of them is not cut into as many texts. */
export function readPixelText(text: string, into: Uint8Array): string | null {
  let count = 0;
  let value = -1;
  for (let i = 0; i <= text.length; i++) {
    const sign = i === text.length ? 32 : text.charCodeAt(i);
    if (sign >= 48 && sign <= 57) {
      value = (value < 0 ? 0 : value * 10) + sign - 48;
      if (value > 255) return 'pixels that are no whole numbers from 0 to 255';
    } else if (sign === 32 || sign === 9 || sign === 10 || sign === 13) {
      if (value < 0) continue;
      if (count < into.length) into[count] = value;
      count++;
      value = -1;
    } else return 'pixels that are no whole numbers from 0 to 255';
  }
  return count === into.length ? null : `${count === 0 ? 'no' : 'another number of'} pixels`;
}

/** Numbers in their order, else by name; `order` is the new place of each old one. */
function sortClasses(names: readonly string[]): {
  readonly classes: readonly string[];
  readonly order: readonly number[];
} {
  const areNumbers = names.every((name) => /^\d+$/.test(name));
  const classes = [...names].sort((a, b) => (areNumbers ? Number(a) - Number(b) : a < b ? -1 : 1));
  const places = new Map(classes.map((name, place) => [name, place]));
  return { classes, order: names.map((name) => places.get(name) as number) };
}

import { dataError } from '#engine/trainer/errors.ts';
import { listNames } from '#shared/base/text/list-names.ts';
import { limits } from '#shared/contract/limits.ts';
import { tableFault } from './table-types.ts';
import type { CsvRecord } from './csv-parser.ts';

/** Where in a row its class and its picture are. */
export interface PictureColumns {
  readonly target: number;
  /** One column with all pixels as text, or a column for each pixel. */
  readonly pixels: number | readonly number[];
  /** FER2013's column that says which part a row belongs to. */
  readonly usage: number | undefined;
  readonly columns: number;
  readonly side: number;
  /** For people: how rows were understood. */
  readonly words: string;
}

const targetNames = ['label', 'target', 'class', 'emotion', 'y'];
/** A picture with a column for each pixel has at least so many; fewer are taken for figures. */
const pixelColumnsMin = 64;

/**
 * Finds out what the columns of a table are, by its header and its first rows.
 * @param named the column with the class, as somebody named it
 * @throws RoundscopeError `data_invalid`
 */
export function findColumns(
  path: string,
  {
    header,
    rows,
    named,
  }: { readonly header: readonly string[]; readonly rows: readonly CsvRecord[]; readonly named: string | undefined },
): PictureColumns {
  const names = header.map((name) => name.toLowerCase());
  const [first] = rows;
  if (header.length < 2)
    throw dataError(
      'data_invalid',
      `${path} has one column only, "${shown(header[0] ?? '')}", where a class and a picture are looked for.`,
    );
  if (header.every((name) => name !== '' && Number.isFinite(Number(name))))
    throw dataError(
      'data_invalid',
      `${path} has no header: its first line holds numbers. Put a line with the names of the columns above it, such as label,pixel0,pixel1.`,
    );
  if (first === undefined) throw dataError('data_invalid', `${path} has a header and no rows.`);
  const target = targetOf(path, header, named);
  const usage = names.indexOf('usage');
  const base = { target, usage: usage === -1 ? undefined : usage, columns: header.length };
  const column = names.indexOf('pixels');
  if (column !== -1 && column !== target) {
    const count = (first.fields[column] ?? '').split(/\s+/).length;
    const side = Math.sqrt(count);
    if (!isSide(side)) throw notSquare(path, `the ${count} pixels in line ${first.line}`);
    return {
      ...base,
      pixels: column,
      side,
      words: `pixels from "${shown(header[column] ?? '')}", class from "${shown(header[target] ?? '')}"`,
    };
  }
  const others = header.map((_, i) => i).filter((i) => i !== target && i !== usage);
  if (
    others.length < pixelColumnsMin ||
    !rows.every(({ fields }) => others.every((i) => isPixel(fields[i] ?? '') || fields[i] === ''))
  )
    throw tableFault(path, { header, rows, target });
  const side = Math.sqrt(others.length);
  if (!isSide(side)) throw notSquare(path, `the ${others.length} columns beside the class`);
  return {
    ...base,
    pixels: others,
    side,
    words: `${others.length} columns as pixels, class from "${shown(header[target] ?? '')}"`,
  };
}

/** A column by the name that somebody gave, else by a usual name, else the last one. */
function targetOf(path: string, header: readonly string[], named: string | undefined): number {
  if (named !== undefined) {
    const exact = header.indexOf(named);
    const found = exact === -1 ? header.findIndex((name) => name.toLowerCase() === named.toLowerCase()) : exact;
    if (found !== -1) return found;
    throw dataError(
      'data_invalid',
      `${path} has no column "${shown(named)}". Its columns: ${listNames(header.map(shown))}.`,
    );
  }
  for (const usual of targetNames) {
    const found = header.findIndex((name) => name.toLowerCase() === usual);
    if (found !== -1) return found;
  }
  return header.length - 1;
}

function isSide(side: number): boolean {
  return Number.isInteger(side) && side >= 1 && side <= limits.imageSideMax;
}

function isPixel(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= 255;
}

function notSquare(path: string, what: string): Error {
  return dataError(
    'data_invalid',
    `${path}: ${what} are no square of at most ${limits.imageSideMax}x${limits.imageSideMax}, as of a grey picture of 48x48 with 2304.`,
  );
}

function shown(name: string): string {
  return name.slice(0, 40);
}

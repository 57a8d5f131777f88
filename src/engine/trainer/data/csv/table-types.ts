import { dataError } from '#engine/trainer/errors.ts';
import type { CsvRecord } from './csv-parser.ts';

/** Words of missing values that pandas, R and spreadsheets write. */
const missingWords = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?', '-']);

export function isMissing(text: string): boolean {
  return missingWords.has(text.toLowerCase());
}

/** `number`, `whole number`, `text, 3 values`, with `and missing values` where there are some. */
export function typeOf(values: readonly string[]): string {
  const present = values.filter((value) => !isMissing(value));
  const missing = present.length === values.length ? '' : ' with missing values';
  if (present.length === 0) return 'empty';
  if (present.every((value) => /^[+-]?\d+$/.test(value))) return `whole number${missing}`;
  if (present.every((value) => Number.isFinite(Number(value.replace(',', '.'))))) return `number${missing}`;
  const distinct = new Set(present).size;
  return `text${distinct < present.length ? `, ${distinct} values` : ''}${missing}`;
}

const columnsShownMax = 8;

/** A table of figures is read well and cannot be trained on yet: the answer says what was found in it. */
export function tableFault(
  path: string,
  {
    header,
    rows,
    target,
  }: { readonly header: readonly string[]; readonly rows: readonly CsvRecord[]; readonly target: number },
): Error {
  const wordsOf = (i: number): string =>
    `"${(header[i] ?? '').slice(0, 40)}" (${typeOf(rows.map(({ fields }) => fields[i] ?? ''))})`;
  const others = header.map((_, i) => i).filter((i) => i !== target);
  const words = others.slice(0, columnsShownMax).map(wordsOf);
  const more = others.length > words.length ? ` and ${others.length - words.length} more` : '';
  return dataError(
    'data_invalid',
    `${path} is a table of figures: ${words.join(', ')}${more}, and as the class ${wordsOf(target)}. ` +
      'Runs are about pictures so far: give a column "pixels" with numbers from 0 to 255 between blanks, or a column for each of at least 64 pixels.',
    { context: { path, columns: header.length } },
  );
}

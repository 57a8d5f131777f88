import { limits } from '#shared/contract/limits.ts';
import type { DataPreview, RequestOf } from '#shared/contract/app/port-api.ts';

type PreviewClass = DataPreview['classes'][number];
export type Mapping = NonNullable<RequestOf<'join_run'>['mapping']>;
/** Class of the data to class of the run; null: left out. */
export type Choices = Readonly<Record<string, string | null>>;

/** A class of the data beside the class of the run that it will be. */
export interface MappedClass {
  readonly name: string;
  readonly count: number;
  /** Class of the run; null: left out; undefined: nobody has said. */
  readonly to: string | null | undefined;
  readonly state: 'same' | 'guess' | 'chosen' | 'left out' | 'unknown';
  readonly why: string;
}

/** Guesses of the newest preview for classes of other names, beside those of earlier ones that still stand. */
export function guessesOf(preview: DataPreview, before: Choices): Choices {
  const names = new Set(preview.classes.map(({ name }) => name));
  const kept = Object.entries(before).filter(([name]) => names.has(name));
  const found = preview.classes.flatMap(({ name, guess }) => (guess === null ? [] : [[name, guess] as const]));
  return Object.fromEntries([...kept, ...found]);
}

/** What is asked for: what was chosen by hand, else what was guessed. Names that mean themselves are not in it. */
export function mappingOf(chosen: Choices, guessed: Choices): Mapping {
  return Object.entries({ ...guessed, ...chosen })
    .map(([from, to]) => ({ from, to }))
    .slice(0, limits.classesMax);
}

export function mapClass(one: PreviewClass, chosen: Choices, guessed: Choices): MappedClass {
  const { name, count, why } = one;
  const own = chosen[name];
  if (own === null) return { name, count, to: null, state: 'left out', why: 'left out' };
  if (own !== undefined) return { name, count, to: own, state: 'chosen', why: 'chosen by you' };
  const guess = guessed[name];
  if (guess != null) return { name, count, to: guess, state: 'guess', why: `did you mean ${guess}?` };
  if (one.to !== null) return { name, count, to: one.to, state: 'same', why };
  return { name, count, to: undefined, state: 'unknown', why: why === '' ? 'not a class of this run' : why };
}

/** In words, for the line under the table: how many classes of the run this data has, and what it leaves out. */
export function coverage(rows: readonly MappedClass[], classes: readonly string[]): string {
  const here = new Set(rows.filter(({ to, count }) => to != null && count > 0).map(({ to }) => to));
  const missing = classes.filter((name) => !here.has(name));
  const out = rows.filter(({ state }) => state === 'left out');
  const left = out.length === 0 ? '' : `; left out: ${out.map(({ name }) => name).join(', ')}`;
  if (missing.length === 0) return `all ${classes.length} classes of the run are here${left}`;
  if (here.size === 0) return `none of the run’s ${classes.length} classes is here${left}`;
  const named = missing.length <= 3 ? `, not ${missing.join(', ')}` : '';
  return `${here.size} of the run’s ${classes.length} classes${named}${left}`;
}

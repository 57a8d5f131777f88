import { nearest } from '#shared/filter/nearest.ts';
import { listNames } from '#shared/base/text/list-names.ts';

/** What somebody has said of one class: the run's class that it is, or null: it is left out. */
export interface ChosenClass {
  readonly from: string;
  readonly to: string | null;
}

export interface MappedClass {
  readonly from: string;
  /** Class of the run; null: left out by choice, or unknown. */
  readonly to: string | null;
  readonly how: 'same' | 'chosen' | 'left out' | 'unknown';
  /** For an unknown one: the run's class that is likely meant. */
  readonly guess: string | null;
  /** In a few words: `same name`, `same but for capital letters`, `no class of the run`. */
  readonly why: string;
}

/** Classes of data that no run asks for anything: they are what they are called. */
export function ownClasses(own: readonly string[]): MappedClass[] {
  return own.map((from) => ({ from, to: from, how: 'same', guess: null, why: 'its own name' }));
}

export interface ClassMapping {
  /** In the order of the own classes. */
  readonly classes: readonly MappedClass[];
  /** What was chosen and cannot be, in sentences without a full stop. */
  readonly faults: readonly string[];
}

/**
 * Finds for each class of somebody's data the class of the run that it is: by its exact name, or because somebody has said
 * so. Nothing else is taken for the same, since a wrong guess would teach a wrong label and nobody would see it: names that
 * differ by case, blanks, Unicode form or a slip of the hand are unknown, with a guess. Several may be the same class.
 * Decision 0057.
 */
export function mapClasses(
  own: readonly string[],
  run: readonly string[],
  chosen: readonly ChosenClass[] = [],
): ClassMapping {
  const faults: string[] = [];
  const said = new Map<string, string | null>();
  for (const { from, to } of chosen) {
    const mine = named(from, own);
    const theirs = to === null ? null : named(to, run);
    if (mine === undefined) {
      faults.push(`"${from}" is to be mapped, and the data has no such class: ${listNames(own)}${meant(from, own)}`);
    } else if (theirs === undefined) {
      faults.push(
        `"${from}" is to be "${to ?? ''}", which is no class of the run: ${listNames(run)}${meant(to ?? '', run)}`,
      );
    } else if (said.has(mine) && said.get(mine) !== theirs) {
      faults.push(`"${from}" is mapped twice, and differently`);
    } else said.set(mine, theirs);
  }
  return { classes: own.map((from) => mapped(from, run, said)), faults };
}

function mapped(from: string, run: readonly string[], said: ReadonlyMap<string, string | null>): MappedClass {
  const choice = said.get(from);
  if (choice !== undefined) {
    const how = choice === null ? 'left out' : 'chosen';
    return { from, to: choice, how, guess: null, why: how };
  }
  if (run.includes(from)) return { from, to: from, how: 'same', guess: null, why: 'same name' };
  return { from, to: null, how: 'unknown', ...guessOf(from, run) };
}

/** From the surest to the vaguest; what fits several classes alike is no guess. */
function guessOf(from: string, run: readonly string[]): { readonly guess: string | null; readonly why: string } {
  for (const { why, form } of forms) {
    const same = run.filter((name) => form(name) === form(from));
    if (same.length === 1) return { guess: same[0] ?? null, why };
    if (same.length > 1) return { guess: null, why: 'no class of the run' };
  }
  // Neither a single sign nor another number is a slip of the hand.
  const likely = run.filter((name) => plain(name).length > 2 && digitsOf(name) === digitsOf(from));
  const close = plain(from).length > 2 ? nearest(plain(from), likely.map(plain)) : null;
  const guess = close === null ? null : (run.find((name) => plain(name) === close) ?? null);
  return { guess, why: guess === null ? 'no class of the run' : 'spelled a little differently' };
}

const forms: readonly { readonly why: string; readonly form: (name: string) => string }[] = [
  { why: 'same but for its Unicode form', form: (name) => name.normalize('NFC') },
  { why: 'same but for capital letters', form: (name) => name.normalize('NFC').toLowerCase() },
  { why: 'same but for blanks', form: (name) => withoutBlanks(name.normalize('NFC')) },
  { why: 'same but for capital letters, blanks or the form of its letters', form: plain },
];

function digitsOf(name: string): string {
  return name.normalize('NFKC').replaceAll(/\D+/g, ' ').trim();
}

function plain(name: string): string {
  return withoutBlanks(name.normalize('NFKC').toLowerCase());
}

/** Blanks, and what people write instead of one; also those that cannot be seen. */
function withoutBlanks(name: string): string {
  return name.replaceAll(/[\s_\-\u200b-\u200d\u2060\ufeff]+/gu, '');
}

/** A name as somebody typed it: exactly, or in the Unicode form of their keyboard where that leaves no doubt. */
function named(name: string, among: readonly string[]): string | undefined {
  if (among.includes(name)) return name;
  const same = among.filter((one) => one.normalize('NFC') === name.normalize('NFC'));
  return same.length === 1 ? same[0] : undefined;
}

function meant(name: string, among: readonly string[]): string {
  const { guess } = guessOf(name, among);
  return guess === null ? '' : `. Did you mean "${guess}"?`;
}

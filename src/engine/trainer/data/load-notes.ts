import type { EventData } from '#shared/contract/events.ts';

/** What a loader did with what it found, for people: as the event `data_loaded` carries it. */
export type LoadNotes = Pick<EventData<'data_loaded'>, 'leftOut' | 'changed' | 'mapping' | 'warnings'>;

export const noNotes: LoadNotes = { leftOut: [], changed: [], mapping: [], warnings: [] };

/** More damaged examples than this and the set is not what it seems: better to stop than to train on the rest. */
export const damagedShareMax = 0.05;

/** Counts kinds of things; of those beyond the limit only the number is kept, under a kind of their own. */
export class LoadTally {
  readonly #leftOut = new Map<string, { count: number; example: string }>();
  readonly #changed = new Map<string, { count: number; how: string }>();
  readonly #warnings: string[] = [];

  leaveOut(what: string, example: string, count = 1): void {
    const key = this.#leftOut.has(what) || this.#leftOut.size < kindsMax ? what.slice(0, 80) : 'other kinds';
    const known = this.#leftOut.get(key) ?? { count: 0, example: example.slice(0, 200) };
    known.count += count;
    this.#leftOut.set(key, known);
  }

  change(what: string, how: string, count = 1): void {
    const known = this.#changed.get(what) ?? { count: 0, how: how.slice(0, 200) };
    known.count += count;
    this.#changed.set(what, known);
  }

  warn(text: string): void {
    if (this.#warnings.length < warningsMax) this.#warnings.push(text.slice(0, 1000));
  }

  /** What was noted before, in an earlier step of reading. */
  addAll({ leftOut, changed, warnings }: LoadNotes): void {
    for (const { what, example, count } of leftOut) this.leaveOut(what, example, count);
    for (const { what, how, count } of changed) this.change(what, how, count);
    for (const warning of warnings) this.warn(warning);
  }

  notes(mapping: LoadNotes['mapping'] = []): LoadNotes {
    const byCount = <T extends { readonly count: number }>(items: T[]): T[] => items.sort((a, b) => b.count - a.count);
    return {
      leftOut: byCount([...this.#leftOut].map(([what, rest]) => ({ what, ...rest }))),
      changed: byCount([...this.#changed].map(([what, rest]) => ({ what, ...rest }))),
      mapping,
      warnings: this.#warnings,
    };
  }
}

/** As many as the event carries, less one for the others. */
const kindsMax = 31;
const warningsMax = 16;

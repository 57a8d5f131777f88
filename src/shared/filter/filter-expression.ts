import type { FilterField } from './filter-fields.ts';

/**
 * A checked filter. Whoever translates it (the recorder does, to SQL) must keep to these meanings:
 *
 * - Text is compared and searched without regard to ASCII case (SQLite: `COLLATE NOCASE`, `instr(lower(x), value)`);
 *   `value` is already in lower case. An absent text is the empty text.
 * - A number that a packet does not have (`duration`, `gap`) fails every comparison except `!=`; `not` negates that
 *   outcome as any other, so SQL needs `coalesce(comparison, 0)`.
 * - `pattern` asks whether the pattern (`patternOf`) is found in the text; of `text`, in any of `searchedColumns`.
 * - `moment` compares the packet's own time, ms since 1970.
 * - `span` is the time until `ms` after the run began (`first`), or since `ms` before the newest packet (`last`). A
 *   recording knows both; a window resolves them first (`absoluteText`).
 * - `time` is the time of day in ms since local midnight; `size`, `body` are bytes; `duration`, `gap` ms.
 * - `gap` is the time since the previous packet (by id) of the same `source` and `participant`; the first has none.
 * - `from` is `source` of a packet that was sent, `peer` of one that was received; `to` is the other one.
 * - `search` asks whether any of `searchedColumns` contains the text; `text ~ x` is checked into the same thing.
 * - `and` of no terms holds always (the empty filter), `or` of no terms never.
 */
export type FilterExpression =
  | { readonly kind: 'and'; readonly terms: readonly FilterExpression[] }
  | { readonly kind: 'or'; readonly terms: readonly FilterExpression[] }
  | { readonly kind: 'not'; readonly term: FilterExpression }
  | { readonly kind: 'number'; readonly field: FilterField; readonly operator: Comparison; readonly value: number }
  | { readonly kind: 'text'; readonly field: FilterField; readonly operator: TextComparison; readonly value: string }
  | { readonly kind: 'pattern'; readonly field: FilterField; readonly source: string }
  | { readonly kind: 'moment'; readonly operator: Comparison; readonly value: number }
  | { readonly kind: 'span'; readonly end: 'first' | 'last'; readonly ms: number }
  | { readonly kind: 'search'; readonly value: string };

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
/** `~`: contains. */
export type TextComparison = '==' | '!=' | '~';

export const everything: FilterExpression = { kind: 'and', terms: [] };

/** Why a filter cannot be used, in one sentence; `from` and `to` are offsets into its text. */
export interface FilterError {
  readonly message: string;
  readonly from: number;
  readonly to: number;
  /** What to write instead of that stretch, where one guess is likely. */
  readonly fix?: string;
  /** The text just stops too early: what of it is whole, and how far that reaches. */
  readonly unfinished?: { readonly expression: FilterExpression; readonly keptTo: number };
  /** Looks whole and is not, so that the message is worth reading before anything more is typed. */
  readonly looksWhole?: true;
}

/** The fields that a filter speaks of, such as to know whether `gap` must be computed. */
export function fieldsOf(expression: FilterExpression): ReadonlySet<FilterField> {
  const fields = new Set<FilterField>();
  const visit = (node: FilterExpression): void => {
    if (node.kind === 'and' || node.kind === 'or') node.terms.forEach(visit);
    else if (node.kind === 'not') visit(node.term);
    else if (node.kind === 'search') fields.add('text');
    else fields.add(node.kind === 'moment' || node.kind === 'span' ? 'time' : node.field);
  };
  visit(expression);
  return fields;
}

import type { FilterExpression } from '#shared/filter/filter-expression.ts';

/** An index that answers a filter, and what the query has to say so that SQLite may use it. */
export interface ChosenIndex {
  readonly name: string;
  /** Implied by the filter: what rows are in the index. */
  readonly also: string;
}

/** A silence from here on is looked for by an index; shorter ones are what every link has. */
export const silenceMsMin = 1000;

/** Which row is the rarer, the earlier; the indices are those of `schema.ts`. */
const choices: readonly ((term: FilterExpression) => ChosenIndex | null)[] = [
  (term) =>
    valuesOf(term, 'message')?.every((value) => value !== '') === true
      ? { name: 'packets_message', also: "message_id <> ''" }
      : null,
  (term) =>
    valuesOf(term, 'status')?.every((value) => value.toLowerCase() !== 'ok') === true
      ? { name: 'packets_status', also: "status <> 'ok'" }
      : null,
  (term) =>
    term.kind === 'number' &&
    term.field === 'gap' &&
    ['>', '>=', '=='].includes(term.operator) &&
    term.value >= silenceMsMin
      ? { name: 'packets_silence', also: `gap_ms >= ${silenceMsMin}` }
      : null,
  (term) => (valuesOf(term, 'participant')?.length === 1 ? { name: 'packets_participant', also: '1' } : null),
  (term) => (valuesOf(term, 'kind') === null ? null : { name: 'packets_kind', also: '1' }),
];

/** The index for what a filter asks of every packet; null: each row has to be looked at. */
export function indexFor(expression: FilterExpression): ChosenIndex | null {
  const terms = expression.kind === 'and' ? expression.terms : [expression];
  for (const choose of choices) {
    for (const term of terms) {
      const chosen = choose(term);
      if (chosen !== null) return chosen;
    }
  }
  return null;
}

/** The values of which a field has to have one; null: it may have others. */
export function valuesOf(term: FilterExpression, field: string): readonly string[] | null {
  const terms = term.kind === 'or' ? term.terms : [term];
  const values: string[] = [];
  for (const one of terms) {
    if (one.kind !== 'text' || one.operator !== '==' || one.field !== field) return null;
    values.push(one.value);
  }
  return values.length === 0 ? null : values;
}

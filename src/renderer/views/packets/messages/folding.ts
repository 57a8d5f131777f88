import { filterTextMax } from '#shared/contract/app/port-api.ts';
import type { FilterExpression } from '#shared/filter/filter-expression.ts';
import { quoteValue } from '#shared/filter/filter-lexer.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';

interface Shown {
  readonly expression: FilterExpression;
  readonly text: string;
}

/** Messages that can stand open at once. */
export const openedMax = 16;

/**
 * The filter with chunks folded into their messages, but for those that are opened. A chunk of which no message is known stays.
 * Null: with that the filter would be longer than a service takes.
 */
export function folded({ text }: Shown, opened: readonly string[]): Shown | null {
  const open = ['""', ...opened].map((id) => `message == ${id === '""' ? id : quoteValue(id)}`).join(' || ');
  const chunks = `(kind != chunk || ${open})`;
  const both = text.trim() === '' ? chunks : `(${text.trim()}) && ${chunks}`;
  const parsed = both.length > filterTextMax ? null : parseFilter(both);
  return parsed?.ok === true ? { expression: parsed.value, text: both } : null;
}

import type { KnownValues } from './complete-filter.ts';
import type { FilterExpression } from './filter-expression.ts';
import { lowerAscii } from './filter-values.ts';
import { nearest } from './nearest.ts';

/**
 * What in a filter that can be read may be why it found nothing, a sentence each, at most three: a value that nobody has
 * seen, a pattern where letters are meant. What is negated is left out, since it shuts nothing out.
 */
export function oddTerms(expression: FilterExpression, known: KnownValues): readonly string[] {
  const found = new Set<string>();
  const visit = (node: FilterExpression): void => {
    if (node.kind === 'and' || node.kind === 'or') node.terms.forEach(visit);
    else if (node.kind === 'search') add(patternNote('text', node.value));
    else if (node.kind === 'text' && node.operator !== '!=')
      add(patternNote(node.field, node.value) ?? (node.operator === '==' ? unseenNote(node, known) : null));
  };
  const add = (note: string | null): void => {
    if (note !== null) found.add(note);
  };
  visit(expression);
  return [...found].slice(0, notesMax);
}

const notesMax = 3;

/** `node-*` and `/model/`, as other tools have them. */
function patternNote(field: string, value: string): string | null {
  const inner = /^\/(.+)\/[a-z]*$/.exec(value)?.[1];
  if (inner !== undefined) return `There are no patterns, / is a letter: ${field} ~ ${inner} looks for it anywhere.`;
  if (!/[*%]/.test(value)) return null;
  const longest = value.split(/[*%]+/).reduce((a, b) => (b.length > a.length ? b : a), '');
  return `There are no patterns, * is a letter: ${field} ~ ${longest === '' ? '…' : longest} looks for a part.`;
}

function unseenNote({ field, value }: Extract<FilterExpression, { kind: 'text' }>, known: KnownValues): string | null {
  if (field === 'message' || field === 'reply_to')
    return `${field} == takes a whole id: ${field} ~ ${value} looks for a part.`;
  const seen = known.values[field] ?? [];
  if (seen.length === 0 || seen.some((one) => lowerAscii(one) === value)) return null;
  const guess = nearest(value, seen);
  return `No ${field} ${value} among the packets held here${guess === null ? '.' : `: did you mean ${guess}?`}`;
}

import type { KnownValues } from './complete-filter.ts';
import type { FilterExpression } from './filter-expression.ts';
import { lowerAscii } from './filter-values.ts';
import { nearest } from './nearest.ts';
import { patternOf } from './pattern/pattern.ts';

/**
 * What in a filter that can be read may be why it found nothing, a sentence each, at most three: a value that nobody has
 * seen, a pattern where letters are meant. What is negated is left out, since it shuts nothing out.
 */
export function oddTerms(expression: FilterExpression, known: KnownValues): readonly string[] {
  const found = new Set<string>();
  const visit = (node: FilterExpression): void => {
    if (node.kind === 'and' || node.kind === 'or') node.terms.forEach(visit);
    else if (node.kind === 'search') add(patternNote('text', node.value));
    else if (node.kind === 'pattern') add(unfitNote(node, known));
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

/** `"node-*"` and `"/model/"`: signs that mean something elsewhere and are letters here. */
function patternNote(field: string, value: string): string | null {
  if (/^\/.+\/$/.test(value)) return `Here / is a letter: ${field} ~ ${value}, without quotes, looks for the pattern.`;
  if (value.includes('%'))
    return `% is a letter: * stands for any letters, as in ${field} ~ ${value.replaceAll('%', '*')}`;
  return value.includes('*')
    ? 'In quotes and after contains, * is a letter: without them it stands for any letters.'
    : null;
}

function unfitNote(
  { field, source }: Extract<FilterExpression, { kind: 'pattern' }>,
  known: KnownValues,
): string | null {
  const seen = known.values[field] ?? [];
  const pattern = patternOf(source);
  if (seen.length === 0 || pattern === null || seen.some((one) => pattern.test(one))) return null;
  return `No ${field} among the packets held here fits this pattern.`;
}

function unseenNote({ field, value }: Extract<FilterExpression, { kind: 'text' }>, known: KnownValues): string | null {
  if (field === 'message' || field === 'reply_to')
    return `${field} == takes a whole id: ${field} ~ ${value} looks for a part.`;
  const seen = known.values[field] ?? [];
  if (seen.length === 0 || seen.some((one) => lowerAscii(one) === value)) return null;
  const guess = nearest(value, seen);
  return `No ${field} ${value} among the packets held here${guess === null ? '.' : `: did you mean ${guess}?`}`;
}

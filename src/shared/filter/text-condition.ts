import { err, ok, type Result } from '../base/result.ts';
import type { FilterError, FilterExpression } from './filter-expression.ts';
import type { FieldInfo, FilterField } from './filter-fields.ts';
import { quoteValue } from './filter-lexer.ts';
import type { Token } from './filter-lexer.ts';
import { lowerAscii } from './filter-values.ts';
import { nearest } from './nearest.ts';
import { compilePattern, patternOf, wildcardSource } from './pattern/pattern.ts';

type Checked = Result<FilterExpression, FilterError>;

/** Operators that look for a part. */
export const looking: ReadonlySet<string> = new Set(['~', '!~', 'contains']);

interface TextCondition {
  readonly field: FilterField;
  readonly info: FieldInfo;
  readonly operator: string;
  readonly value: Token;
}

/** A condition on text: `~` and `==` know patterns and wildcards, `contains` and quotes mean letters alone. */
export function textCondition({ field, info, operator, value }: TextCondition): Checked {
  if (operator === '!~') {
    const found = textCondition({ field, info, operator: '~', value });
    return found.ok ? ok({ kind: 'not', term: found.value }) : found;
  }
  if (value.kind === 'pattern') return patternCondition({ field, info, operator, value });
  const wild = value.kind === 'word' && operator !== 'contains' && /[*?]/.test(value.text);
  if (wild) return wildcardCondition({ field, info, operator, value });
  const text = lowerAscii(value.text);
  if (info.type === 'search') return ok({ kind: 'search', value: text });
  if (operator === '~' || operator === 'contains') return ok({ kind: 'text', field, operator: '~', value: text });
  if (info.values !== undefined && !info.values.includes(text)) return never(field, info.values, value);
  return ok({ kind: 'text', field, operator: operator === '!=' ? '!=' : '==', value: text });
}

function patternCondition({ field, operator, value }: TextCondition): Checked {
  const { from, to } = value;
  if (operator !== '~')
    return err({ message: `A pattern goes with ~, not with ${operator}; in quotes, / is a letter.`, from, to });
  const compiled = compilePattern(value.text);
  if (compiled.ok) return ok({ kind: 'pattern', field, source: value.text });
  const at = Math.min(from + 1 + compiled.error.at, to - 1);
  return err({ message: compiled.error.message, from: at, to: Math.min(at + 1, to) });
}

/** `node-*`: of a list of values, at least one must fit. */
function wildcardCondition({ field, info, operator, value }: TextCondition): Checked {
  const { from, to, text } = value;
  const source = wildcardSource(text, operator !== '~');
  const pattern = patternOf(source);
  if (pattern === null) return err({ message: `${text} has too many wildcards.`, from, to });
  if (info.values !== undefined && operator !== '~' && !info.values.some((one) => pattern.test(one)))
    return never(field, info.values, value);
  const found: FilterExpression = { kind: 'pattern', field, source };
  return ok(operator === '!=' ? { kind: 'not', term: found } : found);
}

function never(field: FilterField, values: readonly string[], { text, from, to }: Token): Checked {
  const guess = nearest(text, values);
  const tail = guess === null ? possible(field, values, text) : `Did you mean ${guess}?`;
  return err({
    message: `${field} is never ${text}. ${tail}`,
    from,
    to,
    ...(guess === null ? {} : { fix: guess }),
  });
}

/** A list that is short enough to be read, or how to look for what only a later version knows. */
function possible(field: FilterField, values: readonly string[], wanted: string): string {
  if (values.length <= shownValuesMax) return `It is one of ${values.join(', ')}.`;
  return `It is one of ${values.slice(0, 6).join(', ')} and others; ${field} ~ ${quoteValue(wanted)} looks for a part of it.`;
}

const shownValuesMax = 12;

import { assert, unreachable } from '../base/assert.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { Comparison, FilterError, FilterExpression } from './filter-expression.ts';
import { asField, fieldInfo, operatorsOf } from './filter-fields.ts';
import type { FieldInfo, FilterField } from './filter-fields.ts';
import { nothingYet } from './filter-lexer.ts';
import type { Token } from './filter-lexer.ts';
import type { ParsedFilter } from './filter-parser.ts';
import {
  durationUnitNames,
  durationUnits,
  readMoment,
  readQuantity,
  readTimeOfDay,
  sizeUnits,
  lowerAscii,
} from './filter-values.ts';
import { nearest } from './nearest.ts';
import { looking, textCondition } from './text-condition.ts';

type Checked = Result<FilterExpression, FilterError>;

/** Gives each condition its type: operators that fit, values that can be read. */
export function checkFilter(parsed: ParsedFilter, textLength: number): Checked {
  switch (parsed.kind) {
    case 'and':
    case 'or': {
      const terms: FilterExpression[] = [];
      for (const term of parsed.terms) {
        const checked = checkFilter(term, textLength);
        if (!checked.ok) return checked;
        terms.push(checked.value);
      }
      return ok({ kind: parsed.kind, terms });
    }
    case 'not': {
      const checked = checkFilter(parsed.term, textLength);
      return checked.ok ? ok({ kind: 'not', term: checked.value }) : checked;
    }
    case 'span':
      return checkSpan(parsed, textLength);
    case 'search':
      return ok({ kind: 'search', value: lowerAscii(parsed.word.text) });
    case 'compare':
      return checkComparison(parsed, textLength);
    default:
      return unreachable(parsed, 'parsed filter');
  }
}

function checkComparison(parsed: Extract<ParsedFilter, { kind: 'compare' }>, textLength: number): Checked {
  const field = asField(parsed.field.text);
  assert(field !== null, 'the parser lets known fields through only');
  const info = fieldInfo(field);
  const operator = parsed.operator.text.toLowerCase();
  const isText = info.type === 'choice' || info.type === 'text' || info.type === 'search';
  const fits =
    operatorsOf(info.type).includes(operator) ||
    (operator === 'in' && !isText) ||
    (isText && info.type !== 'search' && looking.has(operator));
  if (!fits) return misfit(parsed.operator, field, info);
  const terms: FilterExpression[] = [];
  for (const value of parsed.values) {
    const wanted = operator === 'in' ? '==' : operator;
    const term = isText
      ? textCondition({ field, info, operator: wanted, value })
      : numberOrRange({ field, info, operator: wanted as Comparison, value, textLength });
    if (!term.ok) return term;
    terms.push(term.value);
  }
  return ok(operator === 'in' ? { kind: 'or', terms } : (terms[0] as FilterExpression));
}

function misfit(operator: Token, field: FilterField, info: FieldInfo): Checked {
  const fitting = operatorsOf(info.type);
  const why =
    info.type === 'search'
      ? 'looks into several columns'
      : info.type === 'choice' || info.type === 'text'
        ? 'is text'
        : 'is a number';
  const message = `${operator.text} does not fit ${field}, which ${why}: use ${fitting.join(' ')}.`;
  return err({ message, from: operator.from, to: operator.to, fix: fitting[0] as string });
}

/** `last 5m` */
function checkSpan({ end, length }: Extract<ParsedFilter, { kind: 'span' }>, textLength: number): Checked {
  const word = end.text.toLowerCase() === 'last' ? 'last' : 'first';
  const read = quantity({ name: word, type: 'duration', value: length, textLength });
  return read.ok ? ok({ kind: 'span', end: word, ms: read.value }) : read;
}

interface NumberCondition {
  readonly field: FilterField;
  readonly info: FieldInfo;
  readonly operator: Comparison;
  readonly value: Token;
  readonly textLength: number;
}

/** `3..5` is both ends and what lies between them; one end may be missing. */
function numberOrRange(condition: NumberCondition): Checked {
  const { operator, value, textLength } = condition;
  if (!value.text.includes('..') || value.kind !== 'word') return numberCondition(condition);
  const at = value.text.indexOf('..');
  const from: Token = { ...value, text: value.text.slice(0, at), to: value.from + at };
  const to: Token = { ...value, text: value.text.slice(at + 2), from: value.from + at + 2 };
  const error = { from: value.from, to: value.to };
  if (operator !== '==') return err({ message: `A range such as ${value.text} goes with == and in.`, ...error });
  if (from.text === '' && to.text === '')
    return err({
      message: 'A range has a number before or after its dots: 3..5, 3.. or ..5.',
      ...error,
      ...(value.to === textLength ? { unfinished: nothingYet } : {}),
    });
  const terms: FilterExpression[] = [];
  for (const [end, bound] of [
    [from, '>='],
    [to, '<='],
  ] as const) {
    if (end.text === '') continue;
    const term =
      bound === '<='
        ? upTo({ ...condition, value: end })
        : numberCondition({ ...condition, value: end, operator: bound });
    if (!term.ok) return term;
    terms.push(term.value);
  }
  return ok(terms.length === 1 ? (terms[0] as FilterExpression) : { kind: 'and', terms });
}

/** `..21:12` ends with the last moment of that minute. */
function upTo(condition: NumberCondition): Checked {
  if (condition.info.type !== 'time') return numberCondition({ ...condition, operator: '<=' });
  const within = timeCondition({ ...condition, operator: '==' });
  return within.ok && within.value.kind === 'and' ? ok(within.value.terms[1] as FilterExpression) : within;
}

function numberCondition(condition: NumberCondition): Checked {
  const { field, info, operator, value, textLength } = condition;
  if (info.type === 'time') return timeCondition(condition);
  const read = quantity({ name: field, type: info.type, value, textLength });
  return read.ok ? ok({ kind: 'number', field, operator, value: read.value }) : read;
}

/** A number with the units of its type, in bytes or ms. */
function quantity({
  name,
  type,
  value,
  textLength,
}: {
  readonly name: string;
  readonly type: FieldInfo['type'];
  readonly value: Token;
  readonly textLength: number;
}): Result<number, FilterError> {
  const units = type === 'size' ? sizeUnits : type === 'duration' ? durationUnits : {};
  const read = readQuantity(value.text, units, type === 'duration' ? null : 1);
  const { from, to } = value;
  const stops = to === textLength ? { unfinished: nothingYet } : {};
  switch (read.kind) {
    case 'number':
      return ok(read.value);
    case 'no_unit':
      return err({
        message: `${name} needs a unit: ${read.digits}s, ${read.digits}ms or ${read.digits}min.`,
        from,
        to,
        fix: `${read.digits}s`,
        ...(to === textLength ? { ...stops, looksWhole: true } : {}),
      });
    case 'unknown_unit': {
      const names =
        type === 'size' ? ['B', 'kB', 'MB', 'GB', 'KiB', 'MiB'] : type === 'duration' ? durationUnitNames : [];
      const begun = names.find((unit) => unit.toLowerCase().startsWith(read.unit.toLowerCase()));
      const guess = begun ?? nearest(read.unit, names);
      if (names.length === 0)
        return err({ message: `${name} is a plain number, without ${read.unit}.`, from, to, fix: read.digits });
      const message = `${read.unit} is not a unit of ${name}: use ${names.join(', ')}.`;
      return err({
        message,
        from,
        to,
        ...(guess === null ? {} : { fix: read.digits + guess }),
        ...(begun === undefined ? {} : stops),
      });
    }
    case 'not_a_number': {
      const example = type === 'size' ? '1MB' : type === 'duration' ? '5s' : '3';
      return err({
        message: `${name} is compared with a number such as ${example}, not with ${value.text === '' ? 'nothing' : value.text}.`,
        from,
        to,
      });
    }
    default:
      return unreachable(read, 'read number');
  }
}

/**
 * `time == 21:10` means any moment of that minute, so equality becomes a span; `time > 2026-12-01` is a moment with its date.
 */
function timeCondition({ field, operator, value, textLength }: NumberCondition): Checked {
  const moment = readMoment(value.text);
  const read = moment ?? readTimeOfDay(value.text);
  if (read === null) {
    const begun =
      value.to === textLength &&
      /^(\d{1,2}(:\d{0,2}){0,2}\.?|\d{4}-?\d{0,2}-?\d{0,2}(T\d{0,2}(:\d{0,2}){0,2}\.?)?)$/i.test(value.text);
    const message = /^\d{4}-/.test(value.text)
      ? `${value.text} is not a moment such as 2026-12-01 or 2026-12-01T21:10:00.`
      : `${value.text} is not a time of day such as 21:10:00 or 21:10:00.250.`;
    return err({ message, from: value.from, to: value.to, ...(begun ? { unfinished: nothingYet } : {}) });
  }
  const bound = (comparison: Comparison, ms: number): FilterExpression =>
    moment === null
      ? { kind: 'number', field, operator: comparison, value: ms }
      : { kind: 'moment', operator: comparison, value: ms };
  if (operator !== '==' && operator !== '!=') return ok(bound(operator, read.ms));
  const terms = [bound('>=', read.ms), bound('<', read.ms + read.spanMs)];
  const span: FilterExpression = { kind: 'and', terms };
  return ok(operator === '==' ? span : { kind: 'not', term: span });
}

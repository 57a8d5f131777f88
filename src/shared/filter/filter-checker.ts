import { assert, unreachable } from '../base/assert.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { Comparison, FilterError, FilterExpression, TextComparison } from './filter-expression.ts';
import { asField, fieldInfo, operatorsOf } from './filter-fields.ts';
import type { FieldInfo, FilterField } from './filter-fields.ts';
import { nothingYet } from './filter-lexer.ts';
import type { Token } from './filter-lexer.ts';
import type { ParsedFilter } from './filter-parser.ts';
import { durationUnits, lowerAscii, readQuantity, readTimeOfDay, sizeUnits } from './filter-values.ts';
import { nearest } from './nearest.ts';

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
    (operator === '~' && info.type === 'choice');
  if (!fits) return misfit(parsed.operator, field, info);
  const terms: FilterExpression[] = [];
  for (const value of parsed.values) {
    const wanted = operator === 'in' ? '==' : operator;
    const term = isText
      ? textCondition(field, info, wanted as TextComparison, value)
      : numberCondition(field, info, wanted as Comparison, value, textLength);
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

function textCondition(field: FilterField, info: FieldInfo, operator: TextComparison, value: Token): Checked {
  const text = lowerAscii(value.text);
  if (info.type === 'search') return ok({ kind: 'search', value: text });
  if (info.values !== undefined && operator !== '~' && !info.values.includes(text)) {
    const guess = nearest(value.text, info.values);
    const tail = guess === null ? `It is one of ${info.values.join(', ')}.` : `Did you mean ${guess}?`;
    return err({
      message: `${field} is never ${value.text}. ${tail}`,
      from: value.from,
      to: value.to,
      ...(guess === null ? {} : { fix: guess }),
    });
  }
  return ok({ kind: 'text', field, operator, value: text });
}

function numberCondition(
  field: FilterField,
  info: FieldInfo,
  operator: Comparison,
  value: Token,
  textLength: number,
): Checked {
  if (info.type === 'time') return timeCondition(field, operator, value, textLength);
  const units = info.type === 'size' ? sizeUnits : info.type === 'duration' ? durationUnits : {};
  const read = readQuantity(value.text, units, info.type === 'duration' ? null : 1);
  const { from, to } = value;
  const stops = to === textLength ? { unfinished: nothingYet } : {};
  switch (read.kind) {
    case 'number':
      return ok({ kind: 'number', field, operator, value: read.value });
    case 'no_unit':
      return err({
        message: `${field} needs a unit: ${read.digits}s, ${read.digits}ms or ${read.digits}min.`,
        from,
        to,
        fix: `${read.digits}s`,
        ...(to === textLength ? { ...stops, looksWhole: true } : {}),
      });
    case 'unknown_unit': {
      const names = info.type === 'size' ? ['B', 'kB', 'MB', 'GB', 'KiB', 'MiB'] : Object.keys(units);
      const begun = names.find((name) => name.toLowerCase().startsWith(read.unit.toLowerCase()));
      const guess = begun ?? nearest(read.unit, names);
      if (names.length === 0)
        return err({ message: `${field} is a plain number, without ${read.unit}.`, from, to, fix: read.digits });
      const message = `${read.unit} is not a unit of ${field}: use ${names.join(', ')}.`;
      return err({
        message,
        from,
        to,
        ...(guess === null ? {} : { fix: read.digits + guess }),
        ...(begun === undefined ? {} : stops),
      });
    }
    case 'not_a_number': {
      const example = info.type === 'size' ? '1MB' : info.type === 'duration' ? '5s' : '3';
      return err({
        message: `${field} is compared with a number such as ${example}, not with ${value.text === '' ? 'nothing' : value.text}.`,
        from,
        to,
      });
    }
    default:
      return unreachable(read, 'read number');
  }
}

/** `time == 21:10` means any moment of that minute, so equality becomes a span. */
function timeCondition(field: FilterField, operator: Comparison, value: Token, textLength: number): Checked {
  const read = readTimeOfDay(value.text);
  if (read === null) {
    const begun = value.to === textLength && /^\d{1,2}(:\d{0,2}){0,2}\.?$/.test(value.text);
    const message = `${value.text} is not a time of day such as 21:10:00 or 21:10:00.250.`;
    return err({ message, from: value.from, to: value.to, ...(begun ? { unfinished: nothingYet } : {}) });
  }
  if (operator !== '==' && operator !== '!=') return ok({ kind: 'number', field, operator, value: read.ms });
  const span: FilterExpression = {
    kind: 'and',
    terms: [
      { kind: 'number', field, operator: '>=', value: read.ms },
      { kind: 'number', field, operator: '<', value: read.ms + read.spanMs },
    ],
  };
  return ok(operator === '==' ? span : { kind: 'not', term: span });
}

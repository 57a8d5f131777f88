import { AssertionError, unreachable } from '../base/assert.ts';
import { receiverOf, senderOf } from '../contract/packet.ts';
import type { PacketRow } from '../contract/packet.ts';
import type { Comparison, FilterExpression } from './filter-expression.ts';
import { fieldInfo, searchedColumns } from './filter-fields.ts';
import type { FilterField } from './filter-fields.ts';
import { lowerAscii, timeOfDayMs } from './filter-values.ts';
import { patternOf } from './pattern/pattern.ts';

/** Whether a packet passes; the meanings are in `filter-expression.ts`. */
export function matchesFilter(expression: FilterExpression, row: PacketRow): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.terms.every((term) => matchesFilter(term, row));
    case 'or':
      return expression.terms.some((term) => matchesFilter(term, row));
    case 'not':
      return !matchesFilter(expression.term, row);
    case 'search':
      return searchedColumns.some((column) => lowerAscii(row[column]).includes(expression.value));
    case 'pattern': {
      const pattern = patternOf(expression.source);
      const of =
        expression.field === 'text' ? searchedColumns.map((column) => row[column]) : [textOf(expression.field, row)];
      return pattern !== null && of.some((text) => pattern.test(text));
    }
    case 'moment':
      return compare(row.at, expression.operator, expression.value);
    case 'span':
      throw new AssertionError('a span of time is resolved before rows are looked at');
    case 'number':
      return compare(numberOf(expression.field, row), expression.operator, expression.value);
    case 'text': {
      const text = lowerAscii(textOf(expression.field, row));
      if (expression.operator === '~') return text.includes(expression.value);
      return (text === expression.value) === (expression.operator === '==');
    }
    default:
      return unreachable(expression, 'filter expression');
  }
}

function textOf(field: FilterField, row: PacketRow): string {
  if (field === 'from') return senderOf(row);
  if (field === 'to') return receiverOf(row);
  const value = valueOf(field, row);
  return typeof value === 'string' ? value : '';
}

function valueOf(field: FilterField, row: PacketRow): PacketRow[keyof PacketRow] | null {
  const { column, of } = fieldInfo(field);
  if (of !== undefined) return of(row);
  return column === null ? null : row[column];
}

function numberOf(field: FilterField, row: PacketRow): number | null {
  if (field === 'time') return timeOfDayMs(row.at);
  const value = valueOf(field, row);
  return typeof value === 'number' ? value : null;
}

function compare(left: number | null, operator: Comparison, right: number): boolean {
  if (left === null) return operator === '!=';
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

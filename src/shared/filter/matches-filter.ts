import { unreachable } from '../base/assert.ts';
import { receiverOf, senderOf } from '../contract/packet.ts';
import type { PacketRow } from '../contract/packet.ts';
import type { Comparison, FilterExpression } from './filter-expression.ts';
import { fieldInfo, searchedColumns } from './filter-fields.ts';
import type { FilterField } from './filter-fields.ts';
import { lowerAscii, timeOfDayMs } from './filter-values.ts';

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
  const column = fieldInfo(field).column;
  const value = column === null ? '' : row[column];
  return typeof value === 'string' ? value : '';
}

function numberOf(field: FilterField, row: PacketRow): number | null {
  if (field === 'time') return timeOfDayMs(row.at);
  const column = fieldInfo(field).column;
  const value = column === null ? undefined : row[column];
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

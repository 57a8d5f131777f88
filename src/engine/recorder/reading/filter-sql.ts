import { unreachable } from '#shared/base/assert.ts';
import type { Comparison, FilterExpression } from '#shared/filter/filter-expression.ts';
import { fieldInfo, searchedColumns, type FilterField } from '#shared/filter/filter-fields.ts';
import { dissectedSql, patternFunction, timeOfDayFunction } from '../filter-functions.ts';
import { valuesOf } from '../filter-index.ts';
import { columnOf } from './row-mapping.ts';

export interface SqlCondition {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** A filter as an SQL condition on `packets`; the meanings are in `shared/filter/filter-expression.ts`. Values are bound. */
export function filterSql(expression: FilterExpression): SqlCondition {
  switch (expression.kind) {
    case 'and':
      return joined(expression.terms, 'AND', '1');
    case 'or': {
      // Of one field several values: what an index answers at once.
      const [first] = expression.terms;
      const values = first?.kind === 'text' ? valuesOf(expression, first.field) : null;
      if (first?.kind === 'text' && values !== null) {
        const places = values.map(() => '?').join(', ');
        return { sql: `(${columnSql(first.field)} COLLATE NOCASE IN (${places}))`, parameters: values };
      }
      return joined(expression.terms, 'OR', '0');
    }
    case 'not': {
      const { sql, parameters } = filterSql(expression.term);
      return { sql: `NOT ${sql}`, parameters };
    }
    case 'search':
      return searchSql(expression.value);
    case 'pattern': {
      const columns =
        expression.field === 'text'
          ? searchedColumns.map((name) => columnOf.get(name) ?? 'NULL')
          : [columnSql(expression.field)];
      const sql = columns.map((column) => `${patternFunction}(?, ${column})`).join(' OR ');
      return { sql: `(${sql})`, parameters: columns.map(() => expression.source) };
    }
    case 'moment':
      return { sql: `(at ${sqlOperator(expression.operator)} ?)`, parameters: [expression.value] };
    case 'span': {
      const sql =
        expression.end === 'first'
          ? '(at <= (SELECT started_at FROM runs LIMIT 1) + ?)'
          : '(at >= (SELECT at FROM packets ORDER BY id DESC LIMIT 1) - ?)';
      return { sql, parameters: [expression.ms] };
    }
    case 'number':
      return numberSql(expression.field, expression.operator, expression.value);
    case 'text': {
      const column = columnSql(expression.field);
      if (expression.operator === '~')
        return { sql: `(instr(lower(${column}), ?) > 0)`, parameters: [expression.value] };
      return {
        sql: `(${column} ${expression.operator === '==' ? '=' : '<>'} ? COLLATE NOCASE)`,
        parameters: [expression.value],
      };
    }
    default:
      return unreachable(expression, 'filter expression');
  }
}

/** Stands between columns that are searched together. */
const between = '\u001f';

/** All columns are put together once: one search costs a fraction of eleven. */
function searchSql(value: string): SqlCondition {
  const columns = searchedColumns.map((name) => columnOf.get(name) ?? "''");
  if (!value.includes(between)) {
    return { sql: `(instr(lower(${columns.join(` || '${between}' || `)}), ?) > 0)`, parameters: [value] };
  }
  const sql = columns.map((column) => `instr(lower(${column}), ?) > 0`).join(' OR ');
  return { sql: `(${sql})`, parameters: columns.map(() => value) };
}

function joined(terms: readonly FilterExpression[], word: 'AND' | 'OR', none: string): SqlCondition {
  if (terms.length === 0) return { sql: none, parameters: [] };
  const parts = terms.map(filterSql);
  return {
    sql: `(${parts.map(({ sql }) => sql).join(` ${word} `)})`,
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

/** A number that a packet does not have fails every comparison except `!=`. */
function numberSql(field: FilterField, operator: Comparison, value: number): SqlCondition {
  const absent = operator === '!=' ? 1 : 0;
  return { sql: `coalesce(${columnSql(field)} ${sqlOperator(operator)} ?, ${absent})`, parameters: [value] };
}

function sqlOperator(operator: Comparison): string {
  return operator === '==' ? '=' : operator === '!=' ? '<>' : operator;
}

function columnSql(field: FilterField): string {
  if (field === 'time') return `${timeOfDayFunction}(at)`;
  if (field === 'from') return "(CASE side WHEN 'sent' THEN source ELSE peer END)";
  if (field === 'to') return "(CASE side WHEN 'sent' THEN peer ELSE source END)";
  const { column: name, of, type } = fieldInfo(field);
  if (of !== undefined) {
    const value = dissectedSql(field);
    // An absent text is the empty text.
    return type === 'text' || type === 'choice' ? `coalesce(${value}, '')` : `(${value})`;
  }
  const column = name === null ? undefined : columnOf.get(name);
  // As it is read: see `packetRow`.
  if (column === 'gap_ms') return 'max(gap_ms, 0)';
  // A field without a column of its own is a search, which never gets here.
  return column ?? 'NULL';
}

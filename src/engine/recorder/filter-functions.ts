import type { DatabaseSync } from 'node:sqlite';
import { assert } from '#shared/base/assert.ts';
import { protocols } from '#shared/contract/protocols.ts';
import type { DissectedRow } from '#shared/dissect/dissector.ts';
import { dissectedField } from '#shared/dissect/registry.ts';
import { timeOfDayMs } from '#shared/filter/filter-values.ts';
import { patternOf } from '#shared/filter/pattern/pattern.ts';
import { columnOf } from './reading/row-mapping.ts';

/** Ms since local midnight of a moment. */
export const timeOfDayFunction = 'time_of_day_ms';
/** A dissector's field: its name, then the columns that the dissector reads. */
export const dissectedFunction = 'dissected';

/** Whether a pattern is in a text. */
export const patternFunction = 'has_pattern';

/** A dissector's field; NULL where a packet has none. Packets of other protocols are passed over without a call. */
export function dissectedSql(name: string): string {
  const declared = dissectedField(name);
  assert(declared !== null, 'filters know declared fields only');
  const { id, reads } = declared.dissector;
  const value = `${dissectedFunction}('${name}', ${reads.map((read) => columnOf.get(read) ?? 'NULL').join(', ')})`;
  return protocols.some((protocol) => protocol === id) ? `CASE WHEN protocol = '${id}' THEN ${value} END` : value;
}

/** What the SQL of a filter calls: the same code that checks rows in memory, so that both mean the same. */
export function registerFilterFunctions(db: DatabaseSync): void {
  db.function(timeOfDayFunction, { deterministic: true }, (at) => timeOfDayMs(Number(at)));
  db.function(patternFunction, { deterministic: true }, (source, text) =>
    patternOf(String(source))?.test(String(text ?? '')) === true ? 1 : 0,
  );
  db.function(dissectedFunction, { deterministic: true, varargs: true }, (name, ...values) => {
    const declared = dissectedField(String(name));
    if (declared === null) return null;
    // As `packetRow` reads them: a column without a value is not there.
    const cells = declared.dissector.reads.flatMap((read, i) =>
      values[i] === null ? [] : [[read, values[i]] as const],
    );
    return declared.field.of(Object.fromEntries(cells) as unknown as DissectedRow);
  });
}

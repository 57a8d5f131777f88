import { receiverOf, senderOf, type PacketRow } from '#shared/contract/packet.ts';
import { dissectedNames, dissectedRecord } from '#shared/dissect/registry.ts';
import { asField, fieldInfo, fieldMeant, fieldNames } from '#shared/filter/filter-fields.ts';
import { nearest } from '#shared/filter/nearest.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { packetColumns } from '#engine/recorder/reading/row-mapping.ts';
import { lineOf } from '../json-lines.ts';

/** Fields of a packet as scripts know them, in the order in which a table has them: columns, ends, then those of its layers. */
export const packetFields: readonly string[] = [
  ...packetColumns.map(([column]) => column),
  'from',
  'to',
  ...dissectedNames,
];

/** A packet by these names; what it does not have is null. */
export function packetRecord(packet: PacketRow): Readonly<Record<string, string | number | null>> {
  const record: Record<string, string | number | null> = {};
  for (const [column, name] of packetColumns) record[column] = packet[name] ?? null;
  return { ...record, from: senderOf(packet), to: receiverOf(packet), ...dissectedRecord(packet) };
}

/** All of a packet as one line of `--json`; of its layers what they know. */
export function packetLine(packet: PacketRow): string {
  const known = Object.entries(dissectedRecord(packet)).filter(([, value]) => value !== null);
  const ends = { from: senderOf(packet), to: receiverOf(packet) };
  return lineOf({ event: 'packet', ...packet, ...ends, ...Object.fromEntries(known) });
}

/** The columns that `--fields` names, in its order: by their own names, or as the filter calls them. */
export function readFields(text: string): Result<readonly string[], string> {
  const columns: string[] = [];
  for (const name of text.split(',').map((one) => one.trim())) {
    const column = columnOf(name);
    if (column === null) {
      const near = fieldMeant(name) ?? nearest(name, [...packetFields, ...fieldNames]);
      return err(
        `There is no field "${name}".${near === null ? ` There are ${packetFields.join(', ')}.` : ` Did you mean ${near}?`}`,
      );
    }
    columns.push(column);
  }
  return ok(columns);
}

function columnOf(name: string): string | null {
  if (packetFields.includes(name)) return name;
  const field = asField(name);
  const column = field === null ? null : fieldInfo(field).column;
  return packetColumns.find(([, own]) => own === column)?.[0] ?? null;
}

/** One line of a table in which a tab ends a cell. */
export function tabbed(values: readonly (string | number | null)[], shown: (text: string) => string): string {
  return `${values.map((value) => shown(String(value ?? '')).replaceAll('\t', ' ')).join('\t')}\n`;
}

/** One line of comma-separated values, as RFC 4180 has them. */
export function commaSeparated(values: readonly (string | number | null)[]): string {
  const cells = values.map((value) => {
    const text = String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${cells.join(',')}\r\n`;
}

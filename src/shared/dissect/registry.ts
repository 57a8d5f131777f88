import { namedProtocols, type NamedProtocol } from '../contract/protocols.ts';
import { amqp } from './amqp.ts';
import { dds } from './dds.ts';
import type { DissectedRow, Dissector, DissectorField, FieldValue } from './dissector.ts';
import { frame } from './frame.ts';
import { grpc } from './grpc.ts';
import { message } from './message.ts';
import { mqtt } from './mqtt.ts';
import { quic } from './quic.ts';

/** One line for each transport; null where its layer has no fields of its own. */
const ofTransports: Readonly<Record<NamedProtocol, Dissector | null>> = { quic, mqtt, amqp, grpc, dds };

/** Decision 0103. All of them, in the order in which their fields are offered: the frame, what it says, then who carried it. */
export const dissectors: readonly Dissector[] = [
  frame,
  message,
  ...namedProtocols.flatMap((protocol) => ofTransports[protocol] ?? []),
];

interface Declared {
  readonly dissector: Dissector;
  readonly field: DissectorField;
}

const declared: ReadonlyMap<string, Declared> = new Map(
  dissectors.flatMap((dissector) => dissector.fields.map((field) => [field.name, { dissector, field }] as const)),
);

/** Names of all fields, in order. */
export const dissectedNames: readonly string[] = [...declared.keys()];

export function dissectedField(name: string): Declared | null {
  return declared.get(name) ?? null;
}

/** One layer of a packet with the values that it has. */
export interface DissectedLayer {
  readonly dissector: Dissector;
  readonly values: readonly { readonly field: DissectorField; readonly value: string | number }[];
  readonly summary: string;
}

/** The layers of a packet that have something to say; values that are not known are left out. */
export function dissect(row: DissectedRow): readonly DissectedLayer[] {
  return dissectors.flatMap((dissector) => {
    if (!dissector.applies(row)) return [];
    const values = dissector.fields.flatMap((field) => {
      const value = field.of(row);
      return value === null ? [] : [{ field, value }];
    });
    return values.length === 0 ? [] : [{ dissector, values, summary: dissector.summary(row) }];
  });
}

/** All fields of a packet by name; null where it has no such value. */
export function dissectedRecord(row: DissectedRow): Readonly<Record<string, FieldValue>> {
  return Object.fromEntries([...declared].map(([name, { field }]) => [name, field.of(row)]));
}

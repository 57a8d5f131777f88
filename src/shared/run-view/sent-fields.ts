import { fromWireNames } from '../contract/wire-names.ts';

/** A value of a frame under the name by which `what-leaves.ts` knows it: `register.data.examples`, `envelope.run`, `link hello.nonce`. */
export interface SentField {
  readonly field: string;
  readonly value: string | number | boolean | null;
}

/**
 * All values of a frame, from its header as a recording keeps it.
 * @param kind of the packet: a message's, or a link frame's
 * @returns null: the header is not known any more, or cannot be read
 */
export function sentFields(header: string, kind: string): readonly SentField[] | null {
  const frame = parsed(header);
  if (frame === null) return null;
  const { header: message, ...rest } = frame;
  const found = fieldsIn(rest, `link ${typeof frame['t'] === 'string' ? frame['t'] : kind}`);
  if (!isRecord(message)) return found;
  const { body, ...envelope } = message;
  return [
    ...found,
    ...fieldsIn(envelope, 'envelope'),
    ...fieldsIn(body, kind),
    // The bytes themselves come in pieces; that they belong to the message stands in its envelope.
    ...(envelope['payload'] === undefined ? [] : [{ field: `${kind} payload`, value: null }]),
  ];
}

function fieldsIn(value: unknown, path: string): readonly SentField[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsIn(item, path));
  if (isRecord(value)) return Object.entries(value).flatMap(([name, field]) => fieldsIn(field, `${path}.${name}`));
  return [{ field: path, value: isPlain(value) ? value : null }];
}

function parsed(header: string): Readonly<Record<string, unknown>> | null {
  try {
    const value = fromWireNames(JSON.parse(header));
    return isRecord(value) ? value : null;
  } catch {
    // A header that was cut or removed; the caller counts it.
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): value is SentField['value'] {
  return ['string', 'number', 'boolean'].includes(typeof value) || value === null;
}

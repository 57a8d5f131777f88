import { DecodeError } from './byte-reader.ts';
import type { MessageType, ProtoFile } from './proto-file.ts';

/** One field of a message as it stood on the wire. */
export interface ProtobufField {
  readonly number: number;
  /** Empty: the message is not known, or does not know the field. */
  readonly name: string;
  readonly type: string;
  readonly value: string | number | boolean | readonly ProtobufField[];
}

/** As what a body is read. */
export interface MessageReading {
  /** Full name, `roundscope.v1.BulkMessage`; empty: as whatever the bytes allow. */
  readonly name: string;
  readonly file: ProtoFile | null;
}

const fieldsMax = 10_000;
const depthMax = 32;
const shownBytes = 32;

/** @throws DecodeError when the bytes are no message */
export function readMessage(bytes: Uint8Array, { name, file }: MessageReading): readonly ProtobufField[] {
  const type = file?.messages.get(name) ?? null;
  if (file !== null && name !== '' && type === null) throw new DecodeError(`There is no message ${name} in that file.`);
  return new WireReader(file).message(bytes, type, 0);
}

class WireReader {
  readonly #file: ProtoFile | null;
  #fields = 0;

  constructor(file: ProtoFile | null) {
    this.#file = file;
  }

  message(bytes: Uint8Array, type: MessageType | null, depth: number): readonly ProtobufField[] {
    const fields: ProtobufField[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (++this.#fields > fieldsMax) throw new DecodeError(`It has more than ${fieldsMax} fields.`);
      const key = varint(bytes, at);
      const number = Number(key.value >> 3n);
      if (number < 1 || number > 536_870_911) throw new DecodeError(`There is no field ${number}.`);
      const declared = type?.fields.get(number);
      const wire = Number(key.value & 7n);
      const read = payload(bytes, key.to, wire);
      at = read.to;
      const field = { number, name: declared?.name ?? '' };
      if (wire === 2) fields.push({ ...field, ...this.#delimited(read.bytes, declared?.type ?? null, depth) });
      else
        fields.push({
          ...field,
          type: declared?.type ?? wireNames[wire] ?? '',
          value: scalar(read, wire, declared?.type, this.#file),
        });
    }
    return fields;
  }

  #delimited(bytes: Uint8Array, declared: string | null, depth: number): Pick<ProtobufField, 'type' | 'value'> {
    const inner = declared === null ? undefined : this.#file?.messages.get(declared);
    if (declared === 'string') return { type: 'string', value: textOf(bytes) ?? hexOf(bytes) };
    if (declared === 'bytes') return { type: 'bytes', value: hexOf(bytes) };
    if (depth >= depthMax) throw new DecodeError(`Messages lie more than ${depthMax} within each other.`);
    if (inner !== undefined) return { type: declared as string, value: this.message(bytes, inner, depth + 1) };
    if (declared !== null) return { type: declared, value: hexOf(bytes) };
    const text = textOf(bytes);
    if (text !== null && text !== '') return { type: 'text?', value: text };
    return { type: 'bytes', value: hexOf(bytes) };
  }
}

const wireNames: Readonly<Record<number, string>> = { 0: 'varint', 1: 'fixed64', 5: 'fixed32' };

function varint(bytes: Uint8Array, from: number): { readonly value: bigint; readonly to: number } {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) throw new DecodeError('It ends in the middle of a number.');
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), to: from + i + 1 };
  }
  throw new DecodeError('A number in it has no end.');
}

interface Payload {
  readonly bytes: Uint8Array;
  readonly value: bigint;
  readonly to: number;
}

function payload(bytes: Uint8Array, from: number, wire: number): Payload {
  if (wire === 0) {
    const { value, to } = varint(bytes, from);
    return { bytes: bytes.subarray(from, to), value, to };
  }
  const length = wire === 2 ? varint(bytes, from) : { value: wire === 1 ? 8n : wire === 5 ? 4n : -1n, to: from };
  if (length.value < 0n) throw new DecodeError(`There is no wire type ${wire}.`);
  if (length.value > BigInt(bytes.length - length.to))
    throw new DecodeError(`A field claims ${length.value} bytes, and ${bytes.length - length.to} are left.`);
  const to = length.to + Number(length.value);
  return { bytes: bytes.subarray(length.to, to), value: 0n, to };
}

function scalar(
  { bytes, value }: Payload,
  wire: number,
  type: string | undefined,
  file: ProtoFile | null,
): ProtobufField['value'] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (wire === 5) {
    if (type === 'float' || type === undefined) return view.getFloat32(0, true);
    return type === 'sfixed32' ? view.getInt32(0, true) : view.getUint32(0, true);
  }
  if (wire === 1) {
    if (type === 'double' || type === undefined) return view.getFloat64(0, true);
    return String(type === 'sfixed64' ? view.getBigInt64(0, true) : view.getBigUint64(0, true));
  }
  if (type === 'bool') return value !== 0n;
  if (type === 'sint32' || type === 'sint64') return plain((value >> 1n) ^ -(value & 1n));
  if (type === 'int32' || type === 'int64') return plain(BigInt.asIntN(64, value));
  const named = type === undefined ? undefined : file?.enums.get(type)?.get(Number(value));
  return named ?? plain(value);
}

function plain(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // oxlint-disable-next-line no-control-regex
    return /[\x00-\x08\x0e-\x1f]/.test(text) ? null : text;
  } catch {
    // Not UTF-8.
    return null;
  }
}

function hexOf(bytes: Uint8Array): string {
  const start = Array.from(bytes.subarray(0, shownBytes), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > shownBytes ? `${start} … (${bytes.length} B)` : start;
}

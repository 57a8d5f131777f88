import { GraphFault } from './graph-fault.ts';

/** One field of a message. `int` is a varint's value as unsigned 64 bits, `bytes` what else was there; no copy is made. */
export interface Field {
  readonly number: number;
  readonly wire: 'varint' | 'fixed64' | 'bytes' | 'fixed32';
  readonly int: bigint;
  readonly bytes: Uint8Array;
}

const none = new Uint8Array(0);
const varintBytesMax = 10;

/**
 * Walks the fields of a protobuf message (https://protobuf.dev/programming-guides/encoding). Lengths are checked against
 * what is there, nothing is allocated by a length that the file only claims, and what follows is the caller's choice: no recursion.
 * @throws GraphFault `malformed`
 */
export function* readFields(message: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    const key = readVarint(message, at);
    at = key.next;
    const number = Number(key.value >> 3n);
    if (number < 1 || number > 0x1fffffff) throw malformed(`a field has the number ${number}`);
    const wire = Number(key.value & 7n);
    switch (wire) {
      case 0: {
        const { value, next } = readVarint(message, at);
        at = next;
        yield { number, wire: 'varint', int: value, bytes: none };
        break;
      }
      case 1:
      case 5: {
        const length = wire === 1 ? 8 : 4;
        yield { number, wire: wire === 1 ? 'fixed64' : 'fixed32', int: 0n, bytes: take(message, at, length) };
        at += length;
        break;
      }
      case 2: {
        const { value, next } = readVarint(message, at);
        const length = Number(value);
        yield { number, wire: 'bytes', int: 0n, bytes: take(message, next, length) };
        at = next + length;
        break;
      }
      default:
        throw malformed(`a field has the wire type ${wire}`);
    }
  }
}

/** The varints of a packed field, or the single one of a field that is not packed. */
export function* readVarints(field: Field): Generator<bigint> {
  if (field.wire === 'varint') {
    yield field.int;
    return;
  }
  requireWire(field, 'bytes');
  let at = 0;
  while (at < field.bytes.length) {
    const { value, next } = readVarint(field.bytes, at);
    at = next;
    yield value;
  }
}

/** int64 as a number; the nearest one beyond 2^53. */
export function signedNumber(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

export function intOf(field: Field): number {
  requireWire(field, 'varint');
  return signedNumber(field.int);
}

export function bytesOf(field: Field): Uint8Array {
  requireWire(field, 'bytes');
  return field.bytes;
}

export function floatOf(field: Field): number {
  requireWire(field, 'fixed32');
  return viewOf(field.bytes).getFloat32(0, true);
}

export function textOf(field: Field, bytesMax: number): string {
  const bytes = bytesOf(field);
  if (bytes.length > bytesMax) throw malformed(`a text has ${bytes.length} bytes, ${bytesMax} are allowed`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('a text is not UTF-8');
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function malformed(message: string): GraphFault {
  return new GraphFault('malformed', {
    message: `This is not an ONNX model that can be read: ${message}`,
    try: 'Export it again, and check that the file was copied whole',
  });
}

function requireWire(field: Field, wire: Field['wire']): void {
  if (field.wire !== wire) throw malformed(`field ${field.number} is ${field.wire} where ${wire} belongs`);
}

function readVarint(bytes: Uint8Array, start: number): { value: bigint; next: number } {
  // Almost all are one byte: field keys and short lengths.
  const first = bytes[start];
  if (first !== undefined && first < 0x80) return { value: BigInt(first), next: start + 1 };
  let value = 0n;
  for (let i = 0; i < varintBytesMax; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) throw malformed('it ends in the middle of a number');
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: start + i + 1 };
  }
  throw malformed('a number is longer than ten bytes');
}

function take(bytes: Uint8Array, start: number, length: number): Uint8Array {
  if (length > bytes.length - start) throw malformed(`it ends ${length - (bytes.length - start)} bytes too early`);
  return bytes.subarray(start, start + length);
}

import { RoundscopeError } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';

/**
 * As much of the protobuf encoding as `resources/proto/roundscope.proto` needs: fields of numbers, text and bytes. A
 * library would copy each frame once more and bring its own compiler.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
const varintType = 0;
const fixed64Type = 1;
const bytesType = 2;
const fixed32Type = 5;
/** 64 bits in groups of seven. */
const varintBytesMax = 10;
/** Twice what a sender of ours puts into one message (64 KiB of frames, 8 bytes counted for an empty one). */
const fieldsMax = 16_384;

export interface Field {
  readonly number: number;
  /** A number for varints (exact up to 32 bits, which is all that the contract has), a view for everything else. */
  readonly value: number | Uint8Array;
}

/** A field of bytes, once for each of `values`; each is given in pieces, which are joined here and copied only here. */
export function bytesFields(number: number, values: readonly (readonly Uint8Array[])[]): Buffer {
  const tag = (number << 3) | bytesType;
  let total = 0;
  for (const parts of values) {
    const bytes = byteLength(parts);
    total += varintLength(tag) + varintLength(bytes) + bytes;
  }
  const fields = Buffer.allocUnsafe(total);
  let at = 0;
  for (const parts of values) {
    at = writeVarint(fields, at, tag);
    at = writeVarint(fields, at, byteLength(parts));
    for (const part of parts) {
      fields.set(part, at);
      at += part.byteLength;
    }
  }
  return fields;
}

export function byteLength(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.byteLength;
  return bytes;
}

export function textField(number: number, text: string): Buffer {
  return bytesFields(number, [[Buffer.from(text, 'utf8')]]);
}

/** @param value up to 32 bits, unsigned */
export function numberField(number: number, value: number): Buffer {
  const tag = (number << 3) | varintType;
  const field = Buffer.allocUnsafe(varintLength(tag) + varintLength(value));
  writeVarint(field, writeVarint(field, 0, tag), value);
  return field;
}

/** The fields in the order in which they came; what a field that is not in the contract means is nobody's business here. */
export function decodeFields(message: Uint8Array): Result<readonly Field[], RoundscopeError> {
  const fields: Field[] = [];
  let at = 0;
  while (at < message.byteLength) {
    if (fields.length === fieldsMax) return err(malformed(`it has more than ${fieldsMax} fields`));
    const tag = readVarint(message, at);
    if (tag === null) return err(malformed('a field has no number'));
    const number = tag.value >>> 3;
    if (number === 0) return err(malformed('a field has the number 0'));
    const field = readValue(message, tag.end, tag.value & 7);
    if (field === null) return err(malformed(`field ${number} is cut off or of an unknown type`));
    fields.push({ number, value: field.value });
    at = field.end;
  }
  return ok(fields);
}

function readValue(
  message: Uint8Array,
  at: number,
  type: number,
): { readonly value: number | Uint8Array; readonly end: number } | null {
  if (type === varintType) return readVarint(message, at);
  const length = type === bytesType ? readVarint(message, at) : fixedLength(type, at);
  if (length === null || length.value > message.byteLength - length.end) return null;
  const end = length.end + length.value;
  return { value: message.subarray(length.end, end), end };
}

function fixedLength(type: number, at: number): { readonly value: number; readonly end: number } | null {
  if (type === fixed64Type) return { value: 8, end: at };
  return type === fixed32Type ? { value: 4, end: at } : null;
}

function readVarint(message: Uint8Array, at: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let i = 0; i < varintBytesMax; i++) {
    const byte = message[at + i];
    if (byte === undefined) return null;
    // Not by shifts, which end at 31 bits: a length of 2^32 must not become 0.
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  return null;
}

/** @param value up to 32 bits, unsigned */
function varintLength(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) bytes++;
  return bytes;
}

/** @returns where the next one goes */
function writeVarint(target: Uint8Array, at: number, value: number): number {
  let end = at;
  let rest = value;
  while (rest > 0x7f) {
    target[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[end++] = rest;
  return end;
}

function malformed(what: string): RoundscopeError {
  return new RoundscopeError('frame_malformed', {
    layer: 'transport',
    message: `a gRPC message is not of Roundscope's contract: ${what}`,
  });
}

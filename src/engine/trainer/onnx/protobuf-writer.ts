/** Bytes of protobuf, written by hand: a library would be larger than all of this and would bring a schema compiler. */
export type Bytes = Uint8Array<ArrayBuffer>;

const wireVarint = 0;
const wireBytes = 2;
const wireFixed32 = 5;

export function concatBytes(parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Negative numbers take their 64-bit two's complement, as protobuf's int64 does; what is beyond is the nearest int64. */
export function varint(value: number): Bytes {
  let rest = BigInt.asUintN(64, toInt64(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const int64Max = 2n ** 63n - 1n;

/** The nearest int64: 2^63 stands for "to the end" in numbers and does not fit. */
export function toInt64(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return int64Max;
  return value <= -(2 ** 63) ? -int64Max : BigInt(Math.trunc(value));
}

export function integer(field: number, value: number): Bytes {
  return concatBytes([varint((field << 3) | wireVarint), varint(value)]);
}

export function float(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concatBytes([varint((field << 3) | wireFixed32), bytes]);
}

export function bytes(field: number, value: Uint8Array): Bytes {
  return concatBytes([varint((field << 3) | wireBytes), varint(value.length), value]);
}

export function text(field: number, value: string): Bytes {
  return bytes(field, new TextEncoder().encode(value));
}

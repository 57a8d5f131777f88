import type { TensorData } from '#shared/tensor/tensor.ts';

/** Element types that a network may use; half precision, complex numbers and texts are refused. */
export const elementTypes = ['float32', 'float64', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'] as const;
export type ElementType = (typeof elementTypes)[number];

interface Kind {
  /** TensorProto.DataType. */
  readonly code: number;
  readonly bytes: number;
  readonly from: (buffer: ArrayBuffer) => TensorData;
  readonly zeros: (length: number) => TensorData;
}

const kinds: Readonly<Record<ElementType, Kind>> = {
  float32: { code: 1, bytes: 4, from: (b) => new Float32Array(b), zeros: (n) => new Float32Array(n) },
  uint8: { code: 2, bytes: 1, from: (b) => new Uint8Array(b), zeros: (n) => new Uint8Array(n) },
  int8: { code: 3, bytes: 1, from: (b) => new Int8Array(b), zeros: (n) => new Int8Array(n) },
  int16: { code: 5, bytes: 2, from: (b) => new Int16Array(b), zeros: (n) => new Int16Array(n) },
  int32: { code: 6, bytes: 4, from: (b) => new Int32Array(b), zeros: (n) => new Int32Array(n) },
  int64: { code: 7, bytes: 8, from: (b) => new BigInt64Array(b), zeros: (n) => new BigInt64Array(n) },
  bool: { code: 9, bytes: 1, from: (b) => new Uint8Array(b), zeros: (n) => new Uint8Array(n) },
  float64: { code: 11, bytes: 8, from: (b) => new Float64Array(b), zeros: (n) => new Float64Array(n) },
};

/** Names of codes that are refused, for the message. */
const refused: Readonly<Record<number, string>> = {
  4: 'uint16',
  8: 'string',
  10: 'float16',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
};

export function elementTypeOf(code: number): ElementType | undefined {
  return elementTypes.find((type) => kinds[type].code === code);
}

export function elementCode(type: ElementType): number {
  return kinds[type].code;
}

export function elementCodeWords(code: number): string {
  return elementTypeOf(code) ?? refused[code] ?? `type ${code}`;
}

export function bytesOfElement(type: ElementType): number {
  return kinds[type].bytes;
}

/** An array over a copy of the bytes, since a file's bytes lie at any address. */
export function arrayFromBytes(type: ElementType, bytes: Uint8Array): TensorData {
  return kinds[type].from(new Uint8Array(bytes).buffer);
}

export function zerosOf(type: ElementType, length: number): TensorData {
  return kinds[type].zeros(length);
}

export function isFloat(type: ElementType): boolean {
  return type === 'float32' || type === 'float64';
}

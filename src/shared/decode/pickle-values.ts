import { DecodeError } from './byte-reader.ts';
import { nameCharsMax, tensorsMax, type TensorRow } from './tensor-table.ts';

/** Values of a pickle on its stack, in its memo, and on the ways through what it has made. */
export const valuesMax = 100_000;

export interface Blob {
  readonly blob: number;
  /** Null: they have been folded, or were too many. */
  readonly bytes: Uint8Array | null;
  readonly row: TensorRow | null;
}
export interface Global {
  readonly global: string;
}
export interface Dtype {
  readonly kind: string;
  order: string;
}
interface Ndarray {
  array: TensorRow | null;
}
export type Value =
  | string
  | number
  | boolean
  | null
  | Value[]
  | Map<Value, Value>
  | Blob
  | Global
  | Dtype
  | Ndarray
  | { readonly mark: true };

/** Arrays by their way in it. @throws DecodeError */
export function arraysIn(value: Value): readonly TensorRow[] {
  const found: Found = { rows: [], looked: 0 };
  collect(value, '', { found, depth: 0 });
  return found.rows;
}

interface Found {
  readonly rows: TensorRow[];
  looked: number;
}

/** A value of a pickle may hold itself, and others that do, many times each: the ways through it have no end. */
function collect(value: Value, name: string, at: { readonly found: Found; readonly depth: number }): void {
  const { found, depth } = at;
  if (++found.looked > valuesMax) throw new DecodeError('The pickle holds itself, or more than what is read here.');
  if (found.rows.length >= tensorsMax || depth > 20) return;
  const inner = { found, depth: depth + 1 };
  if (value instanceof Map) {
    for (const [key, one] of value) collect(one, named(name === '' ? textOf(key) : `${name}.${textOf(key)}`), inner);
  } else if (Array.isArray(value)) value.forEach((one, i) => collect(one, named(`${name}[${i}]`), inner));
  else if (isArray(value) && value.array !== null)
    found.rows.push({ ...value.array, name: name === '' ? 'array' : name });
}

function named(name: string): string {
  return name.length > nameCharsMax ? `${name.slice(0, nameCharsMax)}…` : name;
}

/** Of anything but a text or number it could be as long as it likes. */
export function textOf(value: Value | undefined): string {
  if (typeof value === 'string') return value.slice(0, nameCharsMax);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '?';
}

export function isGlobal(value: Value | undefined): value is Global {
  return typeof value === 'object' && value !== null && 'global' in value;
}
export function isDtype(value: Value | undefined): value is Dtype {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
export function isArray(value: Value | undefined): value is Ndarray {
  return typeof value === 'object' && value !== null && 'array' in value;
}
export function isBlob(value: Value | undefined): value is Blob {
  return typeof value === 'object' && value !== null && 'blob' in value;
}

/** One value of DER (X.690): its tag, and the bytes in it. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Values of one level; more is no certificate of ours. */
const valuesMax = 64;

/** The values that `bytes` consist of; null when they are not DER, or of a kind that certificates do not need. */
export function readDer(bytes: Uint8Array): readonly DerValue[] | null {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const length = readLength(bytes, at + 1);
    if (values.length === valuesMax || length === null || length.value > bytes.byteLength - length.end) return null;
    const end = length.end + length.value;
    values.push({ tag: bytes[at] as number, content: bytes.subarray(length.end, end) });
    at = end;
  }
  return values;
}

/** The one value that `bytes` are, if it has this tag: what is in it. */
export function readOne(bytes: Uint8Array, tag: number): Uint8Array | null {
  const values = readDer(bytes);
  const [value] = values ?? [];
  return value?.tag === tag && values?.length === 1 ? value.content : null;
}

/** Lengths of up to three bytes: a certificate is a few hundred long. */
function readLength(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | null {
  const first = bytes[at];
  if (first === undefined || first < 0x80) return first === undefined ? null : { value: first, end: at + 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 3 || at + count >= bytes.byteLength) return null;
  let value = 0;
  for (const byte of bytes.subarray(at + 1, at + 1 + count)) value = value * 256 + byte;
  return { value, end: at + 1 + count };
}

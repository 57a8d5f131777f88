import type { Random } from '#shared/base/random.ts';

/** Bytes and texts that have broken decoders before: edges of integers, brackets, broken UTF-8, surprising JSON. */
const dictionary: readonly Uint8Array[] = [
  '00',
  'ff',
  '7f',
  '80',
  'ffffffff',
  '00000000',
  '7fffffff',
  '80000000',
  'ffffffffffffffff',
  '0100000000000000',
  '5253',
  '52530100',
  'c080',
  'eda080',
  'f4908080',
  'efbbbf',
  '0a',
  '5c',
  '5c75',
  '5c7564383030',
].map((hex) => Buffer.from(hex, 'hex'));
const words: readonly Uint8Array[] = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  'null',
  'true',
  '-1',
  '0',
  '1e999',
  '-0',
  '9007199254740993',
  '1.5',
  '""',
  '{}',
  '[]',
  '"__proto__"',
  '"constructor"',
  '[[[[[[[[[[[[[[[[[[',
  '{"a":{"a":{"a":{"a":{"a":',
  '"data_offsets"',
  '"dtype"',
  '"shape"',
  '"F32"',
  '"t"',
  '"kind"',
  '"seq"',
  '"length"',
  '"transfer"',
].map((text) => Buffer.from(text, 'utf8'));

/** A sample changed in one to eight places: flipped, overwritten, cut out, repeated, joined with another, cut short. */
export function mutate(sample: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = sample.slice();
  for (let left = 1 + random.int(8); left > 0; left--) bytes = mutateOnce(bytes, other, random);
  return bytes;
}

function mutateOnce(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const at = random.int(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + random.int(32));
  switch (random.int(8)) {
    case 0:
      return change(bytes, at, (byte) => byte ^ (1 << random.int(8)));
    case 1:
      return change(bytes, at, () => random.int(256));
    case 2:
      return splice(bytes, { at, to: at, insert: pick(random) });
    case 3: {
      const insert = pick(random);
      return splice(bytes, { at, to: Math.min(bytes.length, at + insert.length), insert });
    }
    case 4:
      return splice(bytes, { at, to, insert: new Uint8Array(0) });
    case 5:
      return splice(bytes, { at: to, to, insert: bytes.subarray(at, to) });
    case 6:
      return bytes.slice(0, at);
    default:
      return splice(bytes, { at, to: bytes.length, insert: other.subarray(random.int(other.length + 1)) });
  }
}

function pick(random: Random): Uint8Array {
  const list = random.int(2) === 0 ? dictionary : words;
  return list[random.int(list.length)] as Uint8Array;
}

function change(bytes: Uint8Array, at: number, to: (byte: number) => number): Uint8Array {
  const byte = bytes[at];
  if (byte !== undefined) bytes[at] = to(byte);
  return bytes;
}

function splice(
  bytes: Uint8Array,
  { at, to, insert }: { readonly at: number; readonly to: number; readonly insert: Uint8Array },
): Uint8Array {
  const result = new Uint8Array(bytes.length - (to - at) + insert.length);
  result.set(bytes.subarray(0, at), 0);
  result.set(insert, at);
  result.set(bytes.subarray(to), at + insert.length);
  return result;
}

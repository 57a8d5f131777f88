import type { Random } from '#shared/base/random.ts';

const surprises: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -0,
  2 ** 53,
  2 ** 32,
  65_536,
  '',
  'x',
  '__proto__',
  '../..',
  '\u0000',
  '\ud800',
  'a'.repeat(600),
  [],
  {},
  [[]],
  [0, 0],
  [4, 0],
  ['0'],
  { __proto__: null },
  'ab'.repeat(32),
  'F64',
  'I8',
  'message',
  'chunk',
  'coordinator',
];

/** JSON that still parses, with one to three values replaced, removed, copied elsewhere or wrapped. */
export function mutateJson(value: unknown, random: Random): unknown {
  const copy: unknown = structuredClone(value);
  for (let left = 1 + random.int(3); left > 0; left--) mutateOnce(copy, random);
  return copy;
}

function mutateOnce(root: unknown, random: Random): void {
  const places = collect(root);
  const place = places[random.int(places.length)];
  const other = places[random.int(places.length)];
  if (place === undefined || other === undefined) return;
  const { holder, key } = place;
  switch (random.int(5)) {
    case 0:
      delete holder[key];
      return;
    case 1:
      holder[key] = structuredClone(other.holder[other.key]);
      return;
    case 2:
      holder[`${key}${random.int(3)}`] = structuredClone(holder[key]);
      return;
    case 3:
      if (typeof holder[key] === 'number') holder[key] = (holder[key] as number) + random.int(9) - 4;
      return;
    default:
      holder[key] = structuredClone(surprises[random.int(surprises.length)]);
  }
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function collect(value: unknown): Place[] {
  if (value === null || typeof value !== 'object') return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...collect(holder[key])]);
}

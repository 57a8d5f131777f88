import type { CharacterSet } from './pattern-parser.ts';

/** A state of a compiled pattern; what follows a `set` or an `assert` stands behind it. */
export type State =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assert'; readonly what: 'start' | 'end' | 'boundary' | 'no_boundary' }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'split'; a: number; b: number }
  | { readonly kind: 'match' };

/** Texts are in lower case, sets as they were written. */
export function holds({ ranges, negated }: CharacterSet, code: number): boolean {
  const upper = code >= 0x61 && code <= 0x7a ? code - 0x20 : code;
  const inside = ranges.some(([from, to]) => (code >= from && code <= to) || (upper >= from && upper <= to));
  return inside !== negated;
}

import type { Secrecy } from './descriptor.ts';

/** Nobody stands between the ends. */
export const encrypted: Secrecy = {
  word: 'encrypted',
  text: 'Encrypted from one end to the other by TLS 1.3: who is on the way reads addresses, sizes and times.',
};

/** Somebody else carries it. */
export function sealedFrom(who: string): Secrecy {
  const what = 'names of run and participants, sizes and times';
  return {
    word: 'sealed',
    text: `Sealed from one end to the other: ${who} reads ${what}, and no message and no model.`,
  };
}

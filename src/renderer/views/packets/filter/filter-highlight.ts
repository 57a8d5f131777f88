import { lexFilter } from '#shared/filter/filter-lexer.ts';
import type { Token } from '#shared/filter/filter-lexer.ts';

export interface Piece {
  readonly text: string;
  readonly kind: 'plain' | 'operator' | 'value';
  readonly from: number;
}

/** A filter's text in pieces to color; joined they are the text, also where it cannot be read. */
export function highlightFilter(text: string): readonly Piece[] {
  const lexed = lexFilter(text);
  const readable = lexed.ok ? lexed : lexFilter(text.slice(0, lexed.error.from));
  const tokens = readable.ok ? readable.value : [];
  const pieces: Piece[] = [];
  let at = 0;
  tokens.forEach((token, i) => {
    if (token.from > at) pieces.push({ text: text.slice(at, token.from), kind: 'plain', from: at });
    pieces.push({
      text: text.slice(token.from, token.to),
      kind: kindOf(token, tokens[i - 1], tokens[i + 1]),
      from: token.from,
    });
    at = token.to;
  });
  if (at < text.length) pieces.push({ text: text.slice(at), kind: 'plain', from: at });
  return pieces;
}

function kindOf(token: Token, previous: Token | undefined, next: Token | undefined): Piece['kind'] {
  if (token.kind === 'string' || token.kind === 'pattern') return 'value';
  if (token.kind !== 'word') return 'operator';
  if (token.text.toLowerCase() === 'in' && next?.kind === 'open') return 'operator';
  if (token.text.toLowerCase() === 'contains' && previous?.kind === 'word' && next !== undefined) return 'operator';
  const isValue =
    previous?.kind === 'operator' ||
    previous?.text.toLowerCase() === 'contains' ||
    token.text.includes('..') ||
    previous?.kind === 'comma' ||
    (previous?.kind === 'open' && (next?.kind === 'comma' || next?.kind === 'close'));
  return isValue ? 'value' : 'plain';
}

import { lexFilter } from './filter-lexer.ts';
import { parseFilter } from './parse-filter.ts';

/** Between which moments a run lies, as far as is known: ms since 1970. */
export interface RunEnds {
  readonly startedAt: number;
  readonly newestAt: number;
}

/** Whether a filter means another time with every packet that comes. */
export function movesOn(text: string): boolean {
  return /\blast\s+[\d.]/i.test(text);
}

/**
 * The same filter with moments in place of `last 5m` and `first 30s`, so that it means the same to whoever has other rows.
 * A text that cannot be read stays as it is.
 */
export function absoluteText(text: string, { startedAt, newestAt }: RunEnds): string {
  if (!/\b(?:last|first)\s+[\d.]/i.test(text) || !Number.isFinite(newestAt)) return text;
  const lexed = lexFilter(text);
  if (!lexed.ok) return text;
  let made = '';
  let at = 0;
  for (const [i, token] of lexed.value.entries()) {
    const before = lexed.value[i - 1];
    const begins = before === undefined || ['and', 'or', 'not', 'open'].includes(before.kind);
    if (token.kind !== 'word' || !begins || !/^(?:last|first)$/i.test(token.text)) continue;
    const end = spanEnd(text, token.from, [lexed.value[i + 2]?.to, lexed.value[i + 1]?.to]);
    if (end === null) continue;
    const wanted = end.isLast ? newestAt - end.ms : startedAt + end.ms;
    const moment = new Date(Math.min(Math.max(wanted, 0), lastMoment));
    made += `${text.slice(at, token.from)}time ${end.isLast ? '>=' : '<='} ${moment.toISOString()}`;
    at = end.to;
  }
  return made + text.slice(at);
}

/** Of four digits, as the filter reads years. */
const lastMoment = Date.UTC(9999, 11, 31);

/** Reads `last 5 m` or `last 5m`, whichever is a condition by itself. */
function spanEnd(
  text: string,
  from: number,
  ends: readonly (number | undefined)[],
): { readonly isLast: boolean; readonly ms: number; readonly to: number } | null {
  for (const to of ends) {
    const parsed = to === undefined ? null : parseFilter(text.slice(from, to));
    if (to === undefined || parsed?.ok !== true || parsed.value.kind !== 'span') continue;
    return { isLast: parsed.value.end === 'last', ms: parsed.value.ms, to };
  }
  return null;
}

import { err } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { filterTextMax } from '../contract/app/port-api.ts';
import { checkFilter } from './filter-checker.ts';
import { everything } from './filter-expression.ts';
import type { FilterError, FilterExpression } from './filter-expression.ts';
import { lexFilter, nothingYet } from './filter-lexer.ts';
import type { Token } from './filter-lexer.ts';
import { parseTokens } from './filter-parser.ts';

/**
 * Reads a filter such as `protocol == quic && kind in (model_update, chunk) && size > 1MB`. Never throws. A text that
 * merely stops too early is an error with `unfinished`: the part before its last connective, so that a table can keep
 * showing something sensible while the rest is typed.
 */
export function parseFilter(text: string): Result<FilterExpression, FilterError> {
  if (text.length > filterTextMax) {
    return err({
      message: `The filter is longer than ${filterTextMax} characters.`,
      from: filterTextMax,
      to: text.length,
    });
  }
  const lexed = lexFilter(text);
  if (!lexed.ok) {
    if (lexed.error.unfinished === undefined) return lexed;
    const before = lexFilter(text.slice(0, lexed.error.from));
    return err(withKept(lexed.error, before.ok ? before.value : [], 'whole'));
  }
  const parsed = build(lexed.value, text.length);
  if (parsed.ok || parsed.error.unfinished === undefined) return parsed;
  return err(withKept(parsed.error, lexed.value, 'broken'));
}

function build(tokens: readonly Token[], textLength: number): Result<FilterExpression, FilterError> {
  const parsed = parseTokens(tokens, textLength);
  return parsed.ok ? checkFilter(parsed.value, textLength) : parsed;
}

/** `end`: whether all `tokens` may make a filter, since the error lies behind them. */
function withKept(error: FilterError, tokens: readonly Token[], end: 'whole' | 'broken'): FilterError {
  let depth = 0;
  for (let i = tokens.length; i > 0; i--) {
    const token = tokens[i];
    if (token?.kind === 'close') depth++;
    if (token?.kind === 'open') depth--;
    const mayEnd = token === undefined ? end === 'whole' : canEndBefore(token, tokens[i - 1] as Token);
    // Only what lies outside every parenthesis, counted from the end: an unclosed one makes this negative.
    if (depth > 0 || !mayEnd) continue;
    const kept = build(tokens.slice(0, i), Infinity);
    if (kept.ok) return { ...error, unfinished: { expression: kept.value, keptTo: (tokens[i - 1] as Token).to } };
  }
  return { ...error, unfinished: { ...nothingYet, expression: everything } };
}

/** At a connective, or between two bare words, which are joined without one. */
function canEndBefore(token: Token, previous: Token): boolean {
  const isWord = (candidate: Token): boolean => candidate.kind === 'word' || candidate.kind === 'string';
  // `last 5` is not yet `last 5m`, and never the word alone.
  if (/^(last|first)$/i.test(previous.text) && /^[\d.]/.test(token.text)) return false;
  return token.kind === 'and' || token.kind === 'or' || (isWord(token) && isWord(previous));
}

/** What a table can show of a filter: all of it, its whole part, or nothing (null) when it is plainly wrong. */
export function usableFilter(text: string): { readonly expression: FilterExpression; readonly text: string } | null {
  const parsed = parseFilter(text);
  if (parsed.ok) return { expression: parsed.value, text };
  const kept = parsed.error.unfinished;
  // The space says that the last word is whole, so that this text means the same when it is read again elsewhere.
  return kept === undefined
    ? null
    : { expression: kept.expression, text: kept.keptTo === 0 ? '' : `${text.slice(0, kept.keptTo)} ` };
}

import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { FilterError } from './filter-expression.ts';

export type TokenKind = 'word' | 'string' | 'pattern' | 'operator' | 'and' | 'or' | 'not' | 'open' | 'close' | 'comma';

export interface Token {
  readonly kind: TokenKind;
  /** A string's content without quotes and escapes, a pattern's without its slashes; otherwise as written. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

interface Mark {
  readonly text: string;
  readonly kind: TokenKind;
}
/** Longest first. */
const marks: readonly Mark[] = [
  { text: '&&', kind: 'and' },
  { text: '||', kind: 'or' },
  { text: '==', kind: 'operator' },
  { text: '!=', kind: 'operator' },
  { text: '!~', kind: 'operator' },
  { text: '<=', kind: 'operator' },
  { text: '>=', kind: 'operator' },
  { text: '<', kind: 'operator' },
  { text: '>', kind: 'operator' },
  { text: '~', kind: 'operator' },
  { text: '!', kind: 'not' },
  { text: '(', kind: 'open' },
  { text: ')', kind: 'close' },
  { text: ',', kind: 'comma' },
];
const halfMarks: ReadonlyMap<string, string> = new Map([
  ['=', '=='],
  ['&', '&&'],
  ['|', '||'],
]);
const wordEnd = /[\s()=!<>~&|,"']/;
/** A map, since an object would know `constructor` and `__proto__` too. */
const connectives: ReadonlyMap<string, TokenKind> = new Map([
  ['and', 'and'],
  ['or', 'or'],
  ['not', 'not'],
]);

export function lexFilter(text: string): Result<readonly Token[], FilterError> {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    const looks = tokens.at(-1)?.kind === 'operator' && (tokens.at(-1)?.text ?? '').endsWith('~');
    const pattern = looks && char === '/' ? readPattern(text, at) : null;
    const next = pattern ?? (char === '"' || char === "'" ? readString(text, at) : readPlain(text, at));
    if (!next.ok) return next;
    tokens.push(next.value);
    at = next.value.to;
  }
  return ok(tokens);
}

function readPlain(text: string, from: number): Result<Token, FilterError> {
  const mark = marks.find((candidate) => text.startsWith(candidate.text, from));
  if (mark !== undefined) return ok({ kind: mark.kind, text: mark.text, from, to: from + mark.text.length });
  const half = halfMarks.get(text[from] as string);
  if (half !== undefined) {
    const what = half === '==' ? 'compares' : 'joins two conditions';
    const error = { message: `One ${text[from]} means nothing here; ${half} ${what}.`, from, to: from + 1, fix: half };
    // A single & or | at the very end is the first half of what is being typed.
    return err(from + 1 === text.length ? { ...error, unfinished: nothingYet } : error);
  }
  let to = from;
  while (to < text.length && !wordEnd.test(text[to] as string)) to++;
  const word = text.slice(from, to);
  return ok({ kind: connectives.get(word.toLowerCase()) ?? 'word', text: word, from, to });
}

/** `/node-[12]/` after `~`; null: a text that begins with a slash, such as a part of a topic. */
function readPattern(text: string, from: number): Result<Token, FilterError> | null {
  let inSet = false;
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '[') inSet = true;
    else if (char === ']') inSet = false;
    else if (char === '/' && !inSet) {
      const flags = text[at + 1] === 'i' ? 1 : 0;
      const to = at + 1 + flags;
      if (to < text.length && !patternEnd.test(text[to] as string)) continue;
      return ok({ kind: 'pattern', text: text.slice(from + 1, at), from, to });
    }
  }
  // With such signs it is a pattern that is still being written.
  if (!/^\/\S*[(|[\\^$+*?{]/.test(text.slice(from))) return null;
  return err({
    message: 'The pattern has no closing /; in quotes, / is a letter.',
    from,
    to: text.length,
    fix: `${text.slice(from)}/`,
    unfinished: nothingYet,
  });
}

const patternEnd = /[\s)&|]/;

function readString(text: string, from: number): Result<Token, FilterError> {
  const quote = text[from];
  let content = '';
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char === quote) return ok({ kind: 'string', text: content, from, to: at + 1 });
    if (char === '\\' && at + 1 < text.length) content += text[++at];
    else content += char;
  }
  return err({
    message: `The quoted text has no closing ${quote}.`,
    from,
    to: text.length,
    fix: `${text.slice(from)}${quote}`,
    unfinished: nothingYet,
  });
}

/** Marks an error as one of a text that stops too early; who has the tokens before it fills in what is kept. */
export const nothingYet = { expression: { kind: 'and', terms: [] }, keptTo: 0 } as const;

/** As a filter must write this value: bare where it reads back as one word, else quoted. */
export function quoteValue(value: string): string {
  const isWord = value !== '' && !wordEnd.test(value) && !connectives.has(value.toLowerCase());
  // Bare, `*` and `?` stand for other letters, `/x/` for a pattern.
  const isPlain = !/[*?]|^\/|^in$/i.test(value);
  return isWord && isPlain ? value : inQuotes(value);
}

export function inQuotes(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, (char) => `\\${char}`)}"`;
}

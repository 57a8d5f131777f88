import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import type { FilterError } from './filter-expression.ts';
import { asField, fieldMeant, fieldNames, operatorsOf, fieldInfo } from './filter-fields.ts';
import type { FilterField } from './filter-fields.ts';
import { inQuotes, nothingYet } from './filter-lexer.ts';
import type { Token } from './filter-lexer.ts';
import { nearest } from './nearest.ts';

/** What was written, before anybody asked whether it makes sense. */
export type ParsedFilter =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly ParsedFilter[] }
  | { readonly kind: 'not'; readonly term: ParsedFilter }
  | { readonly kind: 'compare'; readonly field: Token; readonly operator: Token; readonly values: readonly Token[] }
  | { readonly kind: 'span'; readonly end: Token; readonly length: Token }
  | { readonly kind: 'search'; readonly word: Token };

/** Operators as other tools spell them. */
const spokenOperators: ReadonlyMap<string, string> = new Map([
  ['has', 'contains'],
  ['matches', '~'],
  ['like', '~'],
  ['is', '=='],
  ['equals', '=='],
  ['eq', '=='],
  ['ne', '!='],
  ['gt', '>'],
  ['lt', '<'],
  ['ge', '>='],
  ['le', '<='],
]);

/** Parentheses and `not` within each other: more is a mistake or an attack on the stack. */
export const filterDepthMax = 32;

/** Recursive descent: `or` binds weakest, then `and`, then `not`. */
export function parseTokens(tokens: readonly Token[], textLength: number): Result<ParsedFilter, FilterError> {
  const parser = new Parser(tokens, textLength);
  const parsed = tokens.length === 0 ? ({ kind: 'and', terms: [] } as const) : parser.whole();
  return parsed === null ? err(parser.error as FilterError) : ok(parsed);
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #at = 0;
  #depth = 0;
  /** Set by whichever method returns null first. */
  error: FilterError | null = null;

  constructor(tokens: readonly Token[], length: number) {
    this.#tokens = tokens;
    this.#length = length;
  }

  whole(): ParsedFilter | null {
    const parsed = this.#chain('or');
    if (parsed === null) return null;
    const left = this.#peek();
    if (left === undefined) return parsed;
    if (left.kind === 'close') return this.#fail(left, 'This ) has no ( before it.', '');
    return this.#fail(left, `Put && or || before ${shown(left)}.`, joined('&&', left));
  }

  #chain(kind: 'or' | 'and'): ParsedFilter | null {
    const first = kind === 'or' ? this.#chain('and') : this.#term();
    if (first === null) return null;
    const terms = [first];
    while (this.#peek()?.kind === kind) {
      this.#at++;
      const next = kind === 'or' ? this.#chain('and') : this.#term();
      if (next === null) return null;
      terms.push(next);
    }
    return terms.length === 1 ? first : { kind, terms };
  }

  #term(): ParsedFilter | null {
    const token = this.#peek();
    if (token === undefined) return this.#failAtEnd('The filter stops after a connective: a condition must follow.');
    if (token.kind === 'not' || token.kind === 'open') return this.#nested(token);
    if (token.kind !== 'word' && token.kind !== 'string') {
      return this.#fail(token, `A condition must stand before ${shown(token)}, such as round == 3.`);
    }
    const next = this.#peek(1);
    if (token.kind !== 'word' || next === undefined) return this.#words();
    if (next.kind === 'operator' || isIn(next, this.#peek(2))) return this.#comparison(token, next);
    if (isContains(token, next)) return this.#comparison(token, { ...next, kind: 'operator' });
    if (isRange(token, next)) return this.#range(token);
    return isSpan(token, next) ? this.#span(token) : this.#words();
  }

  #nested(token: Token): ParsedFilter | null {
    if (this.#depth >= filterDepthMax)
      return this.#fail(token, `More than ${filterDepthMax} conditions within each other: write it flatter.`);
    this.#at++;
    this.#depth++;
    const inner = token.kind === 'not' ? this.#term() : this.#chain('or');
    this.#depth--;
    if (inner === null) return null;
    if (token.kind === 'not') return { kind: 'not', term: inner };
    const close = this.#peek();
    if (close === undefined) return this.#failAtEnd('The ( is not closed yet.');
    if (close.kind !== 'close')
      return this.#fail(close, `Put && or || before ${shown(close)}, or close the ( first.`, joined('&&', close));
    this.#at++;
    return inner;
  }

  #comparison(field: Token, operator: Token): ParsedFilter | null {
    if (asField(field.text) === null) return this.#unknownField(field);
    this.#at += 2;
    if (operator.text.toLowerCase() === 'in') return this.#list(field, operator);
    const value = this.#peek();
    if (value === undefined) return this.#failAtEnd(`A value must follow ${field.text} ${operator.text}.`);
    if (value.kind !== 'word' && value.kind !== 'string' && value.kind !== 'pattern')
      return this.#fail(value, `A value must follow ${operator.text}, not ${shown(value)}.`);
    return { kind: 'compare', field, operator, values: [this.#valueWithUnit()] };
  }

  /** `round 3..5`: as with `==`. */
  #range(field: Token): ParsedFilter {
    this.#at++;
    const value = this.#tokens[this.#at++] as Token;
    const operator: Token = { kind: 'operator', text: '==', from: value.from, to: value.from };
    return { kind: 'compare', field, operator, values: [value] };
  }

  /** `last 5m`, `first 30s`. */
  #span(end: Token): ParsedFilter {
    this.#at++;
    return { kind: 'span', end, length: this.#valueWithUnit() };
  }

  #list(field: Token, operator: Token): ParsedFilter | null {
    this.#at++;
    const values: Token[] = [];
    for (;;) {
      const value = this.#peek();
      if (value === undefined) return this.#failAtEnd(`The list after ${field.text} in ( is not closed yet.`);
      if (value.kind !== 'word' && value.kind !== 'string')
        return this.#fail(value, `A value must stand here, not ${shown(value)}.`);
      values.push(this.#valueWithUnit());
      const separator = this.#peek();
      if (separator === undefined) return this.#failAtEnd(`The list after ${field.text} in ( is not closed yet.`);
      if (separator.kind !== 'comma' && separator.kind !== 'close')
        return this.#fail(separator, `Put a comma before ${shown(separator)}.`, joined(',', separator));
      this.#at++;
      if (separator.kind === 'close') return { kind: 'compare', field, operator, values };
    }
  }

  /** `5 s` is as good as `5s`. */
  #valueWithUnit(): Token {
    const value = this.#tokens[this.#at++] as Token;
    const unit = this.#peek();
    const joins =
      value.kind === 'word' &&
      /^[\d.]+$/.test(value.text) &&
      unit?.kind === 'word' &&
      /^([kmg]i?b|b|us|ms|s|m|min|h)$/i.test(unit.text);
    if (!joins) return value;
    this.#at++;
    return { kind: 'word', text: value.text + unit.text, from: value.from, to: unit.to };
  }

  /** Bare words: each is searched for, all must be there. */
  #words(): ParsedFilter | null {
    const terms: ParsedFilter[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      const next = this.#peek(1);
      if ((token.kind !== 'word' && token.kind !== 'string') || next?.kind === 'operator') break;
      if (terms.length > 0 && next !== undefined && (isContains(token, next) || isRange(token, next))) break;
      // After a word that is searched for no condition can begin: this is one more word, unless a value follows.
      const isSearched = terms.length > 0 && next?.kind !== 'word' && next?.kind !== 'string';
      const problem = token.kind === 'word' && !isSearched ? this.#fieldWithoutOperator(token, next) : null;
      if (problem !== null) {
        this.error = problem;
        return null;
      }
      this.#at++;
      terms.push({ kind: 'search', word: token });
    }
    return terms.length === 1 ? (terms[0] as ParsedFilter) : { kind: 'and', terms };
  }

  #fieldWithoutOperator(token: Token, next: Token | undefined): FilterError | null {
    const field = asField(token.text);
    const { from, to } = token;
    const atEnd = to === this.#length;
    // Somebody who types `&& r` is on the way to a field more likely than searching for the letter.
    if (field === null) {
      const begun = fieldNames.some((name) => begins(token.text, name));
      if (!atEnd || !begun) return null;
      return {
        message: `This begins the name of a field; write "${token.text}" to search for it.`,
        from,
        to,
        unfinished: nothingYet,
      };
    }
    const spoken = next?.kind === 'word' ? this.#spokenOperator(token, field, next) : null;
    if (spoken !== null) return spoken;
    const operator = operatorsOf(fieldInfo(field).type)[0] as string;
    const message = `An operator must follow ${field}, such as ${field} ${operator} …; write "${token.text}" to search for the word.`;
    if (next === undefined) return { message, from, to, unfinished: nothingYet };
    return {
      message,
      from,
      to,
      fix: next.kind === 'word' || next.kind === 'string' ? `${field} ${operator}` : `"${token.text}"`,
    };
  }

  /** `kind contains model`: said as other tools have it. */
  #spokenOperator(token: Token, field: FilterField, next: Token): FilterError | null {
    const operator = spokenOperators.get(next.text.toLowerCase());
    if (operator === undefined || !operatorsOf(fieldInfo(field).type).includes(operator)) return null;
    return {
      message: `Write ${operator} for ${next.text}: ${field} ${operator} …`,
      from: token.from,
      to: next.to,
      fix: `${field} ${operator}`,
    };
  }

  #unknownField(token: Token): null {
    if (/^loss(es)?$|^lost$/i.test(token.text))
      return this.#fail(
        token,
        'There is no field loss: lost packets are no packets, and stand at their place in the table.',
      );
    const guess = fieldMeant(token.text) ?? nearest(token.text, fieldNames);
    const tail =
      guess === null ? `The fields are ${fieldNames.slice(0, 8).join(', ')} and others.` : `Did you mean ${guess}?`;
    return this.#fail(token, `There is no field ${token.text}. ${tail}`, guess ?? undefined);
  }

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  #fail(token: Token, message: string, fix?: string): null {
    this.error ??= { message, from: token.from, to: token.to, ...(fix === undefined ? {} : { fix }) };
    return null;
  }

  #failAtEnd(message: string): null {
    this.error ??= { message, from: this.#tokens.at(-1)?.from ?? 0, to: this.#length, unfinished: nothingYet };
    return null;
  }
}

/** `mqtt` is a word that people search for, and begins fields only from its dot on. */
function begins(text: string, field: string): boolean {
  return field.startsWith(text.toLowerCase()) && (!field.includes('.') || text.includes('.'));
}

/** `kind contains model`. */
function isContains(field: Token, token: Token): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === 'contains' && asField(field.text) !== null;
}

/** `round 3..5`, `size 1kB..`. */
function isRange(field: Token, token: Token): boolean {
  return field.kind === 'word' && token.kind === 'word' && token.text.includes('..') && asField(field.text) !== null;
}

/** `last 5m`, but not the two words `last update`. */
function isSpan(end: Token, token: Token): boolean {
  return /^(last|first)$/i.test(end.text) && token.kind === 'word' && /^[\d.]/.test(token.text);
}

function isIn(token: Token, after: Token | undefined): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === 'in' && after?.kind === 'open';
}

/** A fix for what stands where `mark` was expected; none where a mark alone would not help. */
function joined(mark: '&&' | ',', token: Token): string | undefined {
  const isValue = token.kind === 'word' || token.kind === 'string';
  const begun = isValue || (mark === '&&' && (token.kind === 'not' || token.kind === 'open'));
  return begun ? `${mark} ${shown(token)}` : undefined;
}

function shown(token: Token): string {
  return token.kind === 'string' ? inQuotes(token.text) : token.text;
}

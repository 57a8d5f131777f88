import { asField, fieldInfo, fieldNames, operatorsOf } from './filter-fields.ts';
import type { FilterField } from './filter-fields.ts';
import { lexFilter, quoteValue } from './filter-lexer.ts';
import type { Token } from './filter-lexer.ts';

/** Values seen so far, and hints that know more than the field table (`round`: `number, 1 to 7`). */
export interface KnownValues {
  readonly values: Partial<Readonly<Record<FilterField, readonly string[]>>>;
  readonly hints: Partial<Readonly<Record<FilterField, string>>>;
}

export interface Suggestion {
  /** Replaces the stretch `from` to `to`. */
  readonly insert: string;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly hint: string;
  /** Letters at the start of the label that are there already. */
  readonly typed: number;
}

const suggestionsMax = 10;
const connectives = [
  { label: '&&', hint: 'and' },
  { label: '||', hint: 'or' },
];
const operatorHints: Readonly<Record<string, string>> = {
  '==': 'is',
  '!=': 'is not',
  '~': 'has this, or /a pattern/',
  '!~': 'has not',
  contains: 'has these letters',
  in: 'is one of ( , )',
  '<': 'less than',
  '<=': 'at most',
  '>': 'more than',
  '>=': 'at least',
};

/** What could stand at the caret. Nothing when the text before it cannot be read. */
export function completeFilter(text: string, caret: number, known: KnownValues): readonly Suggestion[] {
  const head = text.slice(0, caret);
  const lexed = lexFilter(head);
  // An open quote or half an operator: complete what stands before it, as far as that can be read.
  const tokens = lexed.ok ? lexed.value : openQuote(head, lexed.error.from);
  if (tokens === null) return [];
  const last = tokens.at(-1);
  // Right behind its closing slash nothing is begun yet.
  if (last?.kind === 'pattern' && last.to === caret) return [];
  const isPartial = last !== undefined && last.to === caret && (last.kind === 'word' || last.kind === 'string');
  const partial = isPartial ? last : null;
  const before = isPartial ? tokens.slice(0, -1) : tokens;
  const span = { from: partial?.from ?? caret, to: partial === null ? caret : endOfWord(text, caret, partial) };
  return rank(candidates(before, partial, known), partial?.text ?? '').map((item) => ({ ...item, ...span }));
}

interface Candidate {
  readonly insert: string;
  readonly label: string;
  readonly hint: string;
}

function candidates(before: readonly Token[], partial: Token | null, known: KnownValues): readonly Candidate[] {
  const last = before.at(-1);
  if (last === undefined || last.kind === 'and' || last.kind === 'or' || last.kind === 'not') return fields(known);
  const listField = fieldOfOpenList(before);
  if (listField !== null) return last.kind === 'open' || last.kind === 'comma' ? values(listField, known) : [];
  if (last.kind === 'open') return fields(known);
  const previous = before.at(-2);
  const isContains = last.text.toLowerCase() === 'contains' && previous?.kind === 'word';
  if (last.kind === 'operator' || isContains)
    return previous === undefined ? [] : values(asField(previous.text), known);
  const startsTerm = previous === undefined || ['and', 'or', 'not', 'open'].includes(previous.kind);
  const field = last.kind === 'word' && startsTerm ? asField(last.text) : null;
  if (field !== null) return operators(field);
  return partial === null ? connectives.map((item) => ({ ...item, insert: `${item.label} ` })) : [];
}

function fields(known: KnownValues): readonly Candidate[] {
  const named = fieldNames.map((name) => ({
    insert: `${name} `,
    label: name,
    hint: known.hints[name] ?? fieldInfo(name).hint,
  }));
  return [...named, ...spans];
}

const spans: readonly Candidate[] = [
  { insert: 'last ', label: 'last', hint: 'before the newest packet, last 5m' },
  { insert: 'first ', label: 'first', hint: 'after the start of the run, first 30s' },
];

function operators(field: FilterField): readonly Candidate[] {
  return operatorsOf(fieldInfo(field).type).map((label) => ({
    insert: label === 'in' ? 'in (' : `${label} `,
    label,
    hint: operatorHints[label] ?? '',
  }));
}

function values(field: FilterField | null, known: KnownValues): readonly Candidate[] {
  if (field === null) return [];
  const fixed = fieldInfo(field).values;
  const seen = known.values[field] ?? [];
  const all =
    fixed === undefined
      ? seen
      : [...fixed.filter((value) => seen.includes(value)), ...fixed.filter((value) => !seen.includes(value))];
  return all.map((value) => ({
    insert: `${quoteValue(value)} `,
    label: value,
    hint: fixed !== undefined && seen.length > 0 && !seen.includes(value) ? 'not seen yet' : '',
  }));
}

function rank(items: readonly Candidate[], typed: string): readonly (Candidate & { readonly typed: number })[] {
  const lower = typed.toLowerCase();
  const starting = items
    .filter((item) => item.label.toLowerCase().startsWith(lower))
    .map((item) => ({ ...item, typed: typed.length }));
  const containing = items
    .filter(
      (item) =>
        lower.length >= 2 && !item.label.toLowerCase().startsWith(lower) && item.label.toLowerCase().includes(lower),
    )
    .map((item) => ({ ...item, typed: 0 }));
  const found = [...starting, ...containing];
  // What is there already, letter for letter, needs no suggestion.
  const isDone = found.length === 1 && found[0]?.label.toLowerCase() === lower;
  return isDone ? [] : found.slice(0, suggestionsMax);
}

function fieldOfOpenList(tokens: readonly Token[]): FilterField | null {
  const open = tokens.findLastIndex((token) => token.kind === 'open');
  if (open < 2 || tokens.slice(open).some((token) => token.kind === 'close')) return null;
  const isList = tokens[open - 1]?.text.toLowerCase() === 'in';
  return isList ? asField((tokens[open - 2] as Token).text) : null;
}

function openQuote(head: string, from: number): readonly Token[] | null {
  const before = lexFilter(head.slice(0, from));
  const quote = head[from];
  if (!before.ok || (quote !== '"' && quote !== "'")) return null;
  return [...before.value, { kind: 'string', text: head.slice(from + 1), from, to: head.length }];
}

function endOfWord(text: string, caret: number, partial: Token): number {
  if (partial.kind === 'string') return caret;
  const rest = /^[^\s()=!<>~&|,"']*/.exec(text.slice(caret));
  return caret + (rest?.[0].length ?? 0);
}

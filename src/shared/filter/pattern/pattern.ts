import { err, ok, type Result } from '#shared/base/result.ts';
import { lowerAscii } from '../filter-values.ts';
import { LazyAutomaton } from './pattern-automaton.ts';
import { parsePattern, type PatternError, type PatternNode } from './pattern-parser.ts';
import { holds, type State } from './pattern-states.ts';

/**
 * Regular expressions that cannot hang: a pattern becomes a small program whose every state is visited at most once for each
 * letter (Thompson 1968), so a text is read once, whatever the pattern. There is nothing in it that would need to go back:
 * no look-around and no references to groups. Decision 0104.
 */
export interface Pattern {
  /** Whether it is somewhere in the text, without regard to the case of A to Z. */
  readonly test: (text: string) => boolean;
}

/** States of a program; `(a{30}){30}` is beyond it. */
const statesMax = 1000;
/** Nodes visited to make one: `((){99}){99}` has no states, and would still take its time. */
const visitsMax = 20_000;

export function compilePattern(source: string): Result<Pattern, PatternError> {
  const parsed = parsePattern(source);
  if (!parsed.ok) return parsed;
  const program = new Assembler().assemble(parsed.value);
  if (program === null)
    return err({ message: 'The pattern is too large: repeat less within what is repeated.', at: 0 });
  // Of what stands on both sides of a place the automaton knows nothing.
  const looksAround = program.some((state) => state.kind === 'assert' && state.what.endsWith('boundary'));
  if (looksAround) return ok({ test: (text) => run(program, lowerAscii(text)) });
  const automaton = new LazyAutomaton(program);
  return ok({ test: (text) => automaton.test(lowerAscii(text)) });
}

class Assembler {
  readonly #states: State[] = [];
  #visits = 0;

  /** Null: too large. */
  assemble(node: PatternNode): readonly State[] | null {
    if (!this.#emit(node)) return null;
    this.#states.push({ kind: 'match' });
    return this.#states;
  }

  #emit(node: PatternNode): boolean {
    if (++this.#visits > visitsMax || this.#states.length > statesMax) return false;
    switch (node.kind) {
      case 'set':
        this.#states.push({ kind: 'set', set: node.set });
        return true;
      case 'assert':
        this.#states.push({ kind: 'assert', what: node.what });
        return true;
      case 'sequence':
        return node.parts.every((part) => this.#emit(part));
      case 'either':
        return this.#either(node.choices);
      case 'repeat':
        return this.#repeat(node);
    }
  }

  #either(choices: readonly PatternNode[]): boolean {
    const ends: { kind: 'jump'; to: number }[] = [];
    for (const [i, choice] of choices.entries()) {
      const isLast = i === choices.length - 1;
      const split = { kind: 'split' as const, a: this.#states.length + 1, b: 0 };
      if (!isLast) this.#states.push(split);
      if (!this.#emit(choice)) return false;
      if (isLast) break;
      const end = { kind: 'jump' as const, to: 0 };
      this.#states.push(end);
      ends.push(end);
      split.b = this.#states.length;
    }
    for (const end of ends) end.to = this.#states.length;
    return true;
  }

  #repeat({ of, min, max }: Extract<PatternNode, { kind: 'repeat' }>): boolean {
    for (let i = 0; i < min; i++) if (!this.#emit(of)) return false;
    if (max === null) {
      const split = { kind: 'split' as const, a: this.#states.length + 1, b: 0 };
      const at = this.#states.push(split) - 1;
      if (!this.#emit(of)) return false;
      this.#states.push({ kind: 'jump', to: at });
      split.b = this.#states.length;
      return true;
    }
    const splits: { kind: 'split'; a: number; b: number }[] = [];
    for (let i = min; i < max; i++) {
      const split = { kind: 'split' as const, a: this.#states.length + 1, b: 0 };
      this.#states.push(split);
      splits.push(split);
      if (!this.#emit(of)) return false;
    }
    for (const split of splits) split.b = this.#states.length;
    return true;
  }
}

/** All states that a text can be in at once, moved on letter by letter. */
function run(program: readonly State[], text: string): boolean {
  // The letter at which a state was last entered: it is entered once for each.
  const entered = new Int32Array(program.length).fill(-1);
  let now: number[] = [];
  let next: number[] = [];
  for (let at = 0; at <= text.length; at++) {
    // It may begin at every letter.
    if (enter(program, text, { state: 0, at, into: now, entered })) return true;
    next = [];
    const code = text.charCodeAt(at);
    for (const state of now) {
      const step = program[state];
      if (step?.kind !== 'set' || at === text.length || !holds(step.set, code)) continue;
      if (enter(program, text, { state: state + 1, at: at + 1, into: next, entered })) return true;
    }
    now = next;
  }
  return false;
}

interface Entering {
  readonly state: number;
  readonly at: number;
  readonly into: number[];
  readonly entered: Int32Array;
}

/** Follows all that needs no letter. @returns whether that is the end of the pattern */
function enter(program: readonly State[], text: string, { state, at, into, entered }: Entering): boolean {
  const waiting = [state];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (entered[one] === at) continue;
    entered[one] = at;
    const step = program[one];
    if (step === undefined) continue;
    if (step.kind === 'match') return true;
    if (step.kind === 'set') into.push(one);
    else if (step.kind === 'jump') waiting.push(step.to);
    else if (step.kind === 'split') waiting.push(step.b, step.a);
    else if (stands(step.what, text, at)) waiting.push(one + 1);
  }
  return false;
}

function stands(what: Extract<State, { kind: 'assert' }>['what'], text: string, at: number): boolean {
  if (what === 'start') return at === 0;
  if (what === 'end') return at === text.length;
  const isBoundary = isWordAt(text, at - 1) !== isWordAt(text, at);
  return isBoundary === (what === 'boundary');
}

function isWordAt(text: string, at: number): boolean {
  return /^\w$/.test(text[at] ?? '');
}

const cacheMax = 64;
const cache = new Map<string, Pattern>();

/** Of a source that was compiled before, which a checked filter's were. */
export function patternOf(source: string): Pattern | null {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const compiled = compilePattern(source);
  if (!compiled.ok) return null;
  if (cache.size >= cacheMax) cache.clear();
  cache.set(source, compiled.value);
  return compiled.value;
}

/** `node-*` and `node-?` as a regular expression; `whole`: of the whole text. */
export function wildcardSource(text: string, whole: boolean): string {
  const inner = text.replaceAll(/[^\w]/g, (char) => (char === '*' ? '.*' : char === '?' ? '.' : `\\${char}`));
  return whole ? `^${inner}$` : inner;
}

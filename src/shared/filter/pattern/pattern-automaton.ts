import { holds, type State } from './pattern-states.ts';

/** All states that a text can be in at once, as one. */
interface Together {
  /** Those that wait for a letter. */
  readonly waiting: readonly number[];
  /** The pattern has been found. */
  readonly found: boolean;
  /** It has been found if the text ends here. */
  readonly foundAtEnd: boolean;
  /** Where each letter of ASCII leads, as far as it was met. */
  readonly next: (Together | undefined)[];
}

const letters = 128;
/** Sets of states that are remembered; a pattern that has more begins again, and is as slow as without. */
const togetherMax = 500;

/** Remembers where each letter leads, so that texts that are alike cost one look a letter. */
export class LazyAutomaton {
  readonly #program: readonly State[];
  readonly #known = new Map<string, Together>();
  readonly #start: Together;

  constructor(program: readonly State[]) {
    this.#program = program;
    this.#start = this.#together([0], 'start');
  }

  test(text: string): boolean {
    let now = this.#start;
    for (let at = 0; at < text.length && !now.found; at++) now = this.#after(now, text.charCodeAt(at));
    return now.found || now.foundAtEnd;
  }

  #after(now: Together, code: number): Together {
    const known = now.next[code];
    if (known !== undefined) return known;
    const reached = now.waiting.filter((at) => {
      const state = this.#program[at];
      return state?.kind === 'set' && holds(state.set, code);
    });
    // It may begin at every letter.
    const after = this.#together([...reached.map((at) => at + 1), 0], 'later');
    if (code < letters) now.next[code] = after;
    return after;
  }

  #together(seeds: readonly number[], place: 'start' | 'later'): Together {
    const { waiting, found } = this.#follow(seeds, { start: place === 'start', end: false });
    const { found: foundAtEnd } = this.#follow(seeds, { start: place === 'start', end: true });
    const key = `${waiting.join(' ')} ${found} ${foundAtEnd}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = { waiting, found, foundAtEnd, next: Array.from({ length: letters }, () => undefined) };
    if (this.#known.size >= togetherMax) this.#forget();
    this.#known.set(key, made);
    return made;
  }

  /** What is held elsewhere must not hold on to all that it led to. */
  #forget(): void {
    for (const one of this.#known.values()) one.next.fill(undefined);
    this.#known.clear();
  }

  /** All that is reached without a letter. */
  #follow(
    seeds: readonly number[],
    holdsHere: { readonly start: boolean; readonly end: boolean },
  ): { readonly waiting: readonly number[]; readonly found: boolean } {
    const seen = new Set<number>();
    const waiting: number[] = [];
    const open = [...seeds];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const state = this.#program[at];
      if (state?.kind === 'match') return { waiting: [], found: true };
      if (state?.kind === 'set') waiting.push(at);
      else if (state?.kind === 'jump') open.push(state.to);
      else if (state?.kind === 'split') open.push(state.a, state.b);
      else if (
        state?.kind === 'assert' &&
        ((state.what === 'start' && holdsHere.start) || (state.what === 'end' && holdsHere.end))
      )
        open.push(at + 1);
    }
    return { waiting: waiting.toSorted((a, b) => a - b), found: false };
  }
}

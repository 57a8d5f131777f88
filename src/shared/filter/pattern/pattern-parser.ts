import { err, ok, type Result } from '#shared/base/result.ts';

export interface CharacterSet {
  readonly ranges: readonly (readonly [from: number, to: number])[];
  readonly negated: boolean;
}

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assert'; readonly what: 'start' | 'end' | 'boundary' | 'no_boundary' }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'either'; readonly choices: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly of: PatternNode; readonly min: number; readonly max: number | null };

export interface PatternError {
  readonly message: string;
  /** Offset into the pattern. */
  readonly at: number;
}

const depthMax = 20;
const repeatsMax = 1000;
const all: CharacterSet = { ranges: [], negated: true };
const digit = [[0x30, 0x39]] as const;
const word = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
] as const;
const blank = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
] as const;
const classes: Readonly<Record<string, CharacterSet>> = {
  d: { ranges: digit, negated: false },
  D: { ranges: digit, negated: true },
  w: { ranges: word, negated: false },
  W: { ranges: word, negated: true },
  s: { ranges: blank, negated: false },
  S: { ranges: blank, negated: true },
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13 };

/** The part of JavaScript's regular expressions that needs no going back. Never throws. */
export function parsePattern(source: string): Result<PatternNode, PatternError> {
  const parser = new PatternParser(source);
  const parsed = parser.whole();
  return parsed === null ? err(parser.error as PatternError) : ok(parsed);
}

class PatternParser {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  error: PatternError | null = null;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): PatternNode | null {
    const parsed = this.#either();
    if (parsed !== null && this.#at < this.#source.length)
      return this.#fail('This ) of the pattern has no ( before it.');
    return parsed;
  }

  #either(): PatternNode | null {
    const choices: PatternNode[] = [];
    do {
      const choice = this.#sequence();
      if (choice === null) return null;
      choices.push(choice);
    } while (this.#take('|'));
    return choices.length === 1 ? (choices[0] as PatternNode) : { kind: 'either', choices };
  }

  #sequence(): PatternNode | null {
    const parts: PatternNode[] = [];
    while (this.#at < this.#source.length && !')|'.includes(this.#source[this.#at] as string)) {
      const part = this.#repeated();
      if (part === null) return null;
      parts.push(part);
    }
    return { kind: 'sequence', parts };
  }

  #repeated(): PatternNode | null {
    const of = this.#atom();
    if (of === null) return null;
    const counts = this.#counts();
    if (counts === null || counts === 'none') return counts === null ? null : of;
    if (of.kind === 'assert') return this.#fail('There is nothing before it that could be repeated.', this.#at - 1);
    // Lazy or not finds the same texts.
    this.#take('?');
    if ('*+?{'.includes(this.#source[this.#at] ?? ' '))
      return this.#fail('What is repeated already is not repeated again.');
    return { kind: 'repeat', of, ...counts };
  }

  #counts(): { readonly min: number; readonly max: number | null } | 'none' | null {
    if (this.#take('*')) return { min: 0, max: null };
    if (this.#take('+')) return { min: 1, max: null };
    if (this.#take('?')) return { min: 0, max: 1 };
    const found = /^\{(\d{1,6})(?:(,)(\d{1,6})?)?\}/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (found === null) return 'none';
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined ? null : Number(found[3]);
    if (min > repeatsMax || (max ?? 0) > repeatsMax) return this.#fail(`At most ${repeatsMax} times.`);
    if (max !== null && max < min) return this.#fail('The second number is smaller than the first.');
    this.#at += found[0].length;
    return { min, max };
  }

  #atom(): PatternNode | null {
    const char = this.#source[this.#at] as string;
    if ('*+?'.includes(char)) return this.#fail('There is nothing before it that could be repeated.');
    if (char === '(') return this.#group();
    this.#at++;
    if (char === '.') return { kind: 'set', set: all };
    if (char === '^') return { kind: 'assert', what: 'start' };
    if (char === '$') return { kind: 'assert', what: 'end' };
    if (char === '[') return this.#set();
    if (char === '\\') return this.#escaped();
    return letter(char.charCodeAt(0));
  }

  #group(): PatternNode | null {
    const from = this.#at;
    if (this.#depth >= depthMax) return this.#fail(`More than ${depthMax} groups within each other.`);
    const special = /^\(\?(?:<?[=!])/.test(this.#source.slice(from, from + 4));
    if (special) return this.#fail('A pattern does not look ahead or back: write a second condition.');
    if (this.#source.startsWith('(?', from) && !this.#source.startsWith('(?:', from))
      return this.#fail('Groups have no names and no flags: write ( or (?:.');
    this.#at += this.#source.startsWith('(?:', from) ? 3 : 1;
    this.#depth++;
    const inner = this.#either();
    this.#depth--;
    if (inner === null) return null;
    return this.#take(')') ? inner : this.#fail('This ( of the pattern is not closed.', from);
  }

  #escaped(): PatternNode | null {
    const char = this.#source[this.#at];
    if (char === undefined)
      return this.#fail('A pattern does not end with \\: write \\\\ for the letter.', this.#at - 1);
    this.#at++;
    if (Object.hasOwn(classes, char)) return { kind: 'set', set: classes[char] as CharacterSet };
    if (char === 'b') return { kind: 'assert', what: 'boundary' };
    if (char === 'B') return { kind: 'assert', what: 'no_boundary' };
    if (/[1-9k]/.test(char)) return this.#fail('A pattern does not look back at its groups.', this.#at - 2);
    const code = this.#letterOf(char);
    return code === null ? null : letter(code);
  }

  /** Of `\t`, `\.` and the like. */
  #letterOf(char: string): number | null {
    if (Object.hasOwn(controls, char)) return controls[char] as number;
    if (/[A-Za-z0-9]/.test(char)) return this.#fail(`\\${char} means nothing here.`, this.#at - 2);
    return char.charCodeAt(0);
  }

  #set(): PatternNode | null {
    const from = this.#at - 1;
    const negated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    while (this.#at < this.#source.length) {
      if (this.#take(']')) return { kind: 'set', set: { ranges, negated } };
      const first = this.#member();
      if (first === null) return null;
      if (typeof first !== 'number') {
        if (first.negated) return this.#fail('A class of what is not stands outside of [ ].', this.#at - 2);
        ranges.push(...first.ranges);
        continue;
      }
      const isRange =
        this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' && this.#at + 1 < this.#source.length;
      if (!isRange) {
        ranges.push([first, first]);
        continue;
      }
      this.#at++;
      const last = this.#member();
      if (last === null) return null;
      if (typeof last !== 'number' || last < first)
        return this.#fail('This range of letters goes backwards.', this.#at - 1);
      ranges.push([first, last]);
    }
    return this.#fail('This [ of the pattern is not closed.', from);
  }

  /** One letter of a set, or a class such as `\d`. */
  #member(): number | CharacterSet | null {
    const char = this.#source[this.#at++] as string;
    if (char !== '\\') return char.charCodeAt(0);
    const escaped = this.#source[this.#at++];
    if (escaped === undefined) return this.#fail('This [ of the pattern is not closed.', this.#at - 2);
    return Object.hasOwn(classes, escaped) ? (classes[escaped] as CharacterSet) : this.#letterOf(escaped);
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #fail(message: string, at = this.#at): null {
    this.error ??= { message, at: Math.max(0, at) };
    return null;
  }
}

function letter(code: number): PatternNode {
  return { kind: 'set', set: { ranges: [[code, code]], negated: false } };
}

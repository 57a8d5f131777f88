/**
 * Seeded pseudo-random numbers as a dependency: xoshiro128** (Blackman & Vigna 2018, arXiv:1805.01407),
 * seeded through FNV-1a and splitmix32 so that any text is a seed. Not for secrets: those use the host's entropy.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits of precision. */
  next(): number;
  /** Uniform integer in [0, maxExclusive). */
  int(maxExclusive: number): number;
  /** Standard normal, Box-Muller. */
  normal(): number;
  /** In-place Fisher-Yates; returns the same array. */
  shuffle<T>(items: T[]): T[];
  /** Independent stream named after its purpose: the same name gives the same stream, whatever was drawn before. */
  fork(purpose: string): Random;
}

export function seededRandom(seed: number | string): Random {
  return new Xoshiro(String(seed));
}

class Xoshiro implements Random {
  readonly #seed: string;
  readonly #state = new Uint32Array(4);

  constructor(seed: string) {
    this.#seed = seed;
    let mixed = fnv1a(seed);
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      this.#state[i] = splitmix32(mixed);
    }
    // The all-zero state is the one state the generator cannot leave.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  next(): number {
    return this.#word() / 0x1_0000_0000;
  }

  int(maxExclusive: number): number {
    return Math.floor(this.next() * maxExclusive);
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const held = items[i] as T;
      items[i] = items[j] as T;
      items[j] = held;
    }
    return items;
  }

  fork(purpose: string): Random {
    return new Xoshiro(`${this.#seed}/${purpose}`);
  }

  #word(): number {
    const s = this.#state;
    const [s0, s1, s2, s3] = [s[0] as number, s[1] as number, s[2] as number, s[3] as number];
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    s[2] = s2 ^ s0;
    s[3] = s3 ^ s1;
    s[1] = s1 ^ (s[2] as number);
    s[0] = s0 ^ (s[3] as number);
    s[2] = (s[2] as number) ^ (s1 << 9);
    s[3] = rotateLeft(s[3] as number, 11);
    return result;
  }
}

function rotateLeft(value: number, bits: number): number {
  return ((value << bits) | (value >>> (32 - bits))) >>> 0;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

function splitmix32(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

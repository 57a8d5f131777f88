import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

interface Kind {
  made: number;
  reached: number;
}

/**
 * What was done to whom. An attack has reached its target when that took it and answered, refused, closed or counted it:
 * one that never arrives proves nothing.
 */
export class Ledger {
  readonly #kinds = new Map<string, Kind>();

  made(kind: string, count = 1): void {
    this.#of(kind).made += count;
  }

  reached(kind: string, count = 1): void {
    this.#of(kind).reached += count;
  }

  of(kind: string): Readonly<Kind> {
    return this.#kinds.get(kind) ?? { made: 0, reached: 0 };
  }

  get table(): Readonly<Record<string, Readonly<Kind>>> {
    return Object.fromEntries([...this.#kinds].toSorted(([a], [b]) => a.localeCompare(b)));
  }

  /** Every kind was made, and most of each has arrived; the others may have met a port that had closed. */
  assertReached(share = 0.8): void {
    assert.ok(this.#kinds.size > 0, 'no attack was made');
    for (const [kind, { made, reached }] of this.#kinds)
      assert.ok(made > 0 && reached >= made * share, `${kind}: ${reached} of ${made} reached their target`);
  }

  #of(kind: string): Kind {
    const known = this.#kinds.get(kind) ?? { made: 0, reached: 0 };
    this.#kinds.set(kind, known);
    return known;
  }
}

/** Whatever becomes of an attack is fine, if it ends: thrown out, ignored or cut off. Undefined: it failed, or did not end. */
export async function whateverHappens<T>(attack: Promise<T>, limitMs = 15_000): Promise<T | undefined> {
  return await Promise.race([attack.catch(() => undefined), delay(limitMs, undefined, { ref: false })]);
}

/** The first of these events, whatever errors come before it: an attacker whose connection is reset has had its answer. */
export function happens(emitter: EventEmitter, ...events: readonly string[]): Promise<true> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) emitter.off(event, done);
      resolve(true);
    };
    for (const event of events) emitter.on(event, done);
  });
}

/** So many tasks, a bounded number of them at once, until `signal` says that it is enough. */
export async function inParallel(
  count: number,
  atOnce: number,
  task: (index: number) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count && signal?.aborted !== true) await task(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

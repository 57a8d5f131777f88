import type { ErrorCode } from '#shared/base/errors.ts';

export interface UnreadableMessage {
  /** As it called itself; empty where it did not. */
  readonly kind: string;
  /** 0 where it did not say. */
  readonly round: number;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** A link is open before somebody listens; more than this is noise. */
const keptMax = 16;

/** Hands on what could not be read, also to whoever begins to listen later: the first ones are kept until then. */
export class UnreadableLog {
  readonly #listeners = new Set<(message: UnreadableMessage) => void>();
  #kept: UnreadableMessage[] = [];

  add(message: UnreadableMessage): void {
    if (this.#listeners.size === 0 && this.#kept.length < keptMax) this.#kept.push(message);
    for (const listener of this.#listeners) listener(message);
  }

  listen(listener: (message: UnreadableMessage) => void): Disposable {
    this.#listeners.add(listener);
    const kept = this.#kept;
    this.#kept = [];
    for (const message of kept) listener(message);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}

import { EventEmitter } from 'node:events';

/** Electron's way of telling events, closed to those that the stand-in has: another one does not compile. */
export class Emitter<Events extends { [K in keyof Events]: unknown[] }> {
  readonly #inner = new EventEmitter();

  on<K extends keyof Events & string>(event: K, listener: (...args: Events[K]) => void): this {
    this.#inner.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  once<K extends keyof Events & string>(event: K, listener: (...args: Events[K]) => void): this {
    this.#inner.once(event, listener as (...args: unknown[]) => void);
    return this;
  }

  /** Whether somebody listened. */
  emit<K extends keyof Events & string>(event: K, ...args: Events[K]): boolean {
    return this.#inner.emit(event, ...args);
  }
}

/** An event that its listeners may refuse. */
export interface Refusable {
  preventDefault(): void;
}

/** Tells it, and whether somebody has refused. */
export function isRefused(tell: (event: Refusable) => void): boolean {
  let refused = false;
  tell({ preventDefault: () => (refused = true) });
  return refused;
}

/**
 * Bytes that were handed to a socket and are not written yet. Whoever has more to send waits for room before it copies or seals
 * that: what lies ready beyond what the system takes makes nothing faster, and V8 marks all of the heap for some MB of it.
 */
export class Backlog {
  readonly #roomBytes: number;
  #bytes = 0;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;
  #over = false;

  constructor(roomBytes = 1024 * 1024) {
    this.#roomBytes = roomBytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  written(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes < this.#roomBytes) this.#letGo();
  }

  /** Nothing is written any more: nobody waits. */
  end(): void {
    this.#over = true;
    this.#letGo();
  }

  /** Resolves when there is room; null: there is. */
  room(): Promise<void> | null {
    if (this.#over || this.#bytes < this.#roomBytes) return null;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  #letGo(): void {
    this.#room?.resolve();
    this.#room = null;
  }
}

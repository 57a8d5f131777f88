/** A process that dies this often dies of something that starting it again does not fix. */
const restartsMax = 8;

/** How often processes of one run may be started again, each by its name. Decision 0023. */
export class RestartLimit {
  readonly #restarts = new Map<string, number>();

  allows(name: string): boolean {
    return (this.#restarts.get(name) ?? 0) < restartsMax;
  }

  /** It is started once more. */
  count(name: string): void {
    this.#restarts.set(name, (this.#restarts.get(name) ?? 0) + 1);
  }
}

/** How often the chain below looks; the service says at least as often that it is alive. */
const lookMs = 1000;
/** So many looks in a row without a word, and it counts as not answering. */
const missedMax = 5;

/**
 * Tells when a service that says every second that it is alive stops doing so: its process was stopped, hangs or gets no
 * processor, while its port stays open. Looks are counted, not time: after the page itself slept, what was sent meanwhile
 * is heard before the next look.
 */
export class ServicePulse {
  readonly #setTimer: (callback: () => void, ms: number) => () => void;
  readonly #onSilent: () => void;
  #cancel: (() => void) | null = null;
  #missed = 0;

  constructor(setTimer: (callback: () => void, ms: number) => () => void, onSilent: () => void) {
    this.#setTimer = setTimer;
    this.#onSilent = onSilent;
  }

  /** Something came. */
  heard(): void {
    this.#missed = 0;
  }

  /** It says that it is alive, so from now on it is missed when it does not. */
  expect(): void {
    this.#cancel ??= this.#setTimer(() => this.#look(), lookMs);
  }

  /** Nothing is expected any more, as of a port that is closed. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#missed = 0;
  }

  #look(): void {
    this.#cancel = this.#setTimer(() => this.#look(), lookMs);
    if (++this.#missed === missedMax) this.#onSilent();
  }
}

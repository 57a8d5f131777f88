interface PulseOptions {
  readonly setTimer: (callback: () => void, ms: number) => () => void;
  /** Wall time, which goes on while a machine sleeps. */
  readonly now: () => number;
  readonly onSilent: () => void;
}

/** How often it looks; the service says every second that it is alive. */
const lookMs = 250;
/** So long without a word, and it counts as not answering. */
const silentMs = 5000;

/**
 * Tells when a service that says every second that it is alive stops doing so: its process was stopped, hangs or gets no
 * processor, while its port stays open. Time is taken by the clock and by the looks: by the clock, so that a page that
 * slept knows at once that what it shows is old; by the looks, since a clock may be set back. Decision 0084.
 */
export class ServicePulse {
  readonly #options: PulseOptions;
  #cancel: (() => void) | null = null;
  #missed = 0;
  #heardAt = 0;
  #silent = false;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** When something came last, wall ms. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Something came. */
  heard(): void {
    this.#missed = 0;
    this.#silent = false;
    this.#heardAt = this.#options.now();
  }

  /** It says that it is alive, so from now on it is missed when it does not. */
  expect(): void {
    this.#cancel ??= this.#options.setTimer(() => this.#look(), lookMs);
  }

  /** Nothing is expected any more, as of a port that is closed. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#missed = 0;
  }

  #look(): void {
    this.#cancel = this.#options.setTimer(() => this.#look(), lookMs);
    this.#missed += lookMs;
    if (this.#silent || Math.max(this.#missed, this.#options.now() - this.#heardAt) < silentMs) return;
    this.#silent = true;
    this.#options.onSilent();
  }
}

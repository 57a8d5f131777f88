import type { RunHost } from './run-host.ts';

/**
 * Whether this machine must stay awake: from the beginning of a run in which it has a part to its end, except while its own
 * participant pauses. A demo is for whoever looks on, who keeps the machine awake.
 */
export class KeepAwake {
  readonly #tell: (on: boolean) => void;
  #on = false;
  #of: RunHost | null = null;

  /** @param tell called on each change, `false` is the state at the beginning */
  constructor(tell: (on: boolean) => void) {
    this.#tell = tell;
  }

  follow(host: RunHost): void {
    this.#of = host;
    const { keepAwake, told } = host.opening;
    if (!keepAwake || told.chair === 'demo') return this.#set(false);
    this.#set(true);
    host.rows.subscribe((row) => {
      if (this.#of !== host || !('event' in row)) return;
      const { event } = row;
      if (event.type === 'run_ended') this.#set(false);
      if (event.type === 'participant_paused' && event.data.participant === told.self) this.#set(!event.data.paused);
    });
  }

  #set(on: boolean): void {
    if (on === this.#on) return;
    this.#on = on;
    this.#tell(on);
  }
}

import { protocolNames, type Protocol } from '#shared/contract/protocols.ts';
import type { Option, Pick, Strategy } from './strategy.ts';

/** Always the same protocol. One that the run does not offer, or that cannot work here, is said and replaced. */
export class FixedStrategy implements Strategy {
  readonly #wanted: Protocol | null;

  constructor(wanted: Protocol | null) {
    this.#wanted = wanted;
  }

  pick(options: readonly Option[]): Pick {
    const first = options[0] as Option;
    if (this.#wanted === null)
      return { protocol: first.protocol, why: 'the first that the run offers', explored: false };
    if (options.some((option) => option.protocol === this.#wanted))
      return { protocol: this.#wanted, why: 'fixed by the settings', explored: false };
    return {
      protocol: first.protocol,
      why: `${protocolNames[this.#wanted]} is set, but cannot be had here; the first of the others`,
      explored: false,
    };
  }

  learn(): void {
    // Nothing is learned: that is what fixed means.
  }

  save(): null {
    return null;
  }
}

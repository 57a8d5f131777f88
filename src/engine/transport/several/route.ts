import type { Protocol } from '#shared/contract/protocols.ts';

/** Which of several transports a participant dials, in which order; told how each attempt went. */
export interface Route {
  /** Protocols to try for the next session, first the one that is wanted. */
  order(offered: readonly Protocol[]): readonly Protocol[];
  /** This protocol did not get through; the others of the order are tried next. */
  failed(protocol: Protocol, reason: string): void;
  opened(protocol: Protocol): void;
}

/** Chooses the protocol that is wanted next, of those offered; called for each session that is opened. */
export type ChooseProtocol = (offered: readonly Protocol[]) => Protocol;

/** The chosen protocol first, then those that have not failed of late, so that one dead way costs one attempt and no more. */
export class ChosenRoute implements Route {
  readonly #choose: ChooseProtocol;
  /** Failures since each protocol last got through. */
  readonly #failures = new Map<Protocol, number>();

  constructor(choose: ChooseProtocol) {
    this.#choose = choose;
  }

  order(offered: readonly Protocol[]): readonly Protocol[] {
    const failures = (protocol: Protocol): number => this.#failures.get(protocol) ?? 0;
    const chosen = this.#choose(offered);
    const others = offered.filter((protocol) => protocol !== chosen);
    return [chosen, ...others].toSorted((a, b) => failures(a) - failures(b));
  }

  failed(protocol: Protocol): void {
    this.#failures.set(protocol, (this.#failures.get(protocol) ?? 0) + 1);
  }

  opened(protocol: Protocol): void {
    this.#failures.delete(protocol);
  }
}

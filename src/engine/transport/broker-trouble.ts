import type { BrokerNews } from './transport.ts';

/** Of a participant's broker only trouble is told, and its end: that it is reached says the link. */
export class BrokerTrouble {
  readonly #about: Pick<BrokerNews, 'protocol' | 'address'>;
  readonly #elsewhere: boolean;
  #told: BrokerNews['state'] = 'connected';

  /** @param elsewhere it is not the coordinator's own, with which the coordinator would be gone as well */
  constructor(about: Pick<BrokerNews, 'protocol' | 'address'>, elsewhere: boolean) {
    this.#about = about;
    this.#elsewhere = elsewhere;
  }

  /** `tell`: of whoever dials now. */
  blocked(reason: string, tell: ((news: BrokerNews) => void) | undefined): void {
    this.#told = 'blocked';
    tell?.({ ...this.#about, state: 'blocked', reason });
  }

  over(tell: ((news: BrokerNews) => void) | undefined): void {
    if (this.#told === 'connected') return;
    this.#told = 'connected';
    tell?.({ ...this.#about, state: 'connected', reason: '' });
  }

  /** Nobody listens at its address. Of the coordinator's own that is told after other trouble alone: it says what became of that. */
  gone(reason: string, tell: ((news: BrokerNews) => void) | undefined): void {
    if (this.#told === 'lost' || (this.#told === 'connected' && !this.#elsewhere)) return;
    this.#told = 'lost';
    tell?.({ ...this.#about, state: 'lost', reason });
  }
}

/** Of each broker that a transport has dialed: the addresses of its invitation. */
export class BrokerTroubles {
  readonly #protocol: BrokerNews['protocol'];
  readonly #known = new Map<string, BrokerTrouble>();

  constructor(protocol: BrokerNews['protocol']) {
    this.#protocol = protocol;
  }

  of(address: string, elsewhere: boolean): BrokerTrouble {
    const known = this.#known.get(address) ?? new BrokerTrouble({ protocol: this.#protocol, address }, elsewhere);
    this.#known.set(address, known);
    return known;
  }
}

import type { BrokerNews } from './transport.ts';

/** Of a participant's broker only trouble is told, and its end: that it is reached says the link. */
export class BrokerTrouble {
  readonly #about: Pick<BrokerNews, 'protocol' | 'address'>;
  #told: BrokerNews['state'] = 'connected';

  constructor(about: Pick<BrokerNews, 'protocol' | 'address'>) {
    this.#about = about;
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

  /** It was in trouble, and is not there any more. */
  gone(reason: string, tell: ((news: BrokerNews) => void) | undefined): void {
    if (this.#told !== 'blocked') return;
    this.#told = 'lost';
    tell?.({ ...this.#about, state: 'lost', reason });
  }
}

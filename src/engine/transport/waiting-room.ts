import { isIPv6 } from 'node:net';
import { limits } from '#shared/contract/limits.ts';

/**
 * What is known of somebody who knocks: `participant` has proved a key that a participant of this run has, `neighbor` comes
 * from where one of them is, which many who share an address do.
 */
export type Standing = 'participant' | 'neighbor' | 'stranger';

export interface Knocking {
  /** As people write it, `127.0.0.1:52114`. */
  readonly address: string;
  /** Key that its connection has proved; null while it has proved none. */
  readonly identity: string | null;
}

export type KnowsPeer = (peer: Knocking) => Standing;

interface Waiting {
  readonly host: string;
  readonly rank: number;
  readonly letGo: (reason: string) => void;
}

const ranks: Readonly<Record<Standing, number>> = { stranger: 0, neighbor: 1, participant: 2 };

/**
 * Those at one door who have not shown yet that they belong to this run. When it is full, somebody goes for whoever comes:
 * of the host that has the most of them waiting the one that has waited longest, strangers first. So a flood takes places
 * from itself, and a participant that dials again finds one.
 */
export class WaitingRoom {
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>();
  readonly #knows: KnowsPeer;
  readonly #max: number;
  readonly #perHostMax: number;

  constructor({
    knows = () => 'stranger',
    max = limits.unauthenticatedSessionsMax,
    perHostMax = limits.unauthenticatedPerHostMax,
  }: { readonly knows?: KnowsPeer | undefined; readonly max?: number; readonly perHostMax?: number } = {}) {
    this.#knows = knows;
    this.#max = max;
    this.#perHostMax = perHostMax;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * @param letGo ends that peer, with the reason in words; called at most once, and not after it has left
   * @returns leaves the room; null: there is no place for this one
   */
  enter(peer: Knocking, letGo: (reason: string) => void): Disposable | null {
    const arrived: Waiting = { host: hostOf(peer.address), rank: ranks[this.#knows(peer)], letGo };
    const victim = this.#victimFor(arrived);
    if (victim === null) return null;
    this.#waiting.add(arrived);
    if (victim !== undefined) {
      this.#waiting.delete(victim);
      victim.letGo('others came who had not said hello either, and it had waited longest');
    }
    return { [Symbol.dispose]: () => void this.#waiting.delete(arrived) };
  }

  /** Undefined: there is room; null: nobody has to go for this one. */
  #victimFor({ host, rank }: Waiting): Waiting | null | undefined {
    const own = [...this.#waiting].filter((one) => one.host === host && one.rank === ranks.stranger);
    if (rank === ranks.stranger && own.length >= this.#perHostMax) return own[0];
    if (this.#waiting.size < this.#max) return undefined;
    const lowest = Math.min(...[...this.#waiting].map((one) => one.rank));
    if (rank < lowest) return null;
    const counts = new Map<string, number>();
    for (const one of this.#waiting) if (one.rank === lowest) counts.set(one.host, (counts.get(one.host) ?? 0) + 1);
    const most = Math.max(...counts.values());
    return [...this.#waiting].find((one) => one.rank === lowest && counts.get(one.host) === most) ?? null;
  }
}

/** Whose door an address is: of IPv6 the network of 64 bits, within which one machine can have any number of addresses. */
export function hostOf(address: string): string {
  const host = address
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:(?=[\d.]+$)/i, '');
  if (!isIPv6(host)) return host;
  const [head = '', tail] = host.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return `${[...front, ...zeros, ...back].slice(0, 4).join(':')}::/64`;
}

import { isIPv4, isIPv6 } from 'node:net';
import { limits } from '#shared/contract/limits.ts';

/**
 * What is known of somebody who knocks: `participant` has proved a key that a participant of this run has, `neighbor` comes
 * from the network address of one of them, which many who share it do, `namesake` gives the name of one of them where no
 * address is told, which anybody can. Decision 0065.
 */
export type Standing = 'participant' | 'neighbor' | 'namesake' | 'stranger';

export interface Knocking {
  /** As people write it, `127.0.0.1:52114`. */
  readonly address: string;
  /** Key that its connection has proved; null while it has proved none. */
  readonly identity: string | null;
  /** What tells senders apart where addresses do not. */
  readonly source?: string;
}

export type KnowsPeer = (peer: Knocking) => Standing;

interface Waiting {
  readonly host: string;
  readonly letGo: (reason: string) => void;
}

/**
 * Those at one door who have not shown yet that they belong to this run. Each standing has places of its own, so that
 * strangers take none from participants, and whoever is known, or says so, none from newcomers. When those are taken, somebody
 * goes for whoever comes: of the host that has the most of them waiting the one that has waited longest. So a flood takes
 * places from itself, and each of the others has one for as long as the flood needs to fill them all again. Decision 0092.
 *
 * A host has no limit of its own: it may be that of a whole class, which comes at once. Whoever has shown the invitation leaves,
 * so what a place costs is the time until then: a moment for who means well, all that there is for who says nothing. Decision 0117.
 */
export class WaitingRoom {
  /** In order of arrival. */
  readonly #waiting: Readonly<Record<Standing, Set<Waiting>>> = {
    participant: new Set(),
    neighbor: new Set(),
    namesake: new Set(),
    stranger: new Set(),
  };
  readonly #knows: KnowsPeer;
  readonly #max: number;

  /** @param max places of each standing */
  constructor({
    knows = () => 'stranger',
    max = limits.unauthenticatedSessionsMax,
  }: { readonly knows?: KnowsPeer | undefined; readonly max?: number } = {}) {
    this.#knows = knows;
    this.#max = max;
  }

  get size(): number {
    return Object.values(this.#waiting).reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * @param letGo ends that peer, with the reason in words; called at most once, and not after it has left
   * @returns leaves the room
   */
  enter(peer: Knocking, letGo: (reason: string) => void): Disposable {
    const standing = this.#knows(peer);
    const waiting = this.#waiting[standing];
    const arrived: Waiting = { host: peer.source ?? hostOf(peer.address), letGo };
    const victim = this.#victimIn(standing);
    waiting.add(arrived);
    if (victim !== undefined) {
      waiting.delete(victim);
      victim.letGo('others came who had not said hello either, and it had waited longest');
    }
    return { [Symbol.dispose]: () => void waiting.delete(arrived) };
  }

  /** Undefined: there is room. */
  #victimIn(standing: Standing): Waiting | undefined {
    const waiting = [...this.#waiting[standing]];
    if (waiting.length < this.#max) return undefined;
    const byHost = [...Map.groupBy(waiting, (one) => one.host).values()];
    // Of hosts with as many the one whose oldest came first, as they are grouped in order of arrival.
    const busiest = byHost.reduce((most, all) => (all.length > most.length ? all : most));
    return busiest[0];
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

/** Whether that is where somebody is; else it is what it says of itself, at a broker or in a DDS domain. */
export function isNetwork(host: string): boolean {
  return isIPv4(host) || host.endsWith('::/64');
}

import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { timing } from '#shared/contract/limits.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { observed } from '../attempts.ts';
import type { DialOptions, Lane, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import { MemorySession } from './memory-session.ts';

export type Direction = 'up' | 'down';

/** A frame about to travel: `up` is from the side that dialed. */
export interface FrameOnWire {
  readonly participant: string;
  readonly direction: Direction;
  readonly lane: Lane;
  readonly sizeBytes: number;
}

/** How the wire behaves; asked for each frame, so it may change its mind. Absent: instant and perfect. */
export interface WireBehaviour {
  delayMs?(frame: FrameOnWire): number;
  /** The session dies instead of carrying this frame. */
  breaks?(frame: FrameOnWire): boolean;
  /** Time that opening a session takes; `refuse` as if nobody listened, `never` as if a firewall ate it. */
  dial?(participant: string): number | 'refuse' | 'never';
}

export interface Hold {
  /** Absent: everybody's. */
  readonly participant?: string;
  /** Absent: both. */
  readonly direction?: Direction;
  /** `bulk`: a clog that lets control pass. Absent: all. */
  readonly lanes?: 'bulk';
}

/**
 * A network inside one process: listeners by host and port, sessions between them, and a wire that can be made to delay,
 * lose, hold back and clog. With a virtual clock and a seeded behaviour the whole of it repeats.
 */
export class MemoryNetwork implements Transport {
  readonly protocol = 'memory';
  readonly #clock: Clock;
  readonly #behaviour: WireBehaviour;
  readonly #listeners = new Map<string, ListenOptions>();
  readonly #pairs = new Set<{
    readonly participant: string;
    readonly address: string;
    readonly dialer: MemorySession;
    readonly listener: MemorySession;
  }>();
  readonly #holds = new Set<Hold>();
  readonly #onHeal = new Set<() => void>();
  #nextPort = 40_000;

  constructor(clock: Clock, behaviour: WireBehaviour = {}) {
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  get openSessions(): number {
    return this.#pairs.size;
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const endpoint = endpoints.find((candidate) => candidate.protocol === 'memory');
    if (endpoint === undefined) throw failed('transport_unavailable', 'the invitation has no endpoint in memory');
    const address = `${endpoint.host}:${endpoint.port}`;
    return await observed(options.observer, { stack: 'memory', endpoint: address }, () => this.#open(address, options));
  }

  async #open(address: string, options: DialOptions): Promise<Session> {
    await this.#travel(options, address);
    const listening = this.#listeners.get(address);
    if (listening === undefined) throw failed('connect_refused', `nobody listens at ${address}`);
    if (listening.run !== options.run) throw failed('connect_refused', `another run listens at ${address}`);
    const { dialer, listener } = this.#pair(options.participant, address);
    listening.onSession(listener);
    return dialer;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    options.signal.throwIfAborted();
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    const address = `${options.host}:${port}`;
    if (this.#listeners.has(address)) throw failed('port_in_use', `${address} is taken`);
    this.#listeners.set(address, options);
    return {
      endpoints: [{ protocol: 'memory', provider: 'memory', host: options.host, port }],
      [Symbol.asyncDispose]: async () => {
        this.#listeners.delete(address);
        for (const pair of [...this.#pairs])
          if (pair.address === address) await pair.listener.close('clean', 'the listener has closed');
      },
    };
  }

  /** Holds frames back where they are until disposed; neither end is told, as when a cable is pulled. */
  hold(hold: Hold): Disposable {
    this.#holds.add(hold);
    return {
      [Symbol.dispose]: () => {
        this.#holds.delete(hold);
        for (const { dialer, listener } of this.#pairs) for (const session of [dialer, listener]) session.recheck();
        for (const heal of this.#onHeal) heal();
        this.#onHeal.clear();
      },
    };
  }

  /** Ends sessions as lost at both ends, with what was on the way. Returns how many. */
  cut(participant?: string, reason = 'the network lost the session'): number {
    const hit = [...this.#pairs].filter((pair) => participant === undefined || pair.participant === participant);
    for (const { dialer, listener } of hit) {
      dialer.lose(reason);
      listener.lose(reason);
    }
    return hit.length;
  }

  #pair(participant: string, address: string): { dialer: MemorySession; listener: MemorySession } {
    const pair = MemorySession.pair({
      clock: this.#clock,
      addresses: { dialer: `memory:${participant}`, listener: address },
      wire: (direction) => ({
        clock: this.#clock,
        delayMs: (lane, sizeBytes) => this.#behaviour.delayMs?.({ participant, direction, lane, sizeBytes }) ?? 0,
        breaks: (lane, sizeBytes) => this.#behaviour.breaks?.({ participant, direction, lane, sizeBytes }) ?? false,
        holds: (lane) => this.#isHeld(participant, direction, lane),
        onBreak: () => {
          pair.dialer.lose('the network lost the session');
          pair.listener.lose('the network lost the session');
        },
      }),
    });
    const entry = { participant, address, ...pair };
    this.#pairs.add(entry);
    spawn(
      'watching a pair of sessions',
      Promise.all([pair.dialer.closed, pair.listener.closed]).then(() => this.#pairs.delete(entry)),
    );
    return pair;
  }

  #isHeld(participant: string, direction: Direction, lane: Lane | null): boolean {
    for (const hold of this.#holds) {
      const hit =
        (hold.participant === undefined || hold.participant === participant) &&
        (hold.direction === undefined || hold.direction === direction) &&
        (hold.lanes === undefined || (lane !== null && lane !== 'control'));
      if (hit) return true;
    }
    return false;
  }

  /** The way there: takes as long as the behaviour says, and waits out a partition up to the connect limit. */
  async #travel({ participant, signal }: DialOptions, address: string): Promise<void> {
    using deadline = this.#clock.deadline(timing.connectTimeoutMs, signal);
    const way = this.#behaviour.dial?.(participant) ?? 0;
    try {
      if (way === 'refuse') throw failed('connect_refused', `nobody listens at ${address}`);
      if (way === 'never') await aborted(deadline);
      else if (way > 0) await this.#clock.sleep(way, { signal: deadline });
      while (this.#isHeld(participant, 'up', null) || this.#isHeld(participant, 'down', null))
        await this.#healed(deadline);
    } catch (error) {
      if (signal.aborted || error instanceof RoundscopeError) throw error;
      throw failed('connect_timeout', `no answer from ${address} within ${timing.connectTimeoutMs} ms`);
    }
  }

  #healed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const heal = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#onHeal.delete(heal);
        reject(signal.reason);
      };
      this.#onHeal.add(heal);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function failed(
  code: 'connect_refused' | 'connect_timeout' | 'port_in_use' | 'transport_unavailable',
  message: string,
): RoundscopeError {
  return new RoundscopeError(code, { layer: 'transport', message, retryable: code !== 'transport_unavailable' });
}

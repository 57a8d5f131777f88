import type { Clock } from '#shared/base/time/clock.ts';
import type { Random } from '#shared/base/random.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport, TransportFaults } from '../transport.ts';
import { FaultySession } from './faulty-session.ts';
import { Wire } from './wire.ts';

export interface FaultyParts {
  readonly clock: Clock;
  readonly random: Random;
}

/** Any transport, made to fail on command: sessions dialed and accepted through it share its faults. */
export class FaultyTransport implements Transport, TransportFaults {
  readonly protocol: Protocol;
  readonly #inner: Transport;
  readonly #sessions = new Set<FaultySession>();
  readonly #wire: Wire;

  constructor(inner: Transport, parts: FaultyParts) {
    this.#inner = inner;
    this.protocol = inner.protocol;
    this.#wire = new Wire(parts.clock, parts.random.fork('wire'));
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    await this.#wire.open(options.signal);
    const inner = await this.#inner.dial(endpoints, options);
    return this.#wrap(inner);
  }

  async listen(options: ListenOptions): Promise<Listener> {
    return await this.#inner.listen({
      ...options,
      onSession: (session) => options.onSession(this.#wrap(session)),
    });
  }

  dropLink(): void {
    for (const session of this.#sessions) session.drop();
  }

  setWire(behaviour: {
    readonly delayMs?: number;
    readonly jitterMs?: number;
    readonly breakProbability?: number;
  }): void {
    this.#wire.behaviour = { delayMs: 0, jitterMs: 0, breakProbability: 0, ...behaviour };
  }

  partition(state: 'on' | 'off'): void {
    this.#wire.partition(state);
  }

  #wrap(inner: Session): Session {
    const session = new FaultySession(inner, this.#wire);
    this.#sessions.add(session);
    spawn(
      'watching a session',
      session.closed.then(() => this.#sessions.delete(session)),
    );
    return session;
  }
}

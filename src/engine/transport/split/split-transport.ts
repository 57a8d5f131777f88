import { spawn } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { DialOptions, Listener, ListenOptions, Session, Transport } from '../transport.ts';
import { WaitingRoom } from '../waiting-room.ts';
import { pairingFrame, pairingIdBytes, readPairing } from './pairing.ts';
import { SplitSession, type Half } from './split-session.ts';

export interface SplitParts {
  readonly control: Transport;
  readonly bulk: Transport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Where the control half listens; the port of the listen options is the bulk half's. Default 0, any free one. */
  readonly controlPort?: number;
}

/** Control over one transport, bulk over another, as one: the layout of the reference framework (`--control mqtt`). */
export class SplitTransport implements Transport {
  readonly protocol: Protocol;
  readonly #parts: SplitParts;

  constructor(parts: SplitParts) {
    this.#parts = parts;
    this.protocol = parts.bulk.protocol;
  }

  async dial(endpoints: readonly Endpoint[], options: DialOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const { control, bulk, clock, entropy } = this.#parts;
    const id = entropyHex(entropy, pairingIdBytes);
    // One failed half ends the other's attempt.
    const attempt = new AbortController();
    const signal = AbortSignal.any([options.signal, attempt.signal]);
    const open = async (transport: Transport, name: 'control' | 'bulk'): Promise<Session> => {
      try {
        const session = await transport.dial(of(endpoints, transport.protocol), { ...options, signal });
        await session.send({ lane: 'control', parts: pairingFrame(options.token ?? '', name, id) }, { signal });
        return session;
      } catch (error) {
        attempt.abort(error);
        throw error;
      }
    };
    const halves = await Promise.allSettled([open(control, 'control'), open(bulk, 'bulk')]);
    const [first, second] = halves;
    if (first.status === 'fulfilled' && second.status === 'fulfilled') {
      const [controlHalf, bulkHalf] = [first.value, second.value];
      return new SplitSession(
        { session: controlHalf, frames: controlHalf.frames() },
        { session: bulkHalf, frames: bulkHalf.frames() },
        clock,
      );
    }
    for (const half of halves)
      if (half.status === 'fulfilled') await half.value.close('aborted', 'the other half failed');
    options.signal.throwIfAborted();
    throw attempt.signal.reason;
  }

  async listen(options: ListenOptions): Promise<Listener> {
    const { control, bulk, clock, controlPort = 0 } = this.#parts;
    const pairs = new SessionPairing(options, clock);
    const bulkListener = await bulk.listen({ ...options, onSession: (session) => pairs.take('bulk', session) });
    try {
      const controlListener = await control.listen({
        ...options,
        port: controlPort,
        onSession: (session) => pairs.take('control', session),
      });
      return {
        endpoints: [...bulkListener.endpoints, ...controlListener.endpoints],
        leaveWord: (end) => {
          for (const listener of [controlListener, bulkListener]) listener.leaveWord?.(end);
        },
        [Symbol.asyncDispose]: async () => {
          await pairs.close();
          await Promise.all([controlListener[Symbol.asyncDispose](), bulkListener[Symbol.asyncDispose]()]);
        },
      };
    } catch (error) {
      await bulkListener[Symbol.asyncDispose]();
      throw error;
    }
  }
}

interface Waiting {
  readonly half: Half;
  readonly timer: Disposable;
}

/** Matches the halves of sessions as they come; a half whose other does not come in time is let go. */
class SessionPairing {
  readonly #options: ListenOptions;
  readonly #clock: Clock;
  readonly #waiting = { control: new Map<string, Waiting>(), bulk: new Map<string, Waiting>() };
  /** Each with its place among those whose other half has not come. */
  readonly #unpaired = new Map<Session, Disposable>();
  readonly #room: WaitingRoom;

  constructor(options: ListenOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    // Two halves for each session.
    this.#room = new WaitingRoom({ knows: options.knows, max: 2 * limits.unauthenticatedSessionsMax });
  }

  take(name: 'control' | 'bulk', session: Session): void {
    this.#take(name, session).catch((error: unknown) =>
      this.#refuse(session, `it broke off: ${error instanceof Error ? error.message : String(error)}`),
    );
  }

  async #take(name: 'control' | 'bulk', session: Session): Promise<void> {
    const knocking = { address: session.remote, identity: session.peerIdentity };
    const place = this.#room.enter(knocking, (reason) => this.#refuse(session, reason));
    this.#unpaired.set(session, place);
    spawn(
      'watching a half session',
      session.closed.then(() => this.#paired(session)),
    );
    const timer = this.#clock.timer(limits.helloTimeoutMs, () => this.#refuse(session, 'its other half did not come'));
    const frames = session.frames()[Symbol.asyncIterator]();
    const first = await frames.next();
    const id = first.done === true ? null : readPairing(this.#options.token ?? '', name, first.value.parts);
    if (id === null) {
      timer[Symbol.dispose]();
      return this.#refuse(session, 'it did not begin with a proof of which session it belongs to');
    }
    const half: Half = { session, frames: { [Symbol.asyncIterator]: () => frames } };
    this.#match(name, id, { half, timer });
  }

  async close(): Promise<void> {
    for (const { timer } of [...this.#waiting.control.values(), ...this.#waiting.bulk.values()])
      timer[Symbol.dispose]();
    await Promise.all(
      [...this.#unpaired.keys()].map((session) => session.close('clean', 'the coordinator stopped listening')),
    );
  }

  #match(name: 'control' | 'bulk', id: string, arrived: Waiting): void {
    const others = this.#waiting[name === 'control' ? 'bulk' : 'control'];
    const other = others.get(id);
    if (other === undefined) {
      this.#waiting[name].set(id, arrived);
      spawn(
        'watching a half session',
        arrived.half.session.closed.then(() => {
          arrived.timer[Symbol.dispose]();
          this.#waiting[name].delete(id);
        }),
      );
      return;
    }
    others.delete(id);
    for (const { half, timer } of [arrived, other]) {
      timer[Symbol.dispose]();
      this.#paired(half.session);
    }
    const [control, bulk] = name === 'control' ? [arrived.half, other.half] : [other.half, arrived.half];
    this.#options.onSession(new SplitSession(control, bulk, this.#clock));
  }

  #paired(session: Session): void {
    this.#unpaired.get(session)?.[Symbol.dispose]();
    this.#unpaired.delete(session);
  }

  #refuse(session: Session, reason: string): void {
    this.#options.onRefused({ address: session.remote, reason });
    spawn('closing a half session', session.close('refused', reason));
  }
}

function of(endpoints: readonly Endpoint[], protocol: Protocol): Endpoint[] {
  const usable = endpoints.filter((endpoint) => endpoint.protocol === protocol);
  if (usable.length > 0) return usable;
  throw new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message: `the invitation names no ${protocol} endpoint, which this run's layout needs: ask for a new one`,
  });
}

import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { portFor, type Listener, type ListenOptions } from '../transport.ts';
import { reachableHosts } from '../addresses.ts';
import { WaitingRoom } from '../waiting-room.ts';
import { receiveGreeting } from './handshake.ts';
import type { QuicOptions } from './quic-options.ts';
import type { QuicListener, QuicProvider, QuicSession } from './quic-session.ts';
import { QuicTransportSession } from './transport-session.ts';

/** One listener over all providers that this machine has. */
export class QuicTransportListener implements Listener {
  readonly #options: ListenOptions;
  readonly #clock: Clock;
  readonly #quic: QuicOptions;
  readonly #listeners: { readonly provider: QuicProvider['name']; readonly listener: QuicListener }[] = [];
  readonly #sessions = new Set<QuicTransportSession>();
  /** Sessions that have not finished their hello. */
  readonly #greeting = new Set<QuicSession>();
  readonly #room: WaitingRoom;
  #closed = false;

  constructor(options: ListenOptions, at: { readonly clock: Clock; readonly quic: QuicOptions }) {
    this.#options = options;
    this.#clock = at.clock;
    this.#quic = at.quic;
    this.#room = new WaitingRoom({ knows: options.knows });
  }

  get endpoints(): readonly Endpoint[] {
    return reachableHosts(this.#options.host).flatMap((host) =>
      this.#listeners.map(({ provider, listener }) => {
        return { protocol: 'quic' as const, provider, host, port: listener.port, identity: listener.identity };
      }),
    );
  }

  async add(provider: QuicProvider): Promise<void> {
    const { host } = this.#options;
    const port = portFor(this.#options, provider.name);
    const onSession = (session: QuicSession): void => spawn('admitting a session', this.#admit(session));
    const { knows, onRefused } = this.#options;
    const listener = await provider.listen({ host, port, onSession, onRefused, knows });
    this.#listeners.push({ provider: provider.name, listener });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const quic of this.#greeting) quic.abort('closed', 'the coordinator has ended');
    await Promise.allSettled(
      [...this.#sessions].map((session) => session.close('closed', 'the coordinator has ended')),
    );
    await Promise.allSettled(this.#listeners.map(({ listener }) => listener[Symbol.asyncDispose]()));
  }

  async #admit(quic: QuicSession): Promise<void> {
    const knocking = { address: quic.remote, identity: quic.peerIdentity };
    if (this.#closed) return this.#refuse(quic, 'closed', 'the coordinator has ended');
    const place = this.#room.enter(knocking, (reason) => quic.abort('too_many', reason));
    this.#greeting.add(quic);
    const { run, token = '' } = this.#options;
    const greeting = await receiveGreeting(quic, { run, token, clock: this.#clock, options: this.#quic });
    this.#greeting.delete(quic);
    place[Symbol.dispose]();
    if (!greeting.ok) {
      this.#refuse(quic, greeting.refusal.code, greeting.refusal.reason);
      return;
    }
    const session = new QuicTransportSession({
      quic,
      control: greeting.control,
      clock: this.#clock,
      options: this.#quic,
    });
    this.#sessions.add(session);
    spawn(
      'watching a session',
      session.closed.then(() => this.#sessions.delete(session)),
    );
    if (this.#closed) spawn('closing a session', session.close('closed', 'the coordinator has ended'));
    else this.#options.onSession(session);
  }

  #refuse(quic: QuicSession, code: string, reason: string): void {
    quic.abort(code, reason);
    if (!this.#closed) this.#options.onRefused({ address: quic.remote, reason });
  }
}

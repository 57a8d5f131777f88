import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { createIdentity } from '#engine/identity/identity.ts';
import { signedPass } from '#engine/identity/pass.ts';
import type { InvitedTo } from '#engine/link/dial/dialer-hello.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { LinkAcceptor } from '#engine/link/accept/link-acceptor.ts';
import type { Link } from '#engine/link/link.ts';
import { QuicTransport } from '#engine/transport/quic/quic-transport.ts';
import type { Listener } from '#engine/transport/transport.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { anyBulk } from '../kits/messages.ts';
import { WatchedReporter } from '../watched-reporter.ts';

const never = new AbortController().signal;
const run = asRunId('run-1');
const token = 'a-token-of-sixteen-or-more';

/** A coordinator's end of links over real QUIC, and the way to dial it. */
export class QuicFederation implements AsyncDisposable {
  readonly reports = new WatchedReporter();
  readonly links: Link[] = [];
  /** Who dials. */
  readonly identity = createIdentity();
  readonly coordinator = createIdentity();
  readonly #acceptor: LinkAcceptor;
  readonly #dialed: DialingLink[] = [];
  #listener: Listener | null = null;

  private constructor(clock: Clock) {
    this.#acceptor = new LinkAcceptor({
      run,
      token,
      identity: this.coordinator,
      clock,
      entropy: systemEntropy,
      reporter: this.reports,
      onLink: (link) => {
        link.expect(anyBulk);
        this.links.push(link);
      },
    });
  }

  static async open(clock: Clock = systemClock): Promise<QuicFederation> {
    const federation = new QuicFederation(clock);
    federation.#listener = await new QuicTransport({ clock, identity: federation.coordinator }).listen({
      signal: never,
      run,
      token,
      host: '127.0.0.1',
      port: 0,
      onSession: (session) => federation.#acceptor.accept(session),
      onRefused: () => undefined,
    });
    return federation;
  }

  /** Quinn's endpoint and WebTransport's, at other ports where these are given. */
  endpoints(ports: { readonly udp?: number; readonly tcp?: number } = {}): readonly Endpoint[] {
    return (this.#listener?.endpoints ?? []).map((endpoint) => {
      const port = endpoint.provider === 'quinn' ? ports.udp : ports.tcp;
      return port === undefined ? endpoint : { ...endpoint, port };
    });
  }

  invitation(endpoints: readonly Endpoint[]): InvitedTo {
    const pass = signedPass(this.coordinator, run, { generation: 0 });
    return { run, token, identity: this.coordinator.peerId, endpoints: [...endpoints], pass };
  }

  async dial(endpoints: readonly Endpoint[], clock: Clock = systemClock): Promise<Dialed> {
    const reports = new WatchedReporter();
    const near = await DialingLink.open({
      invitation: this.invitation(endpoints),
      participant: asParticipantId('node-1'),
      identity: this.identity,
      transport: new QuicTransport({ clock, identity: this.identity }),
      clock,
      random: seededRandom('redial'),
      entropy: systemEntropy,
      reporter: reports,
      signal: never,
    });
    near.expect(anyBulk);
    this.#dialed.push(near);
    return { near, far: this.links.at(-1) as Link, reports };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#dialed.map((link) => link.close('clean', 'test over')));
    await this.#acceptor.close('clean', 'test over');
    await this.#listener?.[Symbol.asyncDispose]();
  }
}

/** Both ends of a link, and what the participant's reports. */
export interface Dialed {
  readonly near: DialingLink;
  readonly far: Link;
  readonly reports: WatchedReporter;
}

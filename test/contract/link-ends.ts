import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { signedPass } from '#engine/identity/pass.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { LinkAcceptor, type LinkAcceptorOptions } from '#engine/link/accept/link-acceptor.ts';
import type { Link } from '#engine/link/link.ts';
import type { Listener, Session, Transport } from '#engine/transport/transport.ts';
import { seededRandom } from '#shared/base/random.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import type { Pass } from '#shared/contract/app/invitation.ts';
import type { Message } from '#shared/contract/messages.ts';
import { anyBulk } from '#test/support/kits/messages.ts';
import { RecordingReporter, type ReportedPacket } from '#test/support/recorded/recording-reporter.ts';
import type { TransportHarness } from './harness.ts';
import { coordinatorIdentity, participantIdentity, run, token } from './session-pair.ts';
import { never } from './session-frames.ts';

/** Calls back for each packet that is reported, at the very moment: what a test cuts is cut there. */
export class WatchingReporter extends RecordingReporter {
  onPacket: (packet: ReportedPacket) => void = () => undefined;

  override packet(packet: ReportedPacket): void {
    super.packet(packet);
    this.onPacket(packet);
  }
}

/** Dials as another transport does, and can cut what it has dialed. */
class Cuttable implements Transport {
  readonly #inner: Transport;
  #open: Session | null = null;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get protocol(): Transport['protocol'] {
    return this.#inner.protocol;
  }

  async dial(...args: Parameters<Transport['dial']>): Promise<Session> {
    this.#open = await this.#inner.dial(...args);
    return this.#open;
  }

  listen(...args: Parameters<Transport['listen']>): Promise<Listener> {
    return this.#inner.listen(...args);
  }

  /** As a pulled cable would, where the transport can be cut like that. */
  cut(): void {
    const session = this.#open;
    if (session?.abort === undefined) void session?.close('lost', 'cut by the test');
    else session.abort();
  }
}

/** A coordinator's acceptor over a real listener, and participants' links to it. */
export class LinkEnds implements AsyncDisposable {
  /** Who is turned away at the door. */
  check: NonNullable<LinkAcceptorOptions['check']> = () => null;
  readonly participantReports = new WatchingReporter();
  readonly coordinatorReports = new WatchingReporter();
  readonly #acceptor: LinkAcceptor;
  readonly #accepted = new Map<string, PromiseWithResolvers<Link>>();
  readonly #dialed: DialingLink[] = [];
  readonly #transport: Cuttable;
  #listener: Listener | null = null;

  private constructor(dialer: Transport) {
    this.#transport = new Cuttable(dialer);
    this.#acceptor = new LinkAcceptor({
      run: asRunId(run),
      token,
      identity: coordinatorIdentity,
      clock: systemClock,
      entropy: systemEntropy,
      reporter: this.coordinatorReports,
      check: (who) => this.check(who),
      onLink: (link, _address, about) => {
        if (about.asks === undefined) about.admit();
        link.expect(anyBulk);
        this.#waiting(link.participant).resolve(link);
      },
    });
  }

  static async listen(harness: TransportHarness, dialer: Transport = harness.dialer): Promise<LinkEnds> {
    const ends = new LinkEnds(dialer);
    ends.#listener = await harness.listener.listen({
      ...never(),
      run,
      token,
      host: harness.host ?? '127.0.0.1',
      port: 0,
      onSession: (session) => ends.#acceptor.accept(session),
      onRefused: () => undefined,
    });
    return ends;
  }

  /** @param as who signs, and whom the invitation names: not those whom the transport knows */
  async dial(
    name: string,
    signal: AbortSignal = never().signal,
    as: { readonly participant?: Identity; readonly coordinator?: Identity; readonly pass?: Pass } = {},
  ): Promise<DialingLink> {
    const { participant = participantIdentity, coordinator = coordinatorIdentity } = as;
    const link = await DialingLink.open({
      invitation: {
        run: asRunId(run),
        token,
        identity: coordinator.peerId,
        pass: as.pass ?? signedPass(coordinator, asRunId(run), { generation: 0 }),
        endpoints: [...(this.#listener?.endpoints ?? [])],
      },
      participant: asParticipantId(name),
      identity: participant,
      transport: this.#transport,
      clock: systemClock,
      random: seededRandom(1).fork(name),
      entropy: systemEntropy,
      reporter: this.participantReports,
      signal,
    });
    link.expect(anyBulk);
    this.#dialed.push(link);
    return link;
  }

  /** A session of somebody who does not speak as our links do. */
  async session(name: string): Promise<Session> {
    const endpoints = this.#listener?.endpoints ?? [];
    return await this.#transport.dial(endpoints, {
      ...never(),
      participant: asParticipantId(name),
      run: asRunId(run),
      token,
    });
  }

  /** Both ends of a fresh link, with the one reader of each. */
  async pair(name = 'node-1'): Promise<LinkPair> {
    const participant = await this.dial(name);
    const coordinator = await this.#waiting(name).promise;
    return {
      participant,
      coordinator,
      up: coordinator.messages()[Symbol.asyncIterator](),
      down: participant.messages()[Symbol.asyncIterator](),
    };
  }

  cut(): void {
    this.#transport.cut();
  }

  closeAcceptor(code: string, reason: string): Promise<void> {
    return this.#acceptor.close(code, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([
      ...this.#dialed.map((link) => link.close('clean', 'end of test')),
      this.#acceptor.close('clean', 'end of test'),
    ]);
    await this.#listener?.[Symbol.asyncDispose]();
  }

  #waiting(name: string): PromiseWithResolvers<Link> {
    const known = this.#accepted.get(name) ?? Promise.withResolvers<Link>();
    this.#accepted.set(name, known);
    return known;
  }
}

export interface LinkPair {
  readonly participant: DialingLink;
  readonly coordinator: Link;
  /** What the coordinator receives. */
  readonly up: AsyncIterator<Message, undefined>;
  readonly down: AsyncIterator<Message, undefined>;
}

import { MemoryNetwork, type WireBehaviour } from '#engine/transport/memory/memory-network.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { signedPass } from '#engine/identity/pass.ts';
import type { Coming } from '#engine/link/about-link.ts';
import type { InvitedTo } from '#engine/link/dial/dialer-hello.ts';
import type { OwnedName } from '#engine/link/accept/link-acceptor-names.ts';
import { DialingLink } from '#engine/link/dial/dialing-link.ts';
import { LinkAcceptor, type LinkAcceptorOptions } from '#engine/link/accept/link-acceptor.ts';
import type { ExpectedBulk } from '#engine/link/transfer/inbox.ts';
import type { Link } from '#engine/link/link.ts';
import { Notifier } from '#engine/link/notifier.ts';
import { asParticipantId, asRunId, type ParticipantId } from '#shared/contract/ids.ts';
import type { Endpoint, Pass } from '#shared/contract/app/invitation.ts';
import type { Listener } from '#engine/transport/transport.ts';
import { seededRandom } from '#shared/base/random.ts';
import { anyBulk } from './messages.ts';
import { RecordingReporter } from '../recorded/recording-reporter.ts';
import { seededEntropy } from '../seeded-entropy.ts';
import { seededIdentity } from '../seeded-identity.ts';
import { VirtualClock } from '../virtual-clock.ts';

export interface DialOverrides {
  readonly token?: string;
  readonly run?: string;
  readonly patienceMs?: number;
  readonly giveUpAfterMs?: number | null;
  readonly signal?: AbortSignal;
  /** Whose key it is; default one of the name. */
  readonly identity?: Identity;
  /** Whom the invitation names. */
  readonly coordinator?: Identity;
  readonly pass?: Pass;
}

/** A coordinator's acceptor and any number of participants' links on one network in memory, on virtual time. */
export class MemoryFederation implements AsyncDisposable {
  static readonly run = asRunId('run-1');
  static readonly token = 'a-token-of-sixteen-or-more';
  static readonly identity = seededIdentity('coordinator');
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  acceptor: LinkAcceptor;
  /** What the coordinator's side reports, and what each participant's does. */
  readonly coordinatorReports = new RecordingReporter();
  readonly participantReports = new RecordingReporter();
  /** What the coordinator's side takes in bulk on links that come from now on; null: nothing. */
  expected: ExpectedBulk | null = anyBulk;
  readonly accepted = new Map<string, Link>();
  /** What the coordinator does for somebody who only looks. */
  onLook: (link: Link, asks: ParticipantId, kept: boolean) => void = () => undefined;
  /** Whoever opens a link is in the run at once, as if it had registered. */
  admits = true;
  /** The latest of each name. */
  readonly coming = new Map<string, Coming>();
  /** Who is turned away at the door. */
  check: NonNullable<LinkAcceptorOptions['check']> = () => null;
  /** Names that have shown an invitation of their own. */
  readonly invited: string[] = [];
  readonly #random;
  readonly #changed = new Notifier();
  readonly #links: DialingLink[] = [];
  #listener: Listener | null = null;

  readonly #incomingBytesMax: number | undefined;

  constructor({
    seed = 1,
    wire = {},
    incomingBytesMax,
  }: { readonly seed?: number | string; readonly wire?: WireBehaviour; readonly incomingBytesMax?: number } = {}) {
    this.#incomingBytesMax = incomingBytesMax;
    this.#random = seededRandom(seed);
    this.network = new MemoryNetwork(this.clock, wire);
    this.acceptor = this.#makeAcceptor('acceptor');
  }

  #makeAcceptor(entropy: string, owners?: readonly OwnedName[]): LinkAcceptor {
    return new LinkAcceptor({
      run: MemoryFederation.run,
      token: MemoryFederation.token,
      identity: MemoryFederation.identity,
      owners,
      clock: this.clock,
      entropy: seededEntropy(this.#random.fork(entropy)),
      reporter: this.coordinatorReports,
      incomingBytesMax: this.#incomingBytesMax,
      check: (who) => this.check(who),
      onLink: (link, _address, about) => {
        if (about.asks !== undefined) return this.onLook(link, about.asks, about.kept);
        if (about.terms.name !== undefined) this.invited.push(link.participant);
        this.coming.set(link.participant, about);
        if (this.admits) about.admit();
        if (this.expected !== null) link.expect(this.expected);
        this.accepted.set(link.participant, link);
        this.#changed.notify();
      },
    });
  }

  /** The coordinator's process is gone without a word, and another goes on with its run: nothing of its links is known, but for whose names they are. */
  restartCoordinator(owners: readonly OwnedName[] = []): void {
    this.network.cut();
    this.acceptor = this.#makeAcceptor(`acceptor again ${this.clock.monotonicMs()}`, owners);
    this.accepted.clear();
  }

  async listen(): Promise<this> {
    this.#listener = await this.network.listen({
      signal: new AbortController().signal,
      run: MemoryFederation.run,
      host: 'coordinator',
      port: 4433,
      onSession: (session) => this.acceptor.accept(session),
      onRefused: () => undefined,
    });
    return this;
  }

  /** Its process is killed: sessions end, and nobody listens any more. */
  async killCoordinator(): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
    this.#listener = null;
    this.network.cut();
  }

  get endpoints(): readonly Endpoint[] {
    return [{ protocol: 'memory', provider: 'memory', host: 'coordinator', port: 4433 }];
  }

  invitation(overrides: DialOverrides = {}): InvitedTo {
    const { run = MemoryFederation.run, token = MemoryFederation.token } = overrides;
    const { peerId } = overrides.coordinator ?? MemoryFederation.identity;
    const { pass = signedPass(MemoryFederation.identity, MemoryFederation.run, { generation: 0 }) } = overrides;
    return { run: asRunId(run), token, identity: peerId, endpoints: [...this.endpoints], pass };
  }

  async dial(name: string, overrides: DialOverrides = {}): Promise<DialingLink> {
    const opening = DialingLink.open({
      invitation: this.invitation(overrides),
      participant: asParticipantId(name),
      identity: overrides.identity ?? seededIdentity(name),
      transport: this.network,
      clock: this.clock,
      random: this.#random.fork(`jitter of ${name}`),
      entropy: seededEntropy(this.#random.fork(`entropy of ${name} ${this.#links.length}`)),
      reporter: this.participantReports,
      signal: overrides.signal ?? new AbortController().signal,
      ...(overrides.patienceMs === undefined ? {} : { patienceMs: overrides.patienceMs }),
      giveUpAfterMs: overrides.giveUpAfterMs ?? null,
    });
    const link = await this.within(60_000, opening);
    link.expect(anyBulk);
    this.#links.push(link);
    return link;
  }

  /** Both ends of a fresh link. */
  async pair(name: string): Promise<{ readonly participant: DialingLink; readonly coordinator: Link }> {
    const participant = await this.dial(name);
    const coordinator = this.accepted.get(name);
    if (coordinator === undefined) throw new Error(`the acceptor has no link of ${name}`);
    return { participant, coordinator };
  }

  /** Runs virtual time until the promise settles; fails when that takes longer than `limitMs`. */
  async within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => void (settled = true);
    promise.then(done, done);
    if (!(await this.clock.advanceUntil(() => settled, limitMs)))
      throw new Error(`still waiting after ${limitMs} virtual ms`);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closing = Promise.allSettled([
      ...this.#links.map((link) => link.close('clean', 'test over')),
      this.acceptor.close('clean', 'test over'),
    ]);
    await this.within(60_000, closing);
    await this.#listener?.[Symbol.asyncDispose]();
  }
}

import { MemoryNetwork, type WireBehaviour } from '#engine/transport/memory/memory-network.ts';
import { DialingLink } from '#engine/link/dialing-link.ts';
import { LinkAcceptor } from '#engine/link/link-acceptor.ts';
import type { Link } from '#engine/link/link.ts';
import { Notifier } from '#engine/link/notifier.ts';
import { asParticipantId, asRunId, type ParticipantId } from '#shared/contract/ids.ts';
import type { Endpoint, Invitation } from '#shared/contract/invitation.ts';
import type { Listener } from '#engine/transport/transport.ts';
import { seededRandom } from '#shared/base/random.ts';
import { RecordingReporter } from './recording-reporter.ts';
import { seededEntropy } from './seeded-entropy.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface DialOverrides {
  readonly token?: string;
  readonly run?: string;
  readonly patienceMs?: number;
  readonly giveUpAfterMs?: number | null;
  readonly signal?: AbortSignal;
  readonly lineage?: string;
}

/** A coordinator's acceptor and any number of participants' links on one network in memory, on virtual time. */
export class MemoryFederation implements AsyncDisposable {
  static readonly run = asRunId('run-1');
  static readonly token = 'a-token-of-sixteen-or-more';
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  acceptor: LinkAcceptor;
  /** What the coordinator's side reports, and what each participant's does. */
  readonly coordinatorReports = new RecordingReporter();
  readonly participantReports = new RecordingReporter();
  readonly accepted = new Map<string, Link>();
  /** What the coordinator does for somebody who only looks. */
  onLook: (link: Link, asks: ParticipantId) => void = () => undefined;
  readonly #random;
  readonly #changed = new Notifier();
  readonly #links: DialingLink[] = [];
  #listener: Listener | null = null;

  constructor({ seed = 1, wire = {} }: { readonly seed?: number | string; readonly wire?: WireBehaviour } = {}) {
    this.#random = seededRandom(seed);
    this.network = new MemoryNetwork(this.clock, wire);
    this.acceptor = this.#makeAcceptor('acceptor');
  }

  #makeAcceptor(entropy: string): LinkAcceptor {
    return new LinkAcceptor({
      run: MemoryFederation.run,
      token: MemoryFederation.token,
      clock: this.clock,
      entropy: seededEntropy(this.#random.fork(entropy)),
      reporter: this.coordinatorReports,
      onLink: (link, _address, asks) => {
        if (asks !== undefined) return this.onLook(link, asks);
        this.accepted.set(link.participant, link);
        this.#changed.notify();
      },
    });
  }

  /** The coordinator's process is gone without a word, and another goes on with its run: nothing of its links is known. */
  restartCoordinator(): void {
    this.network.cut();
    this.acceptor = this.#makeAcceptor(`acceptor again ${this.clock.monotonicMs()}`);
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

  invitation(overrides: DialOverrides = {}): Pick<Invitation, 'run' | 'token' | 'endpoints'> {
    const { run = MemoryFederation.run, token = MemoryFederation.token } = overrides;
    return { run: asRunId(run), token, endpoints: [...this.endpoints] };
  }

  async dial(name: string, overrides: DialOverrides = {}): Promise<DialingLink> {
    const opening = DialingLink.open({
      invitation: this.invitation(overrides),
      participant: asParticipantId(name),
      transport: this.network,
      clock: this.clock,
      random: this.#random.fork(`jitter of ${name}`),
      entropy: seededEntropy(this.#random.fork(`entropy of ${name} ${this.#links.length}`)),
      reporter: this.participantReports,
      signal: overrides.signal ?? new AbortController().signal,
      lineage: overrides.lineage,
      ...(overrides.patienceMs === undefined ? {} : { patienceMs: overrides.patienceMs }),
      giveUpAfterMs: overrides.giveUpAfterMs ?? null,
    });
    const link = await this.within(60_000, opening);
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

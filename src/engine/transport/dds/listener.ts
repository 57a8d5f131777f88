import { isIPv6 } from 'node:net';
import type { Clock } from '#shared/base/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { participantIdSchema } from '#shared/contract/ids.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { reachableHosts, resolveHost } from '../addresses.ts';
import { ipv4Only } from '../endpoint-errors.ts';
import { freshHalf } from '../key-agreement.ts';
import { sameText } from '../same-text.ts';
import { portFor, type Listener, type ListenOptions } from '../transport.ts';
import type { CreditedSession } from '../credited/credited-session.ts';
import { DdsCarrier } from './dds-carrier.ts';
import { datagramsFor, domainConfig, sampleBytesFor } from './domain-config.ts';
import { agreedKeys, coordinatorName, ddsSessionVersion, proofOf, type Agreed, type Claim } from './handshake.ts';
import { freePortPair } from './places.ts';
import { misfitMend } from './library.ts';
import { ddsFailed, type DdsRuntime } from './runtime.ts';
import type { Announcement } from './worker-protocol.ts';

export interface ListenSetup {
  readonly runtime: DdsRuntime;
  readonly clock: Clock;
  readonly domain: number;
  /** The way to participants is worse than it looks. */
  readonly impaired: boolean;
  readonly lossPerMille: number;
  /** Gives the runtime back. */
  readonly release: () => Promise<void>;
}

interface Kept {
  readonly session: CreditedSession;
  readonly accept: Announcement;
  shown: boolean;
}

/** Sessions of one run that have not ended; more than each participant could need. */
const sessionsMax = limits.participantsMax * 4;
/** Ids of sessions that have ended: a request that is heard again later opens none. */
const endedMax = 1024;
const openTriesMax = 3;
const sessionIdPattern = /^[0-9a-f]{16,64}$/;

/** The coordinator's side: one domain, in which each session has topics in a partition of its own. */
export class DdsListener implements Listener {
  readonly endpoints: readonly Endpoint[];
  readonly #options: ListenOptions;
  readonly #setup: ListenSetup;
  readonly #address: string;
  readonly #sessions = new Map<string, Kept>();
  readonly #ended = new Set<string>();
  /** Until answers to those that were refused are taken back. */
  readonly #refusals = new Set<Disposable>();
  #node = 0;
  #closing: Promise<void> | null = null;

  private constructor(options: ListenOptions, setup: ListenSetup, place: { address: string; port: number }) {
    this.#options = options;
    this.#setup = setup;
    this.#address = place.address;
    const { domain } = setup;
    this.endpoints = [{ protocol: 'dds', provider: 'dds', host: place.address, port: place.port, domain }];
  }

  static async start(options: ListenOptions, setup: ListenSetup): Promise<DdsListener> {
    // One interface: Cyclone takes addresses of the network or those of loopback, not both.
    const address = await resolveHost(reachableHosts(options.host)[0] ?? '127.0.0.1');
    if (isIPv6(address)) throw ipv4Only(address);
    if (options.host === '::')
      options.onProgress?.(`DDS here speaks IPv4 only: over DDS this run is reached at ${address}.`);
    const { runtime, domain, lossPerMille } = setup;
    for (let attempt = 1; ; attempt++) {
      const port = await freePortPair(address, portFor(options, 'dds'));
      options.signal.throwIfAborted();
      const listener = new DdsListener(options, setup, { address, port });
      const { node, error } = await runtime.openNode(
        {
          config: domainConfig({
            impaired: setup.impaired,
            domain,
            address,
            port,
            peers: [],
            lossPerMille,
          }),
          side: 'down',
          run: options.run,
        },
        {
          onAnnounced: (said) => listener.#hear(said),
          onMisfit: (reason) => options.onRefused({ address: 'a DDS peer', reason: `${reason}. ${misfitMend}` }),
          onFailed: (reason) => options.onRefused({ address, reason }),
        },
      );
      if (error === null) {
        listener.#node = node;
        runtime.announce(node, listener.#state('online', ''));
        return listener;
      }
      // Ports are free when they are looked for and may be somebody else's a moment later; then others are.
      if (options.port !== 0 || attempt >= openTriesMax)
        throw ddsFailed(`DDS could not be opened at ${address} port ${port}`, error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #state(kind: 'online' | 'offline', reason: string): Announcement {
    const { run } = this.#options;
    const state = { participant: coordinatorName, session: '', run, kind, version: ddsSessionVersion };
    return { ...state, agreement: '', proof: '', reason };
  }

  #hear(said: Announcement): void {
    const { run, token = '', onRefused } = this.#options;
    const { participant, session } = said;
    if (this.#closing !== null || said.kind !== 'open' || said.run !== run) return;
    const key = `${participant}/${session}`;
    const kept = this.#sessions.get(key);
    if (kept !== undefined || this.#ended.has(key)) return;
    const claim: Claim = { run, participant, session };
    const refuse = (reason: string): void => {
      const refusal = { ...claim, version: ddsSessionVersion, agreement: '', proof: '', reason };
      onRefused({ address: participant.slice(0, 64), reason });
      this.#answerRefused({ ...refusal, kind: 'refuse' });
    };
    if (!participantIdSchema.safeParse(participant).success || !sessionIdPattern.test(session))
      return onRefused({ address: 'a DDS participant', reason: 'its request for a session is malformed' });
    if (said.version !== ddsSessionVersion)
      return refuse(`it speaks version ${said.version}, this coordinator ${ddsSessionVersion}`);
    if (!sameText(said.proof, proofOf(token, 'open', claim, [said.agreement])))
      return refuse('it has no proof of the invitation to this run');
    const own = freshHalf();
    const agreed = agreedKeys('down', { own, offered: said.agreement, token, claim });
    if (agreed === null) return refuse('its half of the session key is none');
    if (this.#sessions.size >= sessionsMax) return refuse(`this coordinator has ${sessionsMax} sessions already`);
    const pending = [...this.#sessions.values()].filter(({ shown }) => !shown).length;
    if (pending >= limits.unauthenticatedSessionsMax) return refuse('too many sessions are being opened; try again');
    const proof = proofOf(token, 'accept', claim, [said.agreement, own.offered]);
    this.#grant(
      { ...claim, kind: 'accept', version: ddsSessionVersion, agreement: own.offered, proof, reason: '' },
      agreed,
    );
  }

  /** DDS keeps what was announced for late comers: an answer is taken back once it must have been heard, or given up. */
  #answerRefused(refusal: Announcement): void {
    const { runtime, clock } = this.#setup;
    // Of more at once than could wait here, nobody is who means well.
    if (this.#refusals.size >= limits.unauthenticatedSessionsMax) return;
    runtime.announce(this.#node, refusal);
    const timer = clock.timer(limits.helloTimeoutMs, () => {
      this.#refusals.delete(timer);
      runtime.retract(this.#node, refusal);
    });
    this.#refusals.add(timer);
  }

  #grant(accept: Announcement, { keys, channel }: Agreed): void {
    const { runtime, clock } = this.#setup;
    const { participant, session: id } = accept;
    const key = `${participant}/${id}`;
    const matched = Promise.withResolvers<void>();
    const number = runtime.openSession(
      { node: this.#node, participant, id, keys },
      {
        onMatched: (all) => (all ? matched.resolve() : session.lost('the participant is no longer there')),
        onSamples: (from, samples, forged) => carrier.receive(from, samples, forged),
        onFailed: (reason) => session.lost(reason),
      },
    );
    const close = (drainMs: number): Promise<void> => runtime.closeSession(number, drainMs);
    const carrier: DdsCarrier = new DdsCarrier({
      side: 'down',
      binding: channel,
      remote: `${participant} in domain ${this.#setup.domain}`,
      clock,
      sampleBytes: sampleBytesFor(datagramsFor(this.#address, this.#setup.impaired)),
      channel: { send: (to, sample) => runtime.send(number, to, sample), close, cut: () => close(0) },
      release: async () => {
        runtime.retract(this.#node, accept);
        this.#forget(key);
      },
    });
    const { session } = carrier;
    const kept: Kept = { session, accept, shown: false };
    this.#sessions.set(key, kept);
    runtime.announce(this.#node, accept);
    const giveUp = clock.timer(limits.helloTimeoutMs, () => session.lost('its topics did not appear in time'));
    spawn(
      'watching a session',
      session.closed.then(() => giveUp[Symbol.dispose]()),
    );
    spawn(
      'opening a session',
      Promise.all([matched.promise, carrier.ready.promise]).then(() => {
        giveUp[Symbol.dispose]();
        kept.shown = true;
        carrier.answerReady();
        if (this.#closing === null) this.#options.onSession(session);
      }),
    );
  }

  #forget(key: string): void {
    this.#sessions.delete(key);
    this.#ended.add(key);
    if (this.#ended.size <= endedMax) return;
    const [oldest] = this.#ended;
    if (oldest !== undefined) this.#ended.delete(oldest);
  }

  async #close(): Promise<void> {
    const { runtime, release } = this.#setup;
    for (const timer of this.#refusals) timer[Symbol.dispose]();
    await Promise.allSettled(
      [...this.#sessions.values()].map(({ session }) => session.close('clean', 'the coordinator stopped listening')),
    );
    runtime.announce(this.#node, this.#state('offline', 'it has ended'));
    await runtime.closeNode(this.#node, 'clean');
    await release();
  }
}

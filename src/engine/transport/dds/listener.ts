import { isIPv6 } from 'node:net';
import type { Clock } from '#shared/base/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { Endpoint } from '#shared/contract/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { reachableHosts, resolveHost } from '../addresses.ts';
import { ipv4Only } from '../endpoint-errors.ts';
import type { Identity } from '../../identity/identity.ts';
import { Gatekeeper } from '../sealed/gatekeeper.ts';
import { sealedVersion, type Answer, type SessionKeys } from '../sealed/handshake.ts';
import { portFor, type Listener, type ListenOptions } from '../transport.ts';
import type { CreditedSession } from '../credited/credited-session.ts';
import { DdsCarrier } from './dds-carrier.ts';
import { datagramsFor, domainConfig, sampleBytesFor } from './domain-config.ts';
import { answerOf } from './announced.ts';
import { freePortPair } from './places.ts';
import { misfitMend } from './library.ts';
import { ddsFailed, type DdsRuntime } from './runtime.ts';
import type { Announcement } from './worker-protocol.ts';

export interface ListenSetup {
  readonly runtime: DdsRuntime;
  readonly clock: Clock;
  /** Who signs for sessions. */
  readonly identity: Identity;
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

/** The coordinator's side: one domain, in which each session has topics in a partition of its own. */
export class DdsListener implements Listener {
  readonly endpoints: readonly Endpoint[];
  readonly #options: ListenOptions;
  readonly #setup: ListenSetup;
  readonly #address: string;
  readonly #gatekeeper: Gatekeeper;
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
    const { domain, identity } = setup;
    const { run, token = '' } = options;
    this.#gatekeeper = new Gatekeeper({ protocol: 'dds', run, token, identity });
    const { address: host, port } = place;
    this.endpoints = [{ protocol: 'dds', provider: 'dds', host, port, domain, identity: identity.peerId }];
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
    const state = { participant: coordinatorId, session: '', run, kind, version: sealedVersion };
    return { ...state, agreement: '', proof: '', reason };
  }

  #hear(said: Announcement): void {
    const { run, onRefused } = this.#options;
    const { participant, session, version, agreement: key, reason: coordinator, proof } = said;
    if (this.#closing !== null || said.kind !== 'open' || said.run !== run) return;
    const name = `${participant}/${session}`;
    if (this.#sessions.has(name) || this.#ended.has(name)) return;
    const who = { participant, session };
    const judged = this.#gatekeeper.judge(who, { version, key, coordinator, proof });
    const why = typeof judged === 'string' ? judged : this.#noRoom();
    if (why === null && typeof judged !== 'string')
      return this.#grant(this.#announcement(who, judged.answer), judged.keys);
    const reason = why ?? '';
    onRefused({ address: participant.slice(0, 64), reason });
    this.#answerRefused(this.#announcement(who, this.#gatekeeper.refuse(who, { key }, reason)));
  }

  #noRoom(): string | null {
    if (this.#sessions.size >= sessionsMax) return `this coordinator has ${sessionsMax} sessions already`;
    const pending = [...this.#sessions.values()].filter(({ shown }) => !shown).length;
    return pending >= limits.unauthenticatedSessionsMax ? 'too many sessions are being opened; try again' : null;
  }

  #announcement(who: { readonly participant: string; readonly session: string }, answer: Answer): Announcement {
    return { ...who, run: this.#options.run, version: sealedVersion, ...answerOf(answer) };
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

  #grant(accept: Announcement, { channel, ...keys }: SessionKeys): void {
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
      peerIdentity: null,
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

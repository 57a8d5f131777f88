import { isIPv6 } from 'node:net';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { reachableHosts, resolveHost } from '../addresses.ts';
import { ipv4Only } from '../endpoint-errors.ts';
import type { Identity } from '../../identity/identity.ts';
import { Door, type Outcome } from '../sealed/door.ts';
import { sealedVersion, type Answer, type SessionKeys } from '../sealed/handshake.ts';
import { portFor, type Listener, type ListenOptions } from '../transport.ts';
import { WaitingRoom } from '../waiting-room.ts';
import type { CreditedSession } from '../credited/credited-session.ts';
import { DdsCarrier } from './dds-carrier.ts';
import { datagramsFor, domainConfig, sampleBytesFor } from './domain-config.ts';
import { answerOf } from './announced.ts';
import { freePortPair } from './places.ts';
import { incompatibleFix } from './library.ts';
import { ddsFailed, type DdsRuntime } from './runtime.ts';
import type { Announcement } from './worker/worker-protocol.ts';

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
  /** Who asked for it, as DDS tells participants of its domain apart. */
  readonly writer: bigint;
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
  readonly #door: Door;
  readonly #sessions = new Map<string, Kept>();
  readonly #ended = new Set<string>();
  /** Sessions that were granted and are not open. */
  readonly #room: WaitingRoom;
  /** Answers to those that were refused, until they are taken back; the oldest first. */
  readonly #refusals = new Map<Announcement, Disposable>();
  #node = 0;
  #closing: Promise<void> | null = null;

  private constructor(options: ListenOptions, setup: ListenSetup, place: { address: string; port: number }) {
    this.#options = options;
    this.#setup = setup;
    this.#address = place.address;
    const { domain, identity, clock } = setup;
    const { run, token = '', knows } = options;
    this.#room = new WaitingRoom({ knows, max: limits.ddsSessionsOpeningMax });
    this.#door = new Door({ protocol: 'dds', run, token, identity, clock });
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
          onAnnounced: (said, writer) => listener.#hear(said, writer),
          onIncompatible: (reason) =>
            options.onRefused({ address: 'a DDS peer', reason: `${reason}. ${incompatibleFix}` }),
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

  #hear(said: Announcement, writer: bigint): void {
    const { run, onRefused } = this.#options;
    const { participant, session, version, agreement: key, reason: coordinator, proof } = said;
    if (this.#closing !== null || said.kind !== 'open' || said.run !== run) return;
    if (this.#isKnown(`${participant}/${session}`)) return;
    const address = participant.slice(0, 64);
    const full = this.#noRoomFor(writer);
    // Without an answer, which would be the last word: who meant well asks again.
    if (full !== null) return onRefused({ address, reason: full });
    const who = { participant, session };
    const request = { version, key, coordinator, proof };
    const outcome: Outcome = {
      granted: ({ answer, keys }) => {
        // Meanwhile it may have come twice, or others have taken what there was.
        if (this.#closing !== null || this.#isKnown(`${participant}/${session}`)) return;
        const reason = this.#noRoomFor(writer);
        if (reason !== null) return onRefused({ address, reason });
        this.#grant(this.#announcement(who, answer), keys, writer);
      },
      refused: (reason) => onRefused({ address, reason }),
      answered: (refusal) => this.#answerRefused(this.#announcement(who, refusal)),
    };
    this.#door.ask(who, request, outcome, `writer ${writer}`);
  }

  #isKnown(name: string): boolean {
    return this.#sessions.has(name) || this.#ended.has(name);
  }

  /** Topics for a session are work for all who are in the domain, so of one that asks and asks those are let be that it has. */
  #noRoomFor(writer: bigint): string | null {
    if (this.#sessions.size >= sessionsMax) return `this coordinator has ${sessionsMax} sessions already`;
    let asked = 0;
    for (const kept of this.#sessions.values()) if (!kept.shown && kept.writer === writer) asked++;
    return asked < limits.ddsRequestsPerPeerMax
      ? null
      : `one participant of the domain asks for more than ${asked} sessions and opens none`;
  }

  #announcement(who: { readonly participant: string; readonly session: string }, answer: Answer): Announcement {
    return { ...who, run: this.#options.run, version: sealedVersion, ...answerOf(answer) };
  }

  /** DDS keeps what was announced for late comers: an answer is taken back once it must have been heard, or given up. */
  #answerRefused(refusal: Announcement): void {
    const { runtime, clock } = this.#setup;
    const [oldest] = this.#refusals.keys();
    if (oldest !== undefined && this.#refusals.size >= limits.unauthenticatedSessionsMax) this.#takeBack(oldest);
    runtime.announce(this.#node, refusal);
    this.#refusals.set(
      refusal,
      clock.timer(limits.helloTimeoutMs, () => this.#takeBack(refusal)),
    );
  }

  #takeBack(refusal: Announcement): void {
    this.#refusals.get(refusal)?.[Symbol.dispose]();
    this.#refusals.delete(refusal);
    this.#setup.runtime.retract(this.#node, refusal);
  }

  #grant(accept: Announcement, { channel, ...keys }: SessionKeys, writer: bigint): void {
    const { runtime, clock } = this.#setup;
    const { participant, session: id } = accept;
    const key = `${participant}/${id}`;
    const remote = `${participant} in domain ${this.#setup.domain}`;
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
      remote,
      clock,
      sampleBytes: sampleBytesFor(datagramsFor(this.#address, this.#setup.impaired)),
      channel: { send: (to, sample) => runtime.send(number, to, sample), close, cut: () => close(0) },
      release: async () => {
        runtime.retract(this.#node, accept);
        this.#forget(key);
      },
    });
    const { session } = carrier;
    const kept: Kept = { session, accept, writer, shown: false };
    this.#sessions.set(key, kept);
    const waiting = new DisposableStack();
    waiting.use(
      this.#room.enter({ address: remote, identity: null, source: `writer ${writer}` }, (reason) => {
        this.#options.onRefused({ address: participant, reason });
        session.lost(reason);
      }),
    );
    runtime.announce(this.#node, accept);
    waiting.use(clock.timer(limits.helloTimeoutMs, () => session.lost('its topics did not appear in time')));
    spawn(
      'watching a session',
      session.closed.then(() => waiting.dispose()),
    );
    spawn(
      'opening a session',
      Promise.all([matched.promise, carrier.ready.promise]).then(() => {
        waiting.dispose();
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
    this.#door[Symbol.dispose]();
    for (const timer of this.#refusals.values()) timer[Symbol.dispose]();
    await Promise.allSettled(
      [...this.#sessions.values()].map(({ session }) => session.close('clean', 'the coordinator stopped listening')),
    );
    runtime.announce(this.#node, this.#state('offline', 'it has ended'));
    await runtime.closeNode(this.#node, 'clean');
    await release();
  }
}

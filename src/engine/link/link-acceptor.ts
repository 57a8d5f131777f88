import type { Session } from '#engine/transport/transport.ts';
import { WaitingRoom, type Knocking, type Standing } from '#engine/transport/waiting-room.ts';
import { spawn, taskFailed } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { fingerprintOfPeer } from '#engine/identity/peer-id.ts';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import type { ParticipantId, RunId } from '#shared/contract/ids.ts';
import { participantName } from '#shared/contract/participant-name.ts';
import { isOpen } from '#shared/contract/events.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import { contractVersion, type RunStatus } from '#shared/contract/messages.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { write } from './dialer-hello.ts';
import { isProof, makeProof, type HelloFacts } from './hello-proof.ts';
import { linkClosed } from './link-closed.ts';
import type { Link, LinkEnd } from './link.ts';
import { AcceptedNames, expiredCode, type Accepted } from './link-acceptor-names.ts';
import { LinkCore } from './link-core.ts';
import type { LinkFrameOf, Received } from './link-frames.ts';
import { Notifier } from './notifier.ts';
import { PacketLog } from './packet-log.ts';
import { runOverWords, statusOfCloseCode, type RunEnd } from './run-over.ts';
import { messageOf, Wire } from './wire.ts';

export interface LinkAcceptorOptions {
  readonly run: RunId;
  /** The invitation's secret. */
  readonly token: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly reporter: Reporter;
  /** A link without a session is let go after this, ms; who comes back later begins anew. */
  readonly resumeMs?: number | undefined;
  /**
   * A participant has opened a link: called once for each, before its first message. With `asks` it is somebody who only
   * looks, and wants to know whether that name is free.
   */
  readonly onLink: (link: Link, address: string, asks?: ParticipantId) => void;
}

interface Accepting {
  readonly core: LinkCore;
  /** Whose session it is; null for somebody who only looks. */
  readonly name: ParticipantId | null;
  /** What the participant has received of what this link sent. */
  readonly peer: Received;
}

const nothingReceived: Received = { received: 0, transfers: [], done: [], failed: [] };

/** Whoever looks needs a moment; more at once than a whole class that was sent the invitation are none who mean well. */
const looksMax = 64;
const lookMs = 10_000;

/** A peer whose silence is longer than this no longer guards its name against a new process of the same name. */
const aliveMs = 2.5 * timing.heartbeatMs;

/** The coordinator's end: takes fresh sessions, lets each prove itself, and hands it to the link of its participant. */
export class LinkAcceptor implements AsyncDisposable {
  readonly #options: LinkAcceptorOptions;
  readonly #log: PacketLog;
  readonly #names: AcceptedNames;
  /** Links of those who only look: no participants, and soon gone. */
  readonly #looks = new Set<LinkCore>();
  readonly #greeting = new Set<Wire>();
  /** One for each protocol, so that a flood over one leaves the others alone. */
  readonly #rooms = new Map<Protocol, WaitingRoom>();
  readonly #serving = new Set<Promise<void>>();
  #refused = 0;
  /** Why nobody is let in any more. */
  #end: RunEnd | null = null;
  /** Participants who were told so when they came back. */
  readonly #toldEnd = new Set<string>();
  readonly #changed = new Notifier();
  #closing: Promise<void> | null = null;

  constructor(options: LinkAcceptorOptions) {
    this.#options = options;
    this.#log = new PacketLog(options.reporter, 'coordinator');
    const { clock, resumeMs = timing.giveUpAfterMs } = options;
    this.#names = new AcceptedNames({ clock, resumeMs });
  }

  /** Links that have not ended; for tests, beside what is remembered of those that have. */
  get held(): { readonly links: readonly Link[]; readonly ended: number; readonly greeting: number } {
    return { links: this.#names.cores(), ended: this.#names.remembered, greeting: this.#greeting.size };
  }

  /** Whether somebody who knocks at a transport is a participant of this run, as far as that can be seen yet. */
  standing(peer: Knocking): Standing {
    return this.#names.standing(peer);
  }

  /** Sessions turned away so far. */
  get refusedSessions(): number {
    return this.#refused;
  }

  /** Takes a session of any transport; never throws, never waits. */
  accept(session: Session): void {
    // Whatever goes wrong with one session is that session's end, and no other's.
    const serving = this.#greet(session)
      .catch((error: unknown) => {
        taskFailed('serving a session', error);
        return session.close('internal', 'the coordinator made a mistake');
      })
      .catch((error: unknown) => taskFailed('closing a session', error))
      .finally(() => this.#serving.delete(serving));
    this.#serving.add(serving);
  }

  /** The run is over: from now on whoever comes is told so, and what it came to. */
  announceEnd(end: RunEnd): void {
    this.#end = end;
  }

  /** Participants whose link was down when the run ended, and who have not come back to hear it. */
  get missing(): readonly string[] {
    return this.#names.unheard().filter((name) => !this.#toldEnd.has(name));
  }

  /** Stays until everybody of `names` has come back and heard that the run is over, or the signal aborts. */
  async tellEnd(names: readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted && names.some((name) => !this.#toldEnd.has(name)))
      // Rejects when the signal aborts, which the loop looks for.
      await this.#changed.waitFor(signal).catch(() => undefined);
  }

  /** Closes every link with a goodbye and turns away whoever comes later. */
  close(code: string, reason: string): Promise<void> {
    this.#closing ??= this.#close(code, reason);
    return this.#closing;
  }

  async #close(code: string, reason: string): Promise<void> {
    this.#end ??= { status: statusOfCloseCode(code) ?? 'interrupted', reason };
    const cores = [...this.#looks, ...this.#names.cores()];
    const closing = cores.map((core) => core.close(code, reason));
    for (const wire of this.#greeting) spawn('closing a session', wire.close(code, reason));
    await Promise.allSettled(closing);
    await Promise.allSettled([...this.#serving]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close('clean', 'the coordinator has closed');
  }

  async #greet(session: Session): Promise<void> {
    const { clock } = this.#options;
    const context = {
      participant: '',
      from: session.remote.slice(0, 64),
      protocol: session.protocol,
      stack: session.stack,
      connection: 0,
    };
    const wire = new Wire(session, { clock, log: this.#log, context });
    let letGo: string | null = null;
    const place = this.#roomOf(session.protocol).enter(
      { address: session.remote, identity: session.peerIdentity },
      (reason) => {
        letGo = reason;
        spawn('closing a session', wire.close('refused', reason));
      },
    );
    if (place === null) return this.#turnAway(wire, 'refused', 'too many sessions have not said hello yet; try again');
    this.#greeting.add(wire);
    const limit = clock.timer(limits.helloTimeoutMs, () =>
      spawn('closing a session', wire.close('hello_timeout', `no hello within ${limits.helloTimeoutMs / 1000} s`)),
    );
    let accepted: Accepting;
    try {
      accepted = await this.#hearHello(wire);
    } catch (error) {
      const code = error instanceof RoundscopeError ? error.code : 'garbage';
      return await this.#turnAway(wire, letGo === null ? code : 'refused', letGo ?? messageOf(error));
    } finally {
      limit[Symbol.dispose]();
      place[Symbol.dispose]();
      this.#greeting.delete(wire);
    }
    const { core, name, peer } = accepted;
    using _session = name === null ? null : this.#names.session(name, session.remote);
    await core.serve(wire, peer);
  }

  #roomOf(protocol: Protocol): WaitingRoom {
    const known = this.#rooms.get(protocol);
    if (known !== undefined) return known;
    const room = new WaitingRoom({ knows: (peer) => this.standing(peer) });
    this.#rooms.set(protocol, room);
    return room;
  }

  async #turnAway(wire: Wire, code: string, reason: string): Promise<void> {
    this.#refused++;
    await wire.close(code, reason);
    this.#log.frame(wire.context, {
      side: 'sent',
      kind: 'connection_close',
      status: 'rejected',
      note: `${code}: ${reason}`,
    });
  }

  async #hearHello(wire: Wire): Promise<Accepting> {
    const { run, token, entropy } = this.#options;
    const hello = await this.#expect(wire, 'hello');
    if (hello.version !== contractVersion) {
      const reason = `the coordinator speaks contract version ${contractVersion}, this participant ${hello.version}`;
      return this.#refuse(wire, { code: 'version_unsupported', reason });
    }
    if (hello.run !== run)
      return this.#refuse(wire, { code: 'run_mismatch', reason: `this is run ${run}, not ${hello.run}` });
    const acceptorNonce = entropyHex(entropy, 16);
    await write(wire, { t: 'challenge', nonce: acceptorNonce });
    const { mac } = await this.#expect(wire, 'proof');
    const facts = {
      run,
      participant: hello.participant,
      instance: hello.instance,
      dialerNonce: hello.nonce,
      acceptorNonce,
    };
    if (!isProof(mac, token, { role: 'dialer', facts })) {
      return this.#refuse(wire, {
        code: 'link_rejected',
        reason: 'the token of the invitation is not that of this run',
      });
    }
    if (hello.look !== undefined) return await this.#welcome(wire, facts, await this.#lookFor(wire, hello));
    return await this.#welcome(wire, facts, await this.#linkFor(wire, hello));
  }

  /** From here on it is known who this is, and the packet log goes by the name. */
  async #welcome(wire: Wire, facts: HelloFacts, accepted: Accepting & { readonly epoch: string }): Promise<Accepting> {
    const { core, name, epoch } = accepted;
    wire.context.participant = name ?? '';
    core.opened(wire.context);
    this.#log.connection(wire.context, 'connection_open', { local: false, note: `from ${wire.session.remote}` });
    const mac = makeProof(this.#options.token, 'acceptor', facts);
    await write(wire, { t: 'hello_ack', accepted: true, mac, state: core.inbox.state(), epoch });
    return accepted;
  }

  async #expect<K extends 'hello' | 'proof'>(wire: Wire, kind: K): Promise<LinkFrameOf<K>> {
    const received = await wire.read();
    if (received === null) {
      const { code, reason } = await wire.session.closed;
      throw linkClosed(`ended before ${kind}: ${code}: ${reason}`);
    }
    const { frame } = received;
    const right = frame?.t === kind;
    this.#log.frame(wire.context, {
      ...received.note,
      kind: received.kind,
      ...(right ? {} : { status: 'malformed', note: `instead of ${kind}` }),
    });
    if (right) return frame as LinkFrameOf<K>;
    throw new RoundscopeError('frame_malformed', { layer: 'link', message: `${received.kind} instead of ${kind}` });
  }

  /** Nobody takes part by looking: what such a link does is in the packets, under no name, and in no event. */
  async #lookFor(
    wire: Wire,
    { participant, look }: LinkFrameOf<'hello'>,
  ): Promise<Accepting & { readonly epoch: string }> {
    const { clock, entropy, onLink, reporter, run } = this.#options;
    if (this.#end !== null)
      return this.#refuse(wire, { code: 'run_over', reason: runOverWords(this.#end), status: this.#end.status });
    if (this.#looks.size >= looksMax)
      return this.#refuse(wire, { code: 'link_rejected', reason: `${looksMax} others look at this run right now` });
    const log = new PacketLog({ event: () => undefined, packet: (packet) => reporter.packet(packet) }, 'coordinator');
    const { protocol, stack } = wire.context;
    const idPrefix = entropyHex(entropy, 6);
    const core = new LinkCore({ run, participant, clock, log, idPrefix, protocol, stack });
    const limit = clock.timer(lookMs, () => core.finish({ code: 'looked', reason: 'looked for long', local: true }));
    this.#looks.add(core);
    spawn(
      'letting go of a look',
      core.closed.then(() => {
        limit[Symbol.dispose]();
        this.#looks.delete(core);
      }),
    );
    onLink(core, wire.session.remote, look);
    return { core, name: null, peer: nothingReceived, epoch: entropyHex(entropy, 16) };
  }

  /** The link that this hello belongs to, an old one to resume or a new one. */
  async #linkFor(wire: Wire, hello: LinkFrameOf<'hello'>): Promise<Accepting & { readonly epoch: string }> {
    const { participant, instance, lineage } = hello;
    const { clock, entropy, onLink, run } = this.#options;
    if (this.#end !== null) return await this.#refuseAsOver(wire, participant, this.#end);
    const judged = participantName(participant);
    if (!judged.ok) return this.#refuse(wire, { code: 'participant_name_taken', reason: judged.error });
    const name = judged.value;
    const known = this.#names.of(name);
    const before = known ?? this.#names.endOf(name);
    const { peerIdentity } = wire.session;
    // A link may move to a transport that proves no identity, never to another identity.
    const foreign = before?.identity != null && peerIdentity !== null && before.identity !== peerIdentity;
    if (before?.instance === instance && foreign)
      return this.#refuse(wire, { code: 'link_rejected', reason: `the link of ${name} belongs to another key` });
    if (known !== undefined && known.instance === instance) {
      known.identity ??= peerIdentity;
      known.core.proved(keyOf(peerIdentity));
      if (known.core.closing)
        return this.#refuse(wire, { code: 'run_over', reason: `the link of ${name} is closed: closing` });
      // What it had from another life of ours says nothing about what this one has sent.
      const sameLife = hello.epoch === undefined || hello.epoch === known.epoch;
      return { core: known.core, name, peer: sameLife ? hello.state : nothingReceived, epoch: known.epoch };
    }
    const ended = this.#names.endOf(name);
    if (ended?.instance === instance && ended.end.code !== expiredCode)
      return await this.#refuseEnded(wire, name, ended.end);
    if (known !== undefined) await this.#supersede(wire, known, lineage);
    if (known === undefined && this.#names.size >= limits.participantsMax) {
      return this.#refuse(wire, {
        code: 'participant_limit',
        reason: `the coordinator takes at most ${limits.participantsMax} participants`,
      });
    }
    const { protocol, stack } = wire.context;
    const idPrefix = entropyHex(entropy, 6);
    const epoch = entropyHex(entropy, 16);
    const core = new LinkCore({ run, participant: name, clock, log: this.#log, idPrefix, protocol, stack });
    core.proved(keyOf(peerIdentity));
    this.#names.add(name, { core, instance, lineage, epoch, identity: peerIdentity }, wire.session.remote);
    onLink(core, wire.session.remote);
    return { core, name, peer: nothingReceived, epoch };
  }

  /** Another process of a name takes its place, unless the one that has it is alive. */
  #supersede(wire: Wire, known: Accepted, lineage: string | undefined): Promise<never> | null {
    const { participant, status } = known.core;
    const sameOwner = lineage !== undefined && lineage === known.lineage;
    const silentMs = this.#options.clock.monotonicMs() - status.lastHeardMs;
    if (!sameOwner && isOpen(status.state) && silentMs < aliveMs) {
      return this.#refuse(wire, {
        code: 'participant_name_taken',
        reason: `${participant} is taken: another process of this name is connected`,
      });
    }
    known.core.finish({
      code: 'superseded',
      reason: 'another process of the same name has taken its place',
      local: true,
    });
    return null;
  }

  /** Its owner has not heard how its link ended. */
  #refuseEnded(wire: Wire, participant: string, { code, reason, local }: LinkEnd): Promise<never> {
    const status = local ? statusOfCloseCode(code) : undefined;
    if (status !== undefined) return this.#refuseAsOver(wire, participant, { status, reason });
    return this.#refuse(wire, { code: 'run_over', reason: `the link of ${participant} is closed: ${reason}` });
  }

  async #refuseAsOver(wire: Wire, participant: string, end: RunEnd): Promise<never> {
    try {
      return await this.#refuse(wire, { code: 'run_over', reason: runOverWords(end), status: end.status });
    } finally {
      if (this.#toldEnd.size < limits.participantsMax) this.#toldEnd.add(participant);
      this.#changed.notify();
    }
  }

  async #refuse(
    wire: Wire,
    refusal: { readonly code: ErrorCode; readonly reason: string; readonly status?: RunStatus },
  ): Promise<never> {
    const { code, reason } = refusal;
    await write(wire, { t: 'hello_ack', accepted: false, retry: false, ...refusal });
    throw new RoundscopeError(code, { layer: 'link', message: reason });
  }
}

function keyOf(peerIdentity: string | null): string | null {
  return peerIdentity === null ? null : fingerprintOfPeer(peerIdentity);
}

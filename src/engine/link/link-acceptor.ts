import type { Session } from '#engine/transport/transport.ts';
import type { Clock } from '#shared/base/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { fingerprintOfPeer } from '#engine/identity/peer-id.ts';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import { asParticipantId, type ParticipantId, type RunId } from '#shared/contract/ids.ts';
import { participantName } from '#shared/contract/participant-name.ts';
import { isOpen } from '#shared/contract/events.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import { contractVersion, type RunStatus } from '#shared/contract/messages.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { write } from './dialer-hello.ts';
import { isProof, makeProof } from './hello-proof.ts';
import type { Link } from './link.ts';
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
  /** This coordinator goes on with a run that a former process began: links of that time begin anew. */
  readonly restarted?: boolean | undefined;
  /**
   * A participant has opened a link: called once for each, before its first message. With `asks` it is somebody who only
   * looks, and wants to know whether that name is free.
   */
  readonly onLink: (link: Link, address: string, asks?: ParticipantId) => void;
}

/** A participant's link and the life of that participant to which it belongs. */
interface Accepted {
  readonly core: LinkCore;
  readonly instance: string;
  readonly lineage: string | undefined;
  /** Peer id that a transport has proved for it; null while none has: not every one can. */
  identity: string | null;
}

interface Accepting {
  readonly core: LinkCore;
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
  readonly #links = new Map<string, Accepted>();
  /** Links of those who only look: no participants, and soon gone. */
  readonly #looks = new Set<LinkCore>();
  readonly #greeting = new Set<Wire>();
  readonly #serving = new Set<Promise<void>>();
  readonly #epoch: string;
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
    this.#epoch = entropyHex(options.entropy, 16);
  }

  /** Links by participant, the closed ones too until the name is taken again. */
  get links(): ReadonlyMap<string, Link> {
    return new Map([...this.#links].map(([participant, { core }]) => [participant, core]));
  }

  /** Sessions turned away so far. */
  get refusedSessions(): number {
    return this.#refused;
  }

  /** Takes a session of any transport; never throws, never waits. */
  accept(session: Session): void {
    const serving = this.#greet(session);
    this.#serving.add(serving);
    void serving.finally(() => this.#serving.delete(serving));
  }

  /** The run is over: from now on whoever comes is told so, and what it came to. */
  announceEnd(end: RunEnd): void {
    this.#end = end;
  }

  /** Participants whose link was down when the run ended, and who have not come back to hear it. */
  get missing(): readonly string[] {
    const missed = [...this.#links].filter(([name, { core }]) => core.unheard && !this.#toldEnd.has(name));
    return missed.map(([name]) => name);
  }

  /** Stays until everybody of `names` has come back and heard that the run is over, or the signal aborts. */
  async tellEnd(names: readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted && names.some((name) => !this.#toldEnd.has(name)))
      await this.#changed.waitFor(signal).catch(() => undefined);
  }

  /** Closes every link with a goodbye and turns away whoever comes later. */
  close(code: string, reason: string): Promise<void> {
    this.#closing ??= this.#close(code, reason);
    return this.#closing;
  }

  async #close(code: string, reason: string): Promise<void> {
    this.#end ??= { status: statusOfCloseCode(code) ?? 'interrupted', reason };
    const cores = [...this.#looks, ...[...this.#links.values()].map(({ core }) => core)];
    const closing = cores.map((core) => core.close(code, reason));
    for (const wire of this.#greeting) void wire.close(code, reason);
    await Promise.allSettled(closing);
    await Promise.allSettled([...this.#serving]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close('clean', 'the coordinator has closed');
  }

  async #greet(session: Session): Promise<void> {
    const { clock } = this.#options;
    const context = {
      participant: session.remote.slice(0, 64),
      protocol: session.protocol,
      stack: session.stack,
      connection: 0,
    };
    const wire = new Wire(session, { clock, log: this.#log, context });
    if (this.#greeting.size >= limits.unauthenticatedSessionsMax) {
      return this.#turnAway(
        wire,
        'refused',
        `more than ${limits.unauthenticatedSessionsMax} sessions have not said hello yet`,
      );
    }
    this.#greeting.add(wire);
    const limit = clock.timer(
      limits.helloTimeoutMs,
      () => void wire.close('hello_timeout', `no hello within ${limits.helloTimeoutMs / 1000} s`),
    );
    let accepted: Accepting;
    try {
      accepted = await this.#hearHello(wire);
    } catch (error) {
      const code = error instanceof RoundscopeError ? error.code : 'garbage';
      return await this.#turnAway(wire, code, messageOf(error));
    } finally {
      limit[Symbol.dispose]();
      this.#greeting.delete(wire);
    }
    await accepted.core.serve(wire, accepted.peer);
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
    const core = hello.look === undefined ? await this.#linkFor(wire, hello) : await this.#lookFor(wire, hello.look);
    core.opened(wire.context);
    this.#log.connection(wire.context, 'connection_open', { local: false, note: `from ${wire.session.remote}` });
    await write(wire, {
      t: 'hello_ack',
      accepted: true,
      mac: makeProof(token, 'acceptor', facts),
      state: core.inbox.state(),
      epoch: this.#epoch,
    });
    // What it had from another life of ours says nothing about what this one has sent.
    const sameLife = hello.epoch === undefined || hello.epoch === this.#epoch;
    return { core, peer: sameLife ? hello.state : nothingReceived };
  }

  async #expect<K extends 'hello' | 'proof'>(wire: Wire, kind: K): Promise<LinkFrameOf<K>> {
    const received = await wire.read();
    if (received === null) {
      const { code, reason } = await wire.session.closed;
      throw new RoundscopeError('session_closed', {
        layer: 'link',
        message: `ended before ${kind}: ${code}: ${reason}`,
      });
    }
    const { frame } = received;
    // From here on the packet log goes by the name that is claimed; the link itself waits for the proof.
    if (frame?.t === 'hello') {
      wire.context.participant = frame.participant;
      wire.context.connection = (this.#links.get(frame.participant)?.core.status.connections ?? 0) + 1;
    }
    const right = frame?.t === kind;
    this.#log.frame(wire.context, {
      ...received.note,
      kind: received.kind,
      ...(right ? {} : { status: 'malformed', note: `instead of ${kind}` }),
    });
    if (right) return frame as LinkFrameOf<K>;
    throw new RoundscopeError('frame_malformed', { layer: 'link', message: `${received.kind} instead of ${kind}` });
  }

  /** Nobody takes part by looking: what such a link does is in the packets and in no event. */
  async #lookFor(wire: Wire, asks: ParticipantId): Promise<LinkCore> {
    const { clock, entropy, onLink, reporter, run } = this.#options;
    if (this.#end !== null)
      return this.#refuse(wire, { code: 'run_over', reason: runOverWords(this.#end), status: this.#end.status });
    if (this.#looks.size >= looksMax)
      return this.#refuse(wire, { code: 'link_rejected', reason: `${looksMax} others look at this run right now` });
    const { participant, protocol, stack } = wire.context;
    const log = new PacketLog({ event: () => undefined, packet: (packet) => reporter.packet(packet) }, 'coordinator');
    const core = new LinkCore({
      run,
      participant: asParticipantId(participant),
      clock,
      log,
      idPrefix: entropyHex(entropy, 6),
      protocol,
      stack,
    });
    const limit = clock.timer(lookMs, () => core.finish({ code: 'looked', reason: 'looked for long', local: true }));
    this.#looks.add(core);
    void core.closed.then(() => {
      limit[Symbol.dispose]();
      this.#looks.delete(core);
    });
    onLink(core, wire.session.remote, asks);
    return core;
  }

  /** The link that this hello belongs to, an old one to resume or a new one. */
  async #linkFor(wire: Wire, { participant, instance, lineage, resumes }: LinkFrameOf<'hello'>): Promise<LinkCore> {
    const { clock, entropy, onLink, run, restarted = false } = this.#options;
    if (this.#end !== null) return await this.#refuseAsOver(wire, participant, this.#end);
    const name = participantName(participant);
    if (!name.ok) return this.#refuse(wire, { code: 'participant_name_taken', reason: name.error });
    const known = this.#links.get(participant);
    const { peerIdentity } = wire.session;
    if (known !== undefined && known.instance === instance) {
      // A link may move to a transport that proves no identity, never to another identity.
      if (known.identity !== null && peerIdentity !== null && known.identity !== peerIdentity)
        return this.#refuse(wire, {
          code: 'link_rejected',
          reason: `the link of ${participant} belongs to another key`,
        });
      known.identity ??= peerIdentity;
      known.core.proved(keyOf(peerIdentity));
      const { ended } = known.core;
      if (ended === null && !known.core.closing) return known.core;
      const status = ended?.local === true ? statusOfCloseCode(ended.code) : undefined;
      if (ended !== null && status !== undefined)
        return await this.#refuseAsOver(wire, participant, { status, reason: ended.reason });
      return this.#refuse(wire, {
        code: 'run_over',
        reason: `the link of ${participant} is closed: ${ended?.reason ?? 'closing'}`,
      });
    }
    if (known !== undefined && known.core.ended === null) {
      const { state, lastHeardMs } = known.core.status;
      const sameOwner = lineage !== undefined && lineage === known.lineage;
      if (!sameOwner && isOpen(state) && clock.monotonicMs() - lastHeardMs < aliveMs) {
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
    }
    if (resumes && !(restarted && known === undefined))
      return this.#refuse(wire, {
        code: 'link_rejected',
        reason: `there is no link of ${participant} to resume: the coordinator has started anew`,
      });
    if (known === undefined && this.#links.size >= limits.participantsMax) {
      return this.#refuse(wire, {
        code: 'participant_limit',
        reason: `the coordinator takes at most ${limits.participantsMax} participants`,
      });
    }
    const { protocol, stack } = wire.context;
    const idPrefix = entropyHex(entropy, 6);
    const core = new LinkCore({ run, participant, clock, log: this.#log, idPrefix, protocol, stack });
    core.proved(keyOf(peerIdentity));
    this.#links.set(participant, { core, instance, lineage, identity: peerIdentity });
    onLink(core, wire.session.remote);
    return core;
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

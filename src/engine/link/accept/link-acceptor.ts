import type { Session } from '#engine/transport/transport.ts';
import { WaitingRoom, type Knocking, type Standing } from '#engine/transport/waiting-room.ts';
import { spawn, taskFailed } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { ParticipantId, RunId } from '#shared/contract/ids.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import type { PassTerms } from '#shared/contract/app/invitation.ts';
import type { AboutLink } from '../about-link.ts';
import { hearHello, type AcceptedHello, type Refusal } from './acceptor-hello.ts';
import { IncomingRoom, type RoomFigures } from '../transfer/incoming-room.ts';
import type { Link, LinkEnd } from '../link.ts';
import { AcceptedNames, expiredCode, type OwnedName } from './link-acceptor-names.ts';
import { LinkCore } from '../link-core.ts';
import type { Received } from '../link-frames.ts';
import { Notifier } from '../notifier.ts';
import { PacketLog } from '../records/packet-log.ts';
import { runOverWords, statusOfCloseCode, type RunEnd } from '../run-over.ts';
import { messageOf, Wire } from '../wire.ts';

export interface LinkAcceptorOptions {
  readonly run: RunId;
  /** The invitation's secret. */
  readonly token: string;
  /** The coordinator's; its peer id stands in the invitation. */
  readonly identity: Identity;
  /** Who had which name when a former life of this coordinator ended. */
  readonly owners?: readonly OwnedName[] | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly reporter: Reporter;
  /** A link without a session is let go after this, ms; who comes back later begins again. */
  readonly resumeMs?: number | undefined;
  /** Bytes of payloads on their way in, of all participants together; default `limits.incomingBytesMax`. */
  readonly incomingBytesMax?: number | undefined;
  /** A link was opened: called once for each, before its first message. */
  readonly onLink: (link: Link, address: string, about: AboutLink) => void;
  /** Why somebody whose hello is proved is not let in all the same; null: it is. Absent: everybody is. */
  readonly check?: ((who: Newcomer) => Refusal | null) | undefined;
}

/** Somebody with an invitation, a key and a name, or who only looks. */
export interface Newcomer {
  /** Of who looks: the name that it asks for. */
  readonly name: ParticipantId;
  /** SHA-256 of the key that signed its hello; null: it looks, with a key that means nothing. */
  readonly key: string | null;
  readonly terms: PassTerms;
  /** It was let into this run under that name, and has not left; nobody who looks is known. */
  readonly known: boolean;
}

interface Accepting {
  readonly core: LinkCore;
  /** Whose session it is; null for somebody who only looks. */
  readonly who: { readonly name: ParticipantId; readonly key: string } | null;
  /** What the participant has received of what this link sent. */
  readonly peer: Received;
  /** Of the link's memory at this end. */
  readonly epoch: string;
}

const nothingReceived: Received = { received: 0, transfers: [], done: [], failed: [] };

/** Whoever looks needs a moment; more at once than a whole class that was sent the invitation are none who mean well. */
const looksMax = limits.unauthenticatedSessionsMax;
const lookMs = 10_000;

/** Rounds of a large model are full each time. */
const tellFullEveryMs = 60_000;

/** The coordinator's end: takes fresh sessions, lets each prove itself, and hands it to the link of its participant. */
export class LinkAcceptor implements AsyncDisposable {
  readonly #options: LinkAcceptorOptions;
  readonly #log: PacketLog;
  /** For what all participants send together. */
  readonly #room: IncomingRoom;
  readonly #names: AcceptedNames;
  /** Links of those who only look: no participants, and soon gone. */
  readonly #looks = new Set<LinkCore>();
  readonly #greeting = new Set<Wire>();
  /** One for each protocol, so that a flood over one leaves the others alone. */
  readonly #rooms = new Map<Protocol, WaitingRoom>();
  readonly #serving = new Set<Promise<void>>();
  #refused = 0;
  #toldFullMs = -Infinity;
  /** Why nobody is let in any more. */
  #end: RunEnd | null = null;
  /** Participants who were told so when they came back. */
  readonly #toldEnd = new Set<string>();
  readonly #changed = new Notifier();
  #closing: Promise<void> | null = null;

  constructor(options: LinkAcceptorOptions) {
    this.#options = options;
    this.#log = new PacketLog(options.reporter, 'coordinator');
    this.#room = new IncomingRoom({ clock: options.clock, max: options.incomingBytesMax ?? limits.incomingBytesMax });
    this.#room.onFull = (room) => this.#tellFull(room);
    const { clock, owners = [], resumeMs = timing.giveUpAfterMs } = options;
    this.#names = new AcceptedNames({ clock, owners, resumeMs });
  }

  /** Links that have not ended; for tests, beside what is remembered of those that have. */
  get held(): { readonly links: readonly Link[]; readonly ended: number; readonly greeting: number } {
    return { links: this.#names.cores(), ended: this.#names.remembered, greeting: this.#greeting.size };
  }

  /** What its participants have of this process' memory for payloads. */
  get room(): RoomFigures {
    return this.#room.figures;
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
    const { core, who, peer } = accepted;
    using _session = who === null ? null : this.#names.session(who.key, session.remote);
    await core.serve(wire, peer);
  }

  #tellFull({ takenBytes, maxBytes, transfers, waited, evicted }: RoomFigures): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#toldFullMs < tellFullEveryMs) return;
    this.#toldFullMs = nowMs;
    const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`;
    const text =
      `Updates wait for memory: ${transfers} on their way have ${mib(takenBytes)} of the ${mib(maxBytes)} that this coordinator ` +
      `takes at once. Nobody has to do anything; ${waited} waited so far, ${evicted} gave way since they did not get on.`;
    this.#options.reporter.event('notice', { level: 'warning', text });
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
    const guest = await hearHello(wire, this.#options);
    const { look } = guest.hello;
    const accepted = look === undefined ? await this.#linkFor(guest) : await this.#lookFor(guest, look);
    const { core, who, epoch } = accepted;
    // From here on it is known who this is, and the packet log goes by the name.
    wire.context.participant = who?.name ?? '';
    core.opened(wire.context);
    this.#log.connection(wire.context, 'connection_open', { local: false, note: `from ${wire.session.remote}` });
    await guest.welcome(core.inbox.state(), epoch);
    return accepted;
  }

  /** Nobody takes part by looking: what such a link does is in the packets, under no name, and in no event. */
  async #lookFor({ wire, hello, key, refuse }: AcceptedHello, asks: ParticipantId): Promise<Accepting> {
    const { clock, entropy, onLink, reporter, run } = this.#options;
    if (this.#end !== null)
      return refuse({ code: 'run_over', reason: runOverWords(this.#end), status: this.#end.status });
    const refusal = this.#check({ name: asks, key: null, terms: hello.pass, known: false });
    if (refusal !== null) return refuse(refusal);
    if (this.#looks.size >= looksMax)
      return refuse({ code: 'link_rejected', reason: `${looksMax} others look at this run right now` });
    const log = new PacketLog({ event: () => undefined, packet: (packet) => reporter.packet(packet) }, 'coordinator');
    const { protocol, stack } = wire.context;
    const idPrefix = entropyHex(entropy, 6);
    const { participant } = hello;
    const about = { run, participant, clock, log, idPrefix, protocol, stack };
    const core = new LinkCore({ ...about, peerKey: key, room: this.#room });
    const limit = clock.timer(lookMs, () => core.finish({ code: 'looked', reason: 'looked for long', local: true }));
    this.#looks.add(core);
    spawn(
      'letting go of a look',
      core.closed.then(() => {
        limit[Symbol.dispose]();
        this.#looks.delete(core);
      }),
    );
    onLink(core, wire.session.remote, { asks, kept: this.#names.ownerOf(asks)?.left === false });
    return { core, who: null, peer: nothingReceived, epoch: entropyHex(entropy, 16) };
  }

  /** The link that this hello belongs to, an old one to resume or a new one. */
  async #linkFor(guest: AcceptedHello): Promise<Accepting> {
    const { wire, hello, key } = guest;
    const { participant, instance } = hello;
    if (this.#end !== null) return await this.#refuseAsOver(guest, participant, this.#end);
    const checked = participantName(participant);
    if (!checked.ok) return guest.refuse({ code: 'participant_name_taken', reason: checked.error });
    const name = checked.value;
    const owns = this.#names.owns(key, name);
    const refusal = this.#check({ name, key, terms: hello.pass, known: owns }) ?? this.#names.conflict(key, name);
    if (refusal !== null) return guest.refuse(refusal);
    const known = this.#names.of(key);
    if (known?.instance === instance && known.name === name) {
      if (known.core.closing)
        return guest.refuse({ code: 'run_over', reason: `the link of ${name} is closed: closing` });
      // What it had from another life of ours says nothing about what this one has sent.
      const sameLife = hello.epoch === undefined || hello.epoch === known.epoch;
      return {
        core: known.core,
        who: { name, key },
        peer: sameLife ? hello.state : nothingReceived,
        epoch: known.epoch,
      };
    }
    const ended = this.#names.endOf(key);
    if (ended?.instance === instance && ended.name === name && ended.end.code !== expiredCode)
      return await this.#refuseEnded(guest, name, ended.end);
    // Of two processes with one key the later one has the name; the earlier one must not take it back and forth.
    if (this.#names.wasSuperseded(key, instance))
      return guest.refuse({
        code: 'participant_name_taken',
        reason: `another process with the same key takes part as ${name} instead of this one`,
      });
    if (known === undefined && !this.#names.hasRoomFor(name))
      return guest.refuse({
        code: 'participant_limit',
        reason: `the coordinator takes at most ${limits.participantsMax} participants`,
      });
    if (!owns && known === undefined && !this.#names.makeRoomFor(wire.session.remote))
      return guest.refuse({
        code: 'participant_limit',
        reason: `${limits.unregisteredLinksMax} others are about to join, many of them from the same address; try again in a moment`,
        retry: true,
      });
    known?.core.finish({
      code: 'superseded',
      reason: 'another process with the same key has taken its place',
      local: true,
    });
    return this.#begin(guest, name, owns);
  }

  #check(who: Newcomer): Refusal | null {
    return this.#options.check?.(who) ?? null;
  }

  #begin({ wire, hello, key }: AcceptedHello, name: ParticipantId, owns: boolean): Accepting {
    const { clock, entropy, onLink, run } = this.#options;
    const { protocol, stack } = wire.context;
    const idPrefix = entropyHex(entropy, 6);
    const epoch = entropyHex(entropy, 16);
    const about = { run, participant: name, clock, log: this.#log, idPrefix, protocol, stack };
    const partialMs = timing.partialTransferMs;
    const core = new LinkCore({ ...about, peerKey: key, room: this.#room, partialMs });
    this.#names.add({ name, core, instance: hello.instance, epoch, key, peer: hello.peer }, wire.session.remote);
    const admit = (): void => {
      const former = this.#names.admit(key, name);
      if (former === null) return;
      const text = `${name} has another key than before: who had the name (key ${former.slice(0, 12)}…) left the run, and somebody else joined under it (key ${key.slice(0, 12)}…)`;
      this.#log.warn({ ...wire.context, participant: name }, text);
    };
    onLink(core, wire.session.remote, { terms: hello.pass, owns, admit, cut: core.refuseBulk });
    return { core, who: { name, key }, peer: nothingReceived, epoch };
  }

  /** Its owner has not heard how its link ended. */
  #refuseEnded(guest: AcceptedHello, participant: string, { code, reason, local }: LinkEnd): Promise<never> {
    const status = local ? statusOfCloseCode(code) : undefined;
    if (status !== undefined) return this.#refuseAsOver(guest, participant, { status, reason });
    return guest.refuse({ code: 'run_over', reason: `the link of ${participant} is closed: ${reason}` });
  }

  async #refuseAsOver(guest: AcceptedHello, participant: string, end: RunEnd): Promise<never> {
    try {
      return await guest.refuse({ code: 'run_over', reason: runOverWords(end), status: end.status });
    } finally {
      if (this.#toldEnd.size < limits.participantsMax) this.#toldEnd.add(participant);
      this.#changed.notify();
    }
  }
}

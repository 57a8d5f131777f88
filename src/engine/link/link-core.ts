import { encodeMessageHeader } from '#engine/codec/message-codec.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { faultWords } from '#shared/base/invariant.ts';
import { spawn } from '#shared/base/spawn.ts';
import { coordinatorId, type MessageId, type ParticipantId } from '#shared/contract/ids.ts';
import type { LinkState } from '#shared/contract/events.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { Message, MessageHeader, Outgoing } from '#shared/contract/messages.ts';
import { supersedes } from '#shared/contract/run/supersedes.ts';
import { migratedCode } from '#engine/transport/transport.ts';
import { checkSizes } from './transfer/check-sizes.ts';
import { headerOf } from './records/header-of.ts';
import type { ExpectedBulk, Inbox } from './transfer/inbox.ts';
import { IncomingBulk } from './transfer/incoming-bulk.ts';
import { IncomingRoom } from './transfer/incoming-room.ts';
import type { LinkCoreOptions } from './link-core-options.ts';
import type { IncomingTransfer } from './transfer/incoming-transfer.ts';
import { linkClosed } from './link-closed.ts';
import type { Link, LinkEnd, LinkStatus, SentMessage } from './link.ts';
import { LinkAccount } from './health/link-account.ts';
import type { Received as ReceivedState } from './link-frames.ts';
import { MessageQueue } from './transfer/message-queue.ts';
import { Notifier } from './notifier.ts';
import { detailsOf, detailsOfEnd, type StateDetails } from './health/obstacle.ts';
import { Outbox, type OutboxEntry } from './transfer/outbox.ts';
import type { LogContext } from './records/packet-log.ts';
import { UnreadableLog } from './records/unreadable-log.ts';
import { wordsOf, type SessionEnd } from './session-end.ts';
import { SessionPump } from './session-pump.ts';
import { noteOf } from './transfer/transfer-writer.ts';
import { reportUndeliverable } from './transfer/undeliverable.ts';
import type { Wire } from './wire.ts';

/** What both ends of a link have in common: its memory across sessions, and the one session that is open now. */
export class LinkCore implements Link {
  readonly participant: ParticipantId;
  readonly closed: Promise<LinkEnd>;
  readonly #incoming: IncomingBulk;
  #outbox = new Outbox();
  readonly #resetListeners = new Set<() => void>();
  readonly unreadable = new UnreadableLog();
  readonly #options: LinkCoreOptions;
  readonly #queue = new MessageQueue();
  readonly #room = new Notifier();
  readonly #resolveClosed: (end: LinkEnd) => void;
  #pump: SessionPump | null = null;
  #serving: Promise<SessionEnd> | null = null;
  #context: LogContext;
  #end: LinkEnd | null = null;
  #closing: Promise<void> | null = null;
  #state: LinkState = 'connecting';
  #reason = '';
  #obstacle: string | undefined;
  #connections = 0;
  #reconnects = 0;
  #ids = 0;
  #changing = false;
  #unheard = false;
  #patience: Disposable | null = null;
  #lastHeardMs: number;
  #senders: Promise<unknown> = Promise.resolve();
  readonly #account: LinkAccount;

  constructor(options: LinkCoreOptions) {
    this.#options = options;
    this.#account = new LinkAccount(options.log);
    this.participant = options.participant;
    this.#incoming = new IncomingBulk({
      room: new IncomingRoom(options),
      ...options,
      onRoom: () => this.#queue.wake(),
      onDropped: (transfers, reason) => this.#tellDropped(transfers, reason),
      onEvicted: (reason) => this.#pump?.stop('transfer_stuck', reason),
    });
    this.#context = {
      participant: options.participant,
      protocol: options.protocol,
      stack: options.stack,
      connection: 0,
    };
    this.#lastHeardMs = options.clock.monotonicMs();
    const { promise, resolve } = Promise.withResolvers<LinkEnd>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  get status(): LinkStatus {
    return {
      state: this.#state,
      reason: this.#reason,
      obstacle: this.#obstacle,
      protocol: this.#context.protocol,
      stack: this.#context.stack,
      connections: this.#connections,
      reconnects: this.#reconnects,
      lastHeardMs: this.#pump?.lastHeardMs ?? this.#lastHeardMs,
      unacknowledged: this.outbox.size,
      peerKey: this.#options.peerKey,
    };
  }

  get inbox(): Inbox {
    return this.#incoming.inbox;
  }
  get outbox(): Outbox {
    return this.#outbox;
  }
  get ended(): LinkEnd | null {
    return this.#end;
  }
  /** This end has closed the link, and something that it had sent by then was not acknowledged. */
  get unheard(): boolean {
    return this.#unheard;
  }
  get closing(): boolean {
    return this.#closing !== null || this.#end !== null;
  }

  readonly expect = (bulk: ExpectedBulk): void => void (this.#incoming.expected = bulk);
  readonly refuseBulk = (reason: string): void => this.#incoming.refuse(reason);

  messages(): AsyncIterable<Message, undefined> {
    return this.#queue.read();
  }

  onReset(listener: () => void): Disposable {
    this.#resetListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#resetListeners.delete(listener) };
  }

  /** The other end has no memory of this link: numbers begin again, and whoever uses it says again what still matters. */
  beginAgain(): void {
    const message = 'the coordinator forgot this link before it had this message';
    this.#outbox.clear(new RoundscopeError('session_lost', { layer: 'link', message, retryable: true }));
    this.#outbox = new Outbox();
    this.#incoming.beginAgain();
    this.#room.notify();
    for (const listener of this.#resetListeners) listener();
  }

  async send(message: Outgoing, { signal }: { readonly signal: AbortSignal }): Promise<SentMessage> {
    signal.throwIfAborted();
    // One at a time, so that messages that had to wait keep their order.
    const turn = this.#senders.then(() => this.#waitForRoom(message, signal));
    // Its failure is the sender's, below; the next one only waits for its end.
    this.#senders = turn.catch(() => undefined);
    await turn;
    const { header, acknowledged } = this.#add(message);
    return { id: header.id, acknowledged };
  }

  async #waitForRoom(message: Outgoing, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#throwIfClosed();
    this.withdraw((older) => supersedes(message, older), `a newer ${message.kind} takes its place`);
    while (!this.outbox.hasRoomFor(message.payload?.bytes.byteLength ?? 0)) {
      await this.#room.waitFor(signal);
      this.#throwIfClosed();
    }
  }

  #throwIfClosed(): void {
    if (!this.closing) return;
    const reason = this.#end?.reason ?? 'closing';
    throw linkClosed(`the link of ${this.participant} is closed: ${reason}`);
  }

  #add(message: Outgoing): OutboxEntry {
    const { payload } = message;
    const { idPrefix, log, participant } = this.#options;
    const sender = log.side === 'participant' ? participant : coordinatorId;
    const id = `${idPrefix}.${++this.#ids}` as MessageId;
    const header = headerOf(message, { ...this.#options, sender, id });
    const wire = encodeMessageHeader(header);
    checkSizes(header, wire);
    const entry = this.outbox.add(header, wire, payload?.bytes ?? null);
    if (this.#pump === null && !this.changing)
      this.#reportUndeliverable(`no open session: ${this.#reason === '' ? this.#state : this.#reason}`);
    else this.#pump?.wake();
    return entry;
  }

  #reportUndeliverable(why: string): void {
    reportUndeliverable(this.outbox, this.#options.log, this.#context, why);
  }

  /** Tells a new state; both ends use it for what happens between sessions. */
  setState(state: LinkState, reason: string, details: StateDetails = {}): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    this.#reason = reason;
    this.#obstacle = details.obstacle;
    const { connections, reconnects } = { connections: this.#connections, reconnects: this.#reconnects };
    this.#changing = false;
    this.#patience?.[Symbol.dispose]();
    this.#options.log.state(this.#context, { state, reason, connections, reconnects, ...details });
    if (state === 'lost') this.#reportUndeliverable(`no open session: ${reason}`);
  }

  /** A session has been opened for this link: counted and logged, whether or not it gets as far as being served. */
  opened(context: LogContext): void {
    this.#context = context;
    if (this.#connections > 0) this.#reconnects++;
    this.#connections++;
    context.connection = this.#connections;
  }

  /** Carries messages over a session whose hello is done, until it ends; a session before it gives way. */
  async serve(wire: Wire, peer: ReceivedState): Promise<SessionEnd> {
    while (this.#serving !== null) {
      this.#pump?.giveWay('replaced', 'the participant has opened another session');
      await this.#serving;
    }
    if (this.#end !== null) {
      await wire.close('clean', this.#end.reason);
      return { ...this.#end, goodbye: false };
    }
    this.#serving = this.#serve(wire, peer);
    try {
      return await this.#serving;
    } finally {
      this.#serving = null;
    }
  }

  async #serve(wire: Wire, peer: ReceivedState): Promise<SessionEnd> {
    this.#incoming.sessionBegins();
    try {
      this.outbox.acknowledge(peer);
      this.outbox.beginSession(peer.transfers);
    } catch (error) {
      this.#fault(error);
    }
    const pump = new SessionPump(wire, {
      run: this.#options.run,
      outbox: this.outbox,
      inbox: this.inbox,
      queue: this.#queue,
      onRefused: ({ kind, id, round }, { code, reason }) => this.#answerError({ kind, id, round }, code, reason),
      onAcknowledged: () => this.#room.notify(),
      onPayload: (side, bytes) => this.#account.payload(side, bytes),
      onEnd: (end) => this.#tellLost(end),
      onTick: (rttMs) => this.#account.tell(wire, rttMs, this.outbox.size),
      onWait: () => void this.#account.waited++,
      onFault: (error) => this.#fault(error),
      onHealth: (trouble) =>
        this.setState(
          trouble === null ? 'ready' : 'degraded',
          trouble?.reason ?? 'well again',
          detailsOf(trouble, wire.fallback),
        ),
    });
    this.#pump = pump;
    pump.tellWithdrawn(this.outbox.unknown(peer));
    this.#context = wire.context;
    this.#room.notify();
    const how = this.#reconnects > 0 ? `resumed on connection ${wire.context.connection}` : 'connected';
    this.setState('ready', how, { fallback: wire.fallback });
    const end = await pump.run();
    this.#pump = null;
    this.#lastHeardMs = wire.lastHeardMs;
    this.account(wire);
    this.#options.log.forgetProgress(this.participant);
    this.#incoming.sessionEnds();
    const why = wordsOf(end);
    this.#options.log.connection(wire.context, 'connection_close', { local: end.local, note: why });
    if (end.goodbye) this.finish({ code: end.code, reason: end.reason, local: false });
    else if (!this.closing && end.code === migratedCode) this.#change(end);
    else this.#tellLost(end);
    return end;
  }

  /** The sender begins it again, on the next session. */
  #tellDropped(transfers: readonly IncomingTransfer[], reason: string): void {
    this.#account.dropped += transfers.length;
    for (const { header, info, receivedBytes } of transfers) {
      const note = `${receivedBytes} of ${info.length} bytes let go: ${reason}`;
      this.#options.log.frame(this.#context, { ...noteOf(header), side: 'received', status: 'aborted', note });
    }
  }

  /** At once, though a session with a silent peer takes its time to close. */
  #tellLost(end: SessionEnd): void {
    const why = wordsOf(end);
    const known = this.#state === 'lost' && this.#reason === why;
    if (!end.goodbye && !this.closing && end.code !== migratedCode && !known)
      this.setState('lost', why, detailsOfEnd(end));
  }

  /** The session has given way to another one on purpose. Whose doing that is dials, and tells when it cannot. */
  #change({ reason, local }: SessionEnd): void {
    this.setState('resuming', reason);
    this.#changing = true;
    if (local) return;
    const never = (): void => this.setState('lost', `no other session for ${timing.peerSilentMs / 1000} s: ${reason}`);
    this.#patience = this.#options.clock.timer(timing.peerSilentMs, never);
  }

  /** Between a session that was left on purpose and the next: what waits is late, not undeliverable. */
  get changing(): boolean {
    return this.#changing;
  }

  /** Adds the bytes of a session that is over to the totals of the link. */
  account(wire: Wire): void {
    this.#account.close(wire, wire.context, this.outbox.size);
  }

  /** Gives up what nobody needs any more and has not been sent whole; says what that was. */
  withdraw(useless: (header: MessageHeader) => boolean, reason: string): readonly MessageHeader[] {
    const entries = this.outbox.withdraw(useless, reason);
    if (entries.length === 0) return [];
    this.#account.withdrawn += entries.length;
    for (const { header, sentMs } of entries) {
      const moved = sentMs === null ? 'nothing of it was' : 'not all of it was';
      const note = `given up: ${reason}; ${moved} sent`;
      this.#options.log.frame(this.#context, { ...noteOf(header), side: 'sent', status: 'aborted', note });
      this.#options.log.forgetProgress(this.participant, header.id);
    }
    // One that is being written says so on its own lane.
    this.#pump?.tellWithdrawn(
      entries.flatMap(({ header, sentOnce, sentMs }) => (sentOnce && sentMs === null ? [header.id] : [])),
    );
    this.#room.notify();
    return entries.map(({ header }) => header);
  }

  /** This link's memory is not what it must be: whatever came of it is not to be trusted, and both ends hear that. */
  #fault(error: unknown): void {
    const reason = faultWords(error);
    this.#options.log.fault(this.#context, reason, error);
    spawn('closing a link', this.close('internal', reason));
  }

  #answerError(
    about: { readonly kind: string; readonly id: string; readonly round: number },
    code: RoundscopeError['code'],
    reason: string,
  ): void {
    this.unreadable.add({ kind: about.kind, round: about.round, code, reason });
    // An error is never answered with one, and never waits for room: the packet log has it in any case.
    if (about.kind === 'error' || about.id === '' || this.closing || !this.outbox.hasRoomFor(0)) return;
    const round = Math.min(about.round, limits.roundsMax);
    this.#add({ kind: 'error', round, body: { code, reason: reason.slice(0, 500) }, replyTo: about.id as MessageId });
  }

  /** Ends the session that is open, if one is, without ending the link. */
  stopSession(code: string, reason: string): void {
    this.#pump?.stop(code, reason);
  }

  close(code: string, reason: string): Promise<void> {
    this.#closing ??= this.#close(code, reason);
    return this.#closing;
  }

  async #close(code: string, reason: string): Promise<void> {
    // The first await lets `#closing` be set, so that nothing new is taken while the outbox empties.
    await Promise.resolve();
    const pump = this.#pump;
    if (pump !== null && this.#end === null) {
      await this.#flush();
      using _limit = this.#options.clock.timer(timing.closeTimeoutMs, () => pump.stop(code, reason));
      pump.sayGoodbye(code, reason);
      await this.#serving;
    }
    this.finish({ code, reason, local: true });
  }

  /** Waits until the peer has everything, the session ends, or the close limit is over. */
  async #flush(): Promise<void> {
    let over = false;
    using _limit = this.#options.clock.timer(timing.closeTimeoutMs, () => {
      over = true;
      this.#room.notify();
    });
    const session = this.#serving?.finally(() => this.#room.notify());
    // How it ended is told by `serve`; here it only ends the wait.
    session?.catch(() => undefined);
    while (!over && this.outbox.size > 0 && this.#pump !== null && this.#end === null) await this.#room.wait();
  }

  /** Ends the link for good. Twice is fine. */
  finish(end: LinkEnd): void {
    if (this.#end !== null) return;
    this.setState('closed', `${end.code}: ${end.reason}`);
    this.#end = end;
    this.#unheard = end.local && this.outbox.size > 0;
    this.#pump?.stop(end.code, end.reason);
    this.outbox.clear(linkClosed(`the link is closed: ${end.reason}`));
    this.#incoming[Symbol.dispose]();
    this.#queue.end();
    this.#room.notify();
    this.#resolveClosed(end);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close('clean', 'disposed');
  }
}

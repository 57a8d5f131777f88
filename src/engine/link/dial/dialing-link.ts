import { migratedCode, type SessionObserver, type Transport } from '#engine/transport/transport.ts';
import { spawn, taskFailed } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';
import { durationText } from '#shared/base/text/duration.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { Random } from '#shared/base/random.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { Identity } from '#engine/identity/identity.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import { timing } from '#shared/contract/limits.ts';
import { runStatusSchema, type Message, type Outgoing } from '#shared/contract/messages.ts';
import { usualStack } from '#shared/contract/protocols.ts';
import type { Reporter } from '#shared/contract/reporter.ts';
import { AttemptLog } from './attempt-log.ts';
import { AwakeTimer } from './awake-timer.ts';
import { dialGraceMs } from './dial-in-time.ts';
import { coordinatorKey, sayHello, type InvitedTo } from './dialer-hello.ts';
import { linkClosed } from '../link-closed.ts';
import type { Link, LinkEnd, LinkStatus, SentMessage } from '../link.ts';
import type { UnreadableLog } from '../records/unreadable-log.ts';
import { LinkCore } from '../link-core.ts';
import type { Received as ReceivedState } from '../link-frames.ts';
import { isFinal } from './final-answer.ts';
import { Notifier } from '../notifier.ts';
import { PacketLog, type LogContext } from '../records/packet-log.ts';
import { detailsOfFailure, type StateDetails } from '../health/obstacle.ts';
import { RedialDelay } from './redial-delay.ts';
import { SessionDialer } from './session-dialer.ts';
import { sendHeartbeatAndClose, sendOneAndClose } from '../single-message-session.ts';
import { messageOf, Wire } from '../wire.ts';

export interface DialingLinkOptions {
  readonly invitation: InvitedTo;
  readonly participant: ParticipantId;
  /** Whose link it is: signs each hello, and is what the transport proves where it can. The name belongs to it. */
  readonly identity: Identity;
  readonly transport: Transport;
  readonly clock: Clock;
  /** For the jitter of re-dialing. */
  readonly random: Random;
  readonly entropy: Entropy;
  readonly reporter: Reporter;
  /** Ends the opening; afterwards `close` ends the link. */
  readonly signal: AbortSignal;
  /** How long the first connection is tried for, ms awake; 0: one attempt. */
  readonly patienceMs?: number;
  /** How long a coordinator that was there and does not answer any more is dialed, ms awake; null or absent: for ever. */
  readonly giveUpAfterMs?: number | null;
  /** Told of the link as soon as it dials, for those who want to hurry it or to keep it at it. */
  readonly onDialing?: ((link: DialingLink) => void) | undefined;
}

/** The participant's end: dials, says hello, and dials again when a session is lost, until it is closed or turned away. */
export class DialingLink implements Link {
  readonly #options: DialingLinkOptions;
  readonly #core: LinkCore;
  readonly #log: PacketLog;
  /** What is said about the link before a session tells better. */
  readonly #usual: LogContext;
  readonly #instance: string;
  readonly #delay: RedialDelay;
  readonly #over = new AbortController();
  readonly #faultChanged = new Notifier();
  readonly #opened = Promise.withResolvers<void>();
  readonly #attempts: AttemptLog;
  readonly #dialer: SessionDialer;
  /** Runs while there is no session. */
  #patience: AwakeTimer | null = null;
  #giveUpAfterMs: number | null;
  /** Why the latest attempt led to nothing. */
  #failure: unknown = null;
  #heard = false;
  #warned = '';
  #wake = new AbortController();
  /** Accepted once: from now on the coordinator must know this link. */
  #resumes = false;
  /** The coordinator's life that did. */
  #epoch: string | undefined;
  #connectionPerMessage = false;

  private constructor(options: DialingLinkOptions) {
    const { clock, entropy, invitation, participant, reporter, transport } = options;
    this.#options = options;
    this.#log = new PacketLog(reporter, 'participant');
    this.#instance = entropyHex(entropy, 16);
    this.#delay = new RedialDelay(options.random);
    const { protocol } = transport;
    const idPrefix = this.#instance.slice(0, 12);
    const stack = usualStack[protocol];
    this.#usual = { participant, protocol, stack, connection: 0 };
    const peerKey = coordinatorKey(invitation);
    const about = { run: invitation.run, participant, clock, log: this.#log, idPrefix, protocol, stack };
    this.#core = new LinkCore({ ...about, peerKey });
    this.#giveUpAfterMs = options.giveUpAfterMs ?? null;
    this.#attempts = new AttemptLog({
      participant,
      clock,
      reporter,
      lastHeardMs: () => (this.#heard ? this.#core.status.lastHeardMs : null),
      givesUpInMs: () => this.#patience?.remainingMs ?? null,
    });
    const observer: SessionObserver = {
      onAttempt: (attempt) => this.#attempts.onAttempt(attempt),
      onAttemptEnd: (attempt, error) => this.#attempts.onAttemptEnd(attempt, error),
      onFallback: ({ reason }) => this.#warnOnce(reason),
      onBroker: (news) => this.#attempts.onBroker(news),
    };
    const { endpoints, run, token } = invitation;
    const dial = { signal: this.#over.signal, participant, run, token, observer };
    this.#dialer = new SessionDialer({ clock, transport, endpoints, dial });
    const aborted = this.#core.closed.then(() => this.#over.abort(linkClosed('the link is closed')));
    spawn('ending a link', aborted);
  }

  /**
   * Opens the link: resolves once the coordinator has accepted it, and keeps it open from then on.
   * @throws RoundscopeError of the last attempt (`connect_refused`, `link_rejected`, ...), the signal's reason on abort
   */
  static async open(options: DialingLinkOptions): Promise<DialingLink> {
    options.signal.throwIfAborted();
    const link = new DialingLink(options);
    const onAbort = (): void => link.#core.finish({ code: 'aborted', reason: 'opening was aborted', local: true });
    options.signal.addEventListener('abort', onAbort, { once: true });
    options.onDialing?.(link);
    link.#run().catch((error: unknown) => link.#fail(error));
    try {
      await link.#opened.promise;
    } catch (error) {
      options.signal.throwIfAborted();
      throw error;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
    }
    return link;
  }

  get participant(): ParticipantId {
    return this.#core.participant;
  }

  get status(): LinkStatus {
    return this.#core.status;
  }
  get closed(): Promise<LinkEnd> {
    return this.#core.closed;
  }

  send(message: Outgoing, options: { readonly signal: AbortSignal }): Promise<SentMessage> {
    const sent = this.#core.send(message, options);
    if (this.#connectionPerMessage)
      sent.then(
        () => this.#faultChanged.notify(),
        () => undefined,
      );
    return sent;
  }

  readonly expect: Link['expect'] = (bulk) => this.#core.expect(bulk);

  withdraw(...what: Parameters<Link['withdraw']>): ReturnType<Link['withdraw']> {
    return this.#core.withdraw(...what);
  }

  messages(): AsyncIterable<Message, undefined> {
    return this.#core.messages();
  }

  onReset(listener: () => void): Disposable {
    return this.#core.onReset(listener);
  }

  get unreadable(): UnreadableLog {
    return this.#core.unreadable;
  }

  close(code: string, reason: string): Promise<void> {
    return this.#core.close(code, reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close('clean', 'disposed');
  }

  /**
   * The fault `connection-per-message`: while it is on, the link has no session of its own. Each message opens one, is
   * sent, and closes it, so that no answer can arrive. Once it is off the link resumes, and nothing that was sent is lost.
   */
  setConnectionPerMessage(on: boolean): void {
    if (on === this.#connectionPerMessage) return;
    this.#connectionPerMessage = on;
    if (on) this.#core.stopSession('clean', 'a connection per message from now on');
    this.#faultChanged.notify();
  }

  /** Drops the session that is open now, as if the network had; the link dials again. */
  dropSession(reason: string): void {
    this.#core.stopSession('lost', reason);
  }

  /** Opens another session in place of this one, as the transport's route says; nothing that is under way is lost. */
  changeSession(reason: string): void {
    this.#core.stopSession(migratedCode, reason);
  }

  /** The same coordinator is reached another way from now on: the session that is open goes, and the link dials again there. */
  moveTo(endpoints: Invitation['endpoints'], reason: string): void {
    this.#dialer.moveTo(endpoints);
    this.dropSession(reason);
  }

  /** Dials without a time limit from now on. */
  keepTrying(): void {
    this.#giveUpAfterMs = null;
    this.#patience?.unlimit();
    if (this.#patience !== null) this.#attempts.tellAgain(0);
  }

  /** Dials at once instead of after its pause. */
  tryNow(): void {
    this.#delay.reset();
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    while (this.#core.ended === null) {
      this.#patience ??= this.#beginPatience();
      try {
        await this.#connectAndServe();
      } catch (error) {
        this.#failure = error;
        this.#attempts.failed(error);
        if (isFinal(error, this.#resumes) || this.#patience?.remainingMs === 0) this.#giveUp(error);
        else this.#away(this.#resumes ? 'lost' : 'connecting', messageOf(error), detailsOfFailure(error));
      }
      await this.#pause();
    }
    this.#patience?.[Symbol.dispose]();
    this.#dialer.letGo();
    // Rejecting after it was resolved does nothing: only an opening that failed is told.
    this.#opened.reject(linkClosed(this.#core.ended.reason));
  }

  /** A mistake of ours: a link that nobody dials any more must not seem to be one that waits. */
  #fail(error: unknown): void {
    taskFailed('keeping the link open', error);
    this.#opened.reject(error);
    this.#core.finish({ code: 'internal', reason: messageOf(error), local: true });
  }

  /** Each time it is dialed this way again is no news. */
  #warnOnce(reason: string): void {
    if (reason !== this.#warned) this.#log.warn(this.#usual, reason);
    this.#warned = reason;
  }

  #probePreferredPath(wire: Wire): Disposable {
    return this.#dialer.probePreferredPath({
      busy: () => this.#core.outbox.size > 0 || [...this.#core.inbox.open()].length > 0,
      changeTo: (stack) => this.changeSession(`${stack} answers again`),
      onSilence: (reason) => {
        this.#warnOnce((wire.fallback = reason));
        const { state, reason: why } = this.status;
        if (/ready|degraded/.test(state)) this.#core.setState(state, why, { fallback: reason });
      },
    });
  }

  /** Says it once, however often the attempt is repeated. */
  #away(state: 'lost' | 'connecting', reason: string, details: StateDetails): void {
    const { status, ended } = this.#core;
    if (ended === null && (status.state !== state || status.reason !== reason))
      this.#core.setState(state, reason, details);
  }

  #beginPatience(): AwakeTimer {
    const limitMs = this.#resumes ? this.#giveUpAfterMs : (this.#options.patienceMs ?? 0);
    return new AwakeTimer({
      clock: this.#options.clock,
      limitMs,
      // The first attempt is let finish, so that it can be told what is wrong.
      onOver: () => this.#failure !== null && this.#giveUp(this.#failure),
      onWoke: () => this.tryNow(),
    });
  }

  #answered(): void {
    this.#failure = null;
    this.#patience?.[Symbol.dispose]();
    this.#patience = null;
    this.#attempts.connected();
    this.#heard = true;
  }

  /** The link has never been open, the coordinator has said no, or it has not answered for too long. */
  #giveUp(error: unknown): void {
    this.#opened.reject(error);
    if (this.#resumes && !isFinal(error, this.#resumes)) {
      const reason = `the coordinator has not answered for ${durationText(this.#giveUpAfterMs ?? 0)}; the run may have ended`;
      return this.#core.finish({ code: 'coordinator_gone', reason, local: true });
    }
    const known = error instanceof RoundscopeError ? error : null;
    const status = runStatusSchema.safeParse(known?.context['status']).data;
    this.#core.finish({ code: known?.code ?? 'internal', reason: messageOf(error), local: true, status });
  }

  async #pause(): Promise<void> {
    if (this.#core.closing || this.#connectionPerMessage) return;
    const pauseMs = this.#delay.next();
    this.#attempts.pauses(pauseMs);
    this.#wake = new AbortController();
    const signal = AbortSignal.any([this.#over.signal, this.#wake.signal]);
    // Aborting is how closing the link, or somebody who wants to try at once, ends the pause; the loop looks for it.
    await this.#options.clock.sleep(pauseMs, { signal }).catch(() => undefined);
  }

  async #connectAndServe(): Promise<void> {
    const single = this.#connectionPerMessage;
    if (single && this.#unsent() === null && this.#core.ended === null) await this.#waitForWork();
    if (this.#core.closing || single !== this.#connectionPerMessage) return;
    const { wire, peer } = await this.#connect();
    const entry = this.#unsent();
    if (single && this.#connectionPerMessage) {
      return entry === null ? sendHeartbeatAndClose(wire, this.#core) : sendOneAndClose(wire, entry, this.#core);
    }
    this.#opened.resolve();
    using _probe = wire.fallback === undefined ? null : this.#probePreferredPath(wire);
    const sinceMs = this.#options.clock.monotonicMs();
    const { code } = await this.#core.serve(wire, peer);
    this.#delay.served(this.#options.clock.monotonicMs() - sinceMs, code);
  }

  #unsent(): ReturnType<LinkCore['outbox']['nextControl']> {
    for (const entry of this.#core.outbox.entries()) if (!entry.sentOnce) return entry;
    return null;
  }

  /** Until there is a message to send, or a heartbeat is due. */
  async #waitForWork(): Promise<void> {
    using _due = this.#options.clock.timer(timing.heartbeatMs, () => this.#faultChanged.notify());
    // Rejects when the link is closed, which the caller looks for.
    await this.#faultChanged.waitFor(this.#over.signal).catch(() => undefined);
  }

  /** Dials and says hello. */
  async #connect(): Promise<{ readonly wire: Wire; readonly peer: ReceivedState }> {
    const { clock, entropy, identity, invitation, participant } = this.#options;
    if (!this.#resumes && this.#failure === null) this.#away('connecting', 'dialing', {});
    const session = await this.#dialer.dial(this.#dialLimitMs());
    if (this.#over.signal.aborted) {
      // Dialed before the abort was seen: a link that is over opens nothing.
      await session.close('aborted', 'the link was closed');
      throw this.#over.signal.reason;
    }
    const context = { participant, protocol: session.protocol, stack: session.stack, connection: 0 };
    this.#core.opened(context);
    // Why it changes is the better word while it does.
    if (this.#resumes && !this.#core.changing) this.#core.setState('resuming', `somebody answers at ${session.remote}`);
    this.#log.connection(context, 'connection_open', { local: true, note: `to ${session.remote}` });
    const wire = new Wire(session, { clock, log: this.#log, context });
    const onOver = (): void => spawn('closing a session', wire.close('aborted', 'the link was closed'));
    this.#over.signal.addEventListener('abort', onOver, { once: true });
    try {
      const { peer, epoch } = await sayHello(wire, {
        invitation,
        identity,
        participant,
        instance: this.#instance,
        nonce: entropyHex(entropy, 16),
        resumes: this.#resumes,
        epoch: this.#epoch,
        state: this.#core.inbox.state(),
      });
      if (this.#epoch !== undefined && epoch !== this.#epoch) {
        this.#log.warn(
          context,
          'the coordinator knows nothing of this link any more: it was restarted, or the link was away for too long; it begins again',
        );
        this.#core.beginAgain();
      }
      this.#epoch = epoch;
      this.#resumes = true;
      this.#answered();
      return { wire, peer };
    } catch (error) {
      await wire.close('hello_failed', messageOf(error));
      this.#log.connection(context, 'connection_close', { local: true, note: messageOf(error) });
      throw error;
    } finally {
      this.#over.signal.removeEventListener('abort', onOver);
    }
  }

  /** No longer than there is patience for a first connection. */
  #dialLimitMs(): number {
    const left = this.#patience?.remainingMs ?? null;
    if (this.#resumes || left === null || left === 0) return timing.connectTimeoutMs;
    return Math.min(timing.connectTimeoutMs, Math.max(dialGraceMs, Math.ceil(left / 100) * 100));
  }
}

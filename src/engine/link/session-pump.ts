import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import { InvariantError } from '#shared/base/invariant.ts';
import { spawn } from '#shared/base/spawn.ts';
import { timing } from '#shared/contract/limits.ts';
import { Heartbeats } from './health/heartbeats.ts';
import type { LinkFrameOf } from './link-frames.ts';
import { writeAck, writeControl, writeGoodbye } from './transfer/control-writer.ts';
import { findDeath, findTrouble, TransferClock, type LifeSigns, type Trouble } from './health/link-health.ts';
import { MessageReceiver } from './transfer/message-receiver.ts';
import { Notifier } from './notifier.ts';
import { noRoom, type PumpParts } from './pump-parts.ts';
import type { AckNews, OutboxEntry } from './transfer/outbox.ts';
import type { SessionEnd } from './session-end.ts';
import { writeTransfer, writeWithdrawal } from './transfer/transfer-writer.ts';
import { messageOf, type Received, type Wire } from './wire.ts';

/** Acknowledgements wait this long for company. */
const ackDelayMs = 50;

/** Carries messages both ways over one session until that ends: writes what the outbox holds, reads, acknowledges, listens for life. */
export class SessionPump {
  readonly #wire: Wire;
  readonly #parts: PumpParts;
  readonly #controlWork = new Notifier();
  readonly #bulkWork = new Notifier();
  #end: SessionEnd | null = null;
  #ackNow = false;
  #ackTimer: Disposable | null = null;
  #tickTimer: Disposable | null = null;
  #silenceTimer: Disposable | null = null;
  #tickMs: number;
  #heartbeatDue = false;
  #heard = false;
  readonly #heartbeats = new Heartbeats();
  readonly #receiver: MessageReceiver;
  #ackedMs: number;
  #paused = false;
  readonly #transfers = new TransferClock();
  #trouble: string | null = null;
  /** Transfers of which the peer holds a part, and of which it is to be told that no more comes. */
  readonly #withdrawals = new Set<string>();
  #goodbye: { readonly code: string; readonly reason: string } | null = null;

  constructor(wire: Wire, parts: PumpParts) {
    this.#wire = wire;
    this.#parts = parts;
    this.#tickMs = wire.clock.monotonicMs();
    this.#ackedMs = this.#tickMs;
    this.#receiver = new MessageReceiver(wire, parts, {
      acknowledge: (when) => (when === 'now' ? this.#acknowledgeNow() : this.#acknowledgeSoon()),
      refuseSession: (code, reason) => this.#refuseSession(code, reason),
    });
  }

  get lastHeardMs(): number {
    return this.#wire.lastHeardMs;
  }

  /** Runs the session to its end. */
  async run(): Promise<SessionEnd> {
    this.#scheduleTick();
    this.#heartbeatDue = true;
    await Promise.all([this.#readLoop(), this.#controlLoop(), this.#bulkLoop()]);
    this.#tickTimer?.[Symbol.dispose]();
    this.#silenceTimer?.[Symbol.dispose]();
    this.#ackTimer?.[Symbol.dispose]();
    const end = this.#end as SessionEnd | null;
    return end ?? { code: 'lost', reason: 'the session ended', goodbye: false, local: false };
  }

  /** The outbox has something new. */
  wake(): void {
    this.#controlWork.notify();
    this.#bulkWork.notify();
  }

  /** The peer may hold parts of transfers that are not here any more. */
  tellWithdrawn(ids: Iterable<string>): void {
    for (const id of ids) this.#withdrawals.add(id);
    this.wake();
  }

  /** Sends goodbye once the outbox is empty or `flush` is over, then ends. */
  sayGoodbye(code: string, reason: string): void {
    this.#goodbye = { code: code.slice(0, 40), reason: reason.slice(0, 500) };
    this.#controlWork.notify();
  }

  /** Ends the session from this side. */
  stop(code: string, reason: string): void {
    this.#finish({ code, reason, goodbye: false, local: true });
  }

  /** The same for a session that its peer has given up already: nobody is left to wait for, and another one waits. */
  giveWay(code: string, reason: string): void {
    this.stop(code, reason);
    this.#wire.session.abort?.();
  }

  #finish(end: SessionEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#parts.onEnd(end);
    spawn('closing a session', this.#wire.close(end.code, end.reason));
    this.wake();
    this.#parts.queue.wake();
  }

  // --- sending ---

  async #controlLoop(): Promise<void> {
    while (this.#end === null) {
      // Asked and awaited without a pause between: what comes up in one would not be noticed before the next heartbeat.
      const writing = this.#writeNextControl();
      if (writing === null) await this.#controlWork.wait();
      else if ((await writing) === 'goodbye')
        return this.#finish({ ...(this.#goodbye as { code: string; reason: string }), goodbye: false, local: true });
    }
  }

  /** Null: there is nothing to write. */
  #writeNextControl(): Promise<'sent' | 'goodbye'> | null {
    const { inbox, outbox } = this.#parts;
    if (this.#heartbeatDue) {
      this.#heartbeatDue = false;
      return this.#attempt(() => this.#writeHeartbeat());
    }
    if (this.#ackNow) {
      this.#ackNow = false;
      return this.#attempt(() => writeAck(this.#wire, inbox.state()));
    }
    for (const id of this.#withdrawals) {
      this.#withdrawals.delete(id);
      return this.#attempt(() => writeWithdrawal(this.#wire, { id, round: 0 }, 'control'));
    }
    const entry = outbox.nextControl();
    if (entry !== null) {
      this.#markSent(entry);
      return this.#attempt(() => writeControl(this.#wire, entry, inbox.received));
    }
    return this.#goodbye === null ? null : this.#writeGoodbye(this.#goodbye);
  }

  async #writeGoodbye(why: { readonly code: string; readonly reason: string }): Promise<'goodbye'> {
    await this.#attempt(() => writeGoodbye(this.#wire, why));
    return 'goodbye';
  }

  /** A failed write ends the session: what it carried is still in the outbox. */
  async #attempt(write: () => Promise<void>): Promise<'sent'> {
    try {
      await write();
    } catch (error) {
      const code = error instanceof RoundscopeError ? error.code : 'lost';
      // A write that finds the session ended does not know why; the session does, and may name the peer's reason.
      if (code === 'session_closed') await this.#finishAsClosed();
      else this.#finish({ code, reason: messageOf(error), goodbye: false, local: true });
    }
    return 'sent';
  }

  #markSent(entry: OutboxEntry): void {
    entry.sentMs = this.#wire.clock.monotonicMs();
    entry.sentOnce = true;
  }

  async #writeHeartbeat(): Promise<void> {
    const beat = this.#heartbeats.next(this.#wire.clock.monotonicMs(), this.#parts.inbox.received);
    const frame = this.#paused ? { ...beat, full: true as const } : beat;
    await this.#wire.write(frame, { lane: 'control', note: { kind: 'heartbeat' } });
  }

  async #bulkLoop(): Promise<void> {
    // Lanes are not ordered: a chunk sent at once could overtake hello_ack and find a peer that is still opening. The peer's
    // first frame, a heartbeat sent at once, shows that it is there.
    while (!this.#heard && this.#end === null) await this.#bulkWork.wait();
    while (this.#end === null) {
      const entry = this.#parts.outbox.nextBulk();
      if (entry === null) await this.#bulkWork.wait();
      else await this.#attempt(() => this.#writeTransfer(entry));
    }
  }

  async #writeTransfer(entry: OutboxEntry): Promise<void> {
    this.#markSent(entry);
    this.#parts.outbox.begins(entry);
    await writeTransfer(this.#wire, entry, {
      ack: this.#parts.inbox.received,
      // The link's own: a transport with a broker in between may know that one's.
      rttMs: () => this.#heartbeats.rttMs,
      goesOn: () => this.#end === null,
      onChunk: (bytes) => {
        entry.sentMs = this.#wire.clock.monotonicMs();
        this.#parts.onPayload('sent', bytes);
      },
    });
  }

  // --- receiving ---

  async #readLoop(): Promise<void> {
    try {
      while (this.#end === null) {
        const received = await this.#wire.read();
        if (received === null) break;
        if (!this.#heard) {
          this.#heard = true;
          this.#bulkWork.notify();
        }
        const before = this.#parts.inbox.received;
        this.#take(received);
        this.#parts.inbox.check(before);
        await this.#waitForReader();
      }
    } catch (error) {
      // What is still to be written is the goodbye, which ends the session.
      if (error instanceof InvariantError) return this.#parts.onFault(error);
      const code = error instanceof RoundscopeError ? error.code : 'garbage';
      this.#finish({ code, reason: messageOf(error), goodbye: false, local: true });
    }
    await this.#finishAsClosed();
  }

  async #finishAsClosed(): Promise<void> {
    if (this.#end !== null) return;
    const { code, reason, local } = await this.#wire.session.closed;
    this.#finish({ code, reason, goodbye: false, local });
  }

  /** Back-pressure: while the layers above do not read, neither do we, and the peer's sends wait. */
  async #waitForReader(): Promise<void> {
    const { queue, inbox, onWait } = this.#parts;
    while ((queue.full || inbox.waits) && this.#end === null) {
      if (!this.#paused) onWait();
      this.#paused = true;
      await queue.changed();
    }
    if (this.#paused) this.#wire.lastHeardMs = this.#wire.clock.monotonicMs();
    this.#paused = false;
  }

  #take(received: Received): void {
    const { frame } = received;
    switch (frame?.t) {
      case 'message':
        this.#takeAck(frame.ack);
        return this.#receiver.takeMessage(received, frame);
      case 'chunk':
        return this.#receiver.takeChunk(received, frame);
      case 'ack':
        this.#receiver.report(received, { kind: 'ack' });
        this.#acknowledged(this.#parts.outbox.acknowledge(frame.state));
        return this.tellWithdrawn(this.#parts.outbox.unknown(frame.state));
      case 'withdraw':
        return this.#receiver.takeWithdrawal(received, frame);
      case 'heartbeat':
        return this.#takeHeartbeat(received, frame);
      case 'goodbye':
        this.#receiver.report(received, { kind: 'goodbye', note: `${frame.code}: ${frame.reason}` });
        return this.#finish({ code: frame.code, reason: frame.reason, goodbye: true, local: false });
      case 'hello':
      case 'hello_ack':
      case 'challenge':
      case 'proof':
        this.#receiver.report(received, {
          kind: frame.t,
          status: 'malformed',
          note: 'belongs before the link is ready',
        });
        return this.#refuseSession('frame_malformed', `${frame.t} after the link was ready`);
      case undefined:
        return this.#receiver.report(received, {
          kind: received.kind,
          status: 'rejected',
          note: 'unknown kind of frame, ignored',
        });
    }
  }

  #refuseSession(code: ErrorCode, reason: string): void {
    this.#finish({ code, reason, goodbye: false, local: true });
  }

  #takeHeartbeat(received: Received, frame: LinkFrameOf<'heartbeat'>): void {
    const rttMs = this.#heartbeats.take(frame, this.#wire.clock.monotonicMs());
    this.#wire.log.frame(this.#wire.context, {
      ...received.note,
      kind: 'heartbeat',
      ...(rttMs === null ? {} : { durationMs: rttMs }),
    });
    this.#takeAck(frame.ack);
    const full = frame.full === true;
    // Its pause is no silence of ours, nor does what waits for it count against it from before.
    if (this.#wire.peerFull && !full) {
      this.#transfers.forgive();
      this.#ackedMs = this.#wire.clock.monotonicMs();
    }
    this.#wire.peerFull = full;
    // What it tells need not wait for our own next one.
    if (this.#heartbeats.isUnheard && this.#end === null) this.#check(this.#wire.clock.monotonicMs());
  }

  // --- acknowledgements and life ---

  #takeAck(receivedByPeer: number): void {
    this.#acknowledged(this.#parts.outbox.acknowledgeControl(receivedByPeer));
  }

  #acknowledged(news: AckNews): void {
    if (news === 'nothing') return;
    if (news === 'impossible') return this.#refuseSession('frame_malformed', 'acknowledges what was never sent');
    this.#ackedMs = this.#wire.clock.monotonicMs();
    this.#parts.onAcknowledged();
    this.wake();
  }

  #acknowledgeSoon(): void {
    this.#ackTimer ??= this.#wire.clock.timer(ackDelayMs, () => {
      this.#ackTimer = null;
      this.#acknowledgeNow();
    });
  }

  #acknowledgeNow(): void {
    this.#ackTimer?.[Symbol.dispose]();
    this.#ackTimer = null;
    this.#ackNow = true;
    this.#controlWork.notify();
  }

  #scheduleTick(): void {
    if (this.#end !== null) return;
    this.#tickTimer = this.#wire.clock.timer(timing.heartbeatMs, () => this.#tick());
  }

  #tick(): void {
    if (this.#end !== null) return;
    const nowMs = this.#wire.clock.monotonicMs();
    // A tick that comes late means that we were the ones asleep: what the peer sent meanwhile has not been read yet.
    const late = nowMs - this.#tickMs > 2 * timing.heartbeatMs;
    this.#tickMs = nowMs;
    this.#parts.onTick(this.#heartbeats.rttMs ?? this.#wire.session.stats().rttMs);
    if (late || this.#paused) this.#transfers.forgive();
    if (this.#parts.inbox.waits) {
      // What is not read cannot be heard.
      this.#wire.lastHeardMs = nowMs;
      this.#tell(noRoom);
    } else if (!late && !this.#paused) this.#check(nowMs);
    this.#heartbeatDue = true;
    this.#controlWork.notify();
    this.#scheduleTick();
  }

  /** Dead is ended, to be dialed again; slow is told. */
  #check(nowMs: number): void {
    const { outbox, inbox } = this.#parts;
    const silentMs = nowMs - this.#wire.lastHeardMs;
    this.#watchSilence(timing.peerSilentMs - silentMs);
    const signs: LifeSigns = {
      nowMs,
      stuck: this.#transfers.look(outbox, inbox, nowMs),
      blocked: this.#wire.session.blocked ?? '',
      obstacle: this.#wire.session.obstacle ?? null,
      peerFull: this.#wire.peerFull,
      lastHeardMs: this.#wire.lastHeardMs,
      rttMs: this.#heartbeats.rttMs,
      slowInARow: this.#heartbeats.slowInARow,
      unheard: this.#wire.log.side === 'participant' && this.#heartbeats.isUnheard,
      oldestSentMs: outbox.oldestSentMs(),
      oldestControlMs: outbox.oldestControlMs(),
      ackedMs: this.#ackedMs,
    };
    const death = findDeath(signs);
    if (death !== null) return this.stop(death.code, death.reason);
    const trouble = findTrouble(signs);
    this.#tell(trouble);
  }

  #tell(trouble: Trouble | null): void {
    // An obstacle is another one when its words are.
    const kind = trouble === null ? null : trouble.kind === 'obstacle' ? trouble.reason : trouble.kind;
    if (kind === this.#trouble) return;
    this.#trouble = kind;
    this.#parts.onHealth(trouble);
  }

  /** The limit of silence need not wait for the heartbeat after it. */
  #watchSilence(leftMs: number): void {
    this.#silenceTimer?.[Symbol.dispose]();
    this.#silenceTimer = null;
    if (leftMs <= 0 || leftMs >= timing.heartbeatMs) return;
    const dueMs = this.#wire.clock.monotonicMs() + leftMs;
    this.#silenceTimer = this.#wire.clock.timer(leftMs, () => {
      const nowMs = this.#wire.clock.monotonicMs();
      // Late, it is we who were asleep.
      if (nowMs - dueMs < timing.heartbeatMs && !this.#paused && this.#end === null) this.#check(nowMs);
    });
  }
}

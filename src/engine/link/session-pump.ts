import { decodeMessageHeader, salvageHeader } from '#engine/codec/message-codec.ts';
import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { timing } from '#shared/contract/limits.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import type { PacketStatus } from '#shared/contract/packet.ts';
import { Heartbeats } from './heartbeats.ts';
import type { Inbox, Judgement } from './inbox.ts';
import type { LinkFrameOf } from './link-frames.ts';
import type { MessageQueue } from './message-queue.ts';
import { Notifier } from './notifier.ts';
import type { AckNews, Outbox, OutboxEntry } from './outbox.ts';
import { noteOf, writeTransfer } from './transfer-writer.ts';
import { messageOf, type Received, type Wire } from './wire.ts';

/** Acknowledgements wait this long for company. */
const ackDelayMs = 50;

/** How a session ended. `goodbye`: the peer closed the link itself, with the code and reason that it gave. */
export interface SessionEnd {
  readonly code: string;
  readonly reason: string;
  readonly goodbye: boolean;
  readonly local: boolean;
}

/** What the pump works on: the link's memory, which outlives sessions. */
export interface PumpParts {
  readonly run: string;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly queue: MessageQueue;
  /** A message of the peer could not be taken; the link answers with `error` where that makes sense. */
  readonly onRefused: (
    about: { readonly kind: string; readonly id: string; readonly round: number },
    error: { readonly code: ErrorCode; readonly reason: string },
  ) => void;
  /** The peer has acknowledged something: there may be room. */
  readonly onAcknowledged: () => void;
  readonly onPayload: (side: 'sent' | 'received', bytes: number) => void;
  /** Once per heart-beat. */
  readonly onTick: (rttMs: number | null) => void;
}

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
  #tickMs: number;
  #heartbeatDue = false;
  #heard = false;
  readonly #heartbeats = new Heartbeats();
  #ackedMs: number;
  #paused = false;
  #goodbye: { readonly code: string; readonly reason: string } | null = null;

  constructor(wire: Wire, parts: PumpParts) {
    this.#wire = wire;
    this.#parts = parts;
    this.#tickMs = wire.clock.monotonicMs();
    this.#ackedMs = this.#tickMs;
    parts.outbox.beginSession();
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
    this.#ackTimer?.[Symbol.dispose]();
    const end = this.#end as SessionEnd | null;
    return end ?? { code: 'lost', reason: 'the session ended', goodbye: false, local: false };
  }

  /** The outbox has something new. */
  wake(): void {
    this.#controlWork.notify();
    this.#bulkWork.notify();
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

  #finish(end: SessionEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    void this.#wire.close(end.code, end.reason);
    this.wake();
    this.#parts.queue.wake();
  }

  // --- sending ---

  async #controlLoop(): Promise<void> {
    while (this.#end === null) {
      const sent = await this.#writeNextControl();
      if (sent === 'nothing') await this.#controlWork.wait();
      else if (sent === 'goodbye')
        return this.#finish({ ...(this.#goodbye as { code: string; reason: string }), goodbye: false, local: true });
    }
  }

  async #writeNextControl(): Promise<'sent' | 'nothing' | 'goodbye'> {
    const { inbox, outbox } = this.#parts;
    if (this.#heartbeatDue) {
      this.#heartbeatDue = false;
      return this.#attempt(() => this.#writeHeartbeat());
    }
    if (this.#ackNow) {
      this.#ackNow = false;
      return this.#attempt(() =>
        this.#wire.write({ t: 'ack', state: inbox.state() }, { lane: 'control', note: { kind: 'ack' } }),
      );
    }
    const entry = outbox.nextControl();
    if (entry !== null) {
      this.#markSent(entry);
      const frame = {
        t: 'message',
        seq: entry.seq,
        header: entry.wire as Record<string, unknown>,
        ack: inbox.received,
      } as const;
      return this.#attempt(() => this.#wire.write(frame, { lane: 'control', note: noteOf(entry.header) }));
    }
    if (this.#goodbye === null) return 'nothing';
    const goodbye = { t: 'goodbye', ...this.#goodbye } as const;
    await this.#attempt(() =>
      this.#wire.write(goodbye, {
        lane: 'control',
        note: { kind: 'goodbye', note: `${goodbye.code}: ${goodbye.reason}` },
      }),
    );
    return 'goodbye';
  }

  /** A failed write ends the session: what it carried is still in the outbox. */
  async #attempt(write: () => Promise<void>): Promise<'sent'> {
    try {
      await write();
    } catch (error) {
      const code = error instanceof RoundscopeError ? error.code : 'lost';
      this.#finish({ code, reason: messageOf(error), goodbye: false, local: true });
    }
    return 'sent';
  }

  #markSent(entry: OutboxEntry): void {
    entry.sentMs = this.#wire.clock.monotonicMs();
    entry.sentOnce = true;
  }

  async #writeHeartbeat(): Promise<void> {
    const frame = this.#heartbeats.next(this.#wire.clock.monotonicMs(), this.#parts.inbox.received);
    await this.#wire.write(frame, { lane: 'control', note: { kind: 'heartbeat' } });
  }

  async #bulkLoop(): Promise<void> {
    // Lanes are not ordered: a chunk sent at once could overtake hello_ack and find a peer that is still opening. The peer's
    // first frame, a heart-beat sent at once, shows that it is there.
    while (!this.#heard && this.#end === null) await this.#bulkWork.wait();
    while (this.#end === null) {
      const entry = this.#parts.outbox.nextBulk();
      if (entry === null) await this.#bulkWork.wait();
      else await this.#attempt(() => this.#writeTransfer(entry));
    }
  }

  async #writeTransfer(entry: OutboxEntry): Promise<void> {
    this.#markSent(entry);
    await writeTransfer(this.#wire, entry, {
      ack: this.#parts.inbox.received,
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
        this.#take(received);
        await this.#waitForReader();
      }
    } catch (error) {
      const code = error instanceof RoundscopeError ? error.code : 'garbage';
      this.#finish({ code, reason: messageOf(error), goodbye: false, local: true });
    }
    if (this.#end !== null) return;
    const closed = await this.#wire.session.closed;
    this.#finish({ code: closed.code, reason: closed.reason, goodbye: false, local: closed.local });
  }

  /** Back-pressure: while the layers above do not read, neither do we, and the peer's sends wait. */
  async #waitForReader(): Promise<void> {
    while (this.#parts.queue.full && this.#end === null) {
      this.#paused = true;
      await this.#parts.queue.changed();
    }
    if (this.#paused) this.#wire.lastHeardMs = this.#wire.clock.monotonicMs();
    this.#paused = false;
  }

  #take(received: Received): void {
    const { frame } = received;
    switch (frame?.t) {
      case 'message':
        return frame.transfer === undefined
          ? this.#takeControl(received, frame)
          : this.#takeAnnouncement(received, frame, frame.transfer);
      case 'chunk':
        return this.#takeChunk(received, frame);
      case 'ack':
        this.#report(received, { kind: 'ack' });
        return this.#acknowledged(this.#parts.outbox.acknowledge(frame.state));
      case 'heartbeat':
        return this.#takeHeartbeat(received, frame);
      case 'goodbye':
        this.#report(received, { kind: 'goodbye', note: `${frame.code}: ${frame.reason}` });
        return this.#finish({ code: frame.code, reason: frame.reason, goodbye: true, local: false });
      case 'hello':
      case 'hello_ack':
      case 'challenge':
      case 'proof':
        this.#report(received, { kind: frame.t, status: 'malformed', note: 'belongs before the link is ready' });
        return this.#refuseSession('frame_malformed', `${frame.t} after the link was ready`);
      case undefined:
        return this.#report(received, {
          kind: received.kind,
          status: 'rejected',
          note: 'unknown kind of frame, ignored',
        });
    }
  }

  #takeControl(received: Received, frame: LinkFrameOf<'message'>): void {
    this.#takeAck(frame.ack);
    const about = salvageHeader(frame.header);
    const seen = frame.seq === undefined ? null : this.#parts.inbox.takeControl(frame.seq);
    if (seen === null)
      return this.#judged(received, about, {
        verdict: 'fatal',
        code: 'header_invalid',
        reason: 'message with neither number nor transfer',
      });
    if (seen.verdict !== 'accepted') return this.#judged(received, about, seen);
    this.#acknowledgeSoon();
    const header = this.#judgeHeader(frame.header);
    if (!header.ok)
      return this.#judged(received, about, {
        verdict: 'refused',
        code: header.error.code,
        reason: header.error.message,
      });
    if (header.value.payload !== undefined) {
      return this.#judged(received, about, {
        verdict: 'refused',
        code: 'header_invalid',
        reason: `${header.value.kind} came without its bytes`,
      });
    }
    this.#judged(
      received,
      { ...about, replyTo: header.value.replyTo ?? '' },
      { verdict: 'accepted', message: { header: header.value } },
    );
  }

  #takeAnnouncement(received: Received, frame: LinkFrameOf<'message'>, transfer: string): void {
    this.#takeAck(frame.ack);
    const about = salvageHeader(frame.header);
    const header = this.#judgeHeader(frame.header);
    const judged = !header.ok
      ? { code: header.error.code, reason: header.error.message }
      : header.value.id === transfer
        ? { header: header.value }
        : { code: 'header_invalid' as const, reason: `transfer ${transfer} announces message ${header.value.id}` };
    const judgement = this.#parts.inbox.announce(transfer, frame.offset ?? 0, judged);
    if (judgement.verdict !== 'accepted' || judgement.message !== null) this.#acknowledgeNow();
    this.#judged(received, about, judgement);
  }

  #judgeHeader(wire: Readonly<Record<string, unknown>>): Result<MessageHeader, RoundscopeError> {
    const header = decodeMessageHeader(wire);
    if (!header.ok) return header;
    const { sender, run } = header.value;
    const { log, context } = this.#wire;
    const expected = log.side === 'participant' ? coordinatorId : context.participant;
    if (run !== this.#parts.run)
      return err(linkError('run_mismatch', `message of run ${run} on a link of run ${this.#parts.run}`));
    if (sender !== expected)
      return err(linkError('sender_mismatch', `message from ${sender} on the link of ${expected}`));
    return ok(header.value);
  }

  #takeChunk(received: Received, frame: LinkFrameOf<'chunk'>): void {
    const { inbox, onPayload } = this.#parts;
    const transfer = inbox.transfer(frame.transfer);
    const judgement = inbox.takeChunk(frame.transfer, frame.offset, received.body);
    const round = transfer?.header.round ?? 0;
    if (transfer !== undefined && judgement.verdict === 'accepted') {
      onPayload('received', received.body.byteLength);
      const { log, context, clock } = this.#wire;
      const { kind, id } = transfer.header;
      const told = { bytes: transfer.receivedBytes, totalBytes: transfer.info.length, nowMs: clock.monotonicMs() };
      log.progress(context, { side: 'received', id, round, kind, ...told });
    }
    if (transfer?.complete === true) this.#acknowledgeNow();
    else this.#acknowledgeSoon();
    const about = { kind: 'chunk', id: frame.transfer, round, chunk: `${frame.index}/${frame.count}` };
    this.#judged(received, about, judgement);
  }

  /** Reports the frame with what became of it, and draws the consequence. */
  #judged(received: Received, about: About, judgement: Judgement): void {
    const { kind, id, round, replyTo, chunk } = about;
    const shown = {
      kind: kind === '' ? received.kind : kind,
      messageId: id,
      round,
      replyTo: replyTo ?? '',
      chunk: chunk ?? '',
    };
    switch (judgement.verdict) {
      case 'accepted':
        this.#report(received, shown);
        if (judgement.message !== null) this.#parts.queue.push(judgement.message);
        return;
      case 'duplicate':
        this.#acknowledgeSoon();
        return this.#report(received, { ...shown, status: 'duplicate', note: 'was here already' });
      case 'refused':
        this.#report(received, { ...shown, status: 'rejected', note: `${judgement.code}: ${judgement.reason}` });
        return this.#parts.onRefused({ kind, id, round }, judgement);
      case 'fatal':
        this.#report(received, { ...shown, status: 'malformed', note: `${judgement.code}: ${judgement.reason}` });
        return this.#refuseSession(judgement.code, judgement.reason);
    }
  }

  #report(
    { note }: Received,
    more: { readonly kind: string; readonly status?: PacketStatus; readonly note?: string },
  ): void {
    this.#wire.log.frame(this.#wire.context, { ...note, ...more });
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
    const nowMs = this.#wire.clock.monotonicMs();
    // A tick that comes late means that we were the ones asleep: what the peer sent meanwhile has not been read yet.
    const late = nowMs - this.#tickMs > 2 * timing.heartbeatMs;
    this.#tickMs = nowMs;
    this.#parts.onTick(this.#heartbeats.rttMs ?? this.#wire.session.stats().rttMs);
    const silentMs = nowMs - this.#wire.lastHeardMs;
    const oldestMs = this.#parts.outbox.oldestSentMs();
    if (!late && !this.#paused && silentMs >= timing.peerSilentMs) {
      this.stop('peer_silent', `nothing heard for ${(silentMs / 1000).toFixed(1)} s`);
    } else if (!late && oldestMs !== null && nowMs - Math.max(oldestMs, this.#ackedMs) >= timing.sendTimeoutMs) {
      this.stop('send_timeout', `nothing acknowledged for ${timing.sendTimeoutMs} ms`);
    }
    this.#heartbeatDue = true;
    this.#controlWork.notify();
    this.#scheduleTick();
  }
}

interface About {
  readonly kind: string;
  readonly id: string;
  readonly round: number;
  readonly replyTo?: string;
  readonly chunk?: string;
}

function linkError(code: 'run_mismatch' | 'sender_mismatch', message: string): RoundscopeError {
  return new RoundscopeError(code, { layer: 'link', message });
}

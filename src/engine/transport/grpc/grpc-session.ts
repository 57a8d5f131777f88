import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import { bytesIn } from '../../framing/parts.ts';
import { abortable } from '../shared/abortable.ts';
import { ownMemory } from '../../framing/give-back.ts';
import { Inbox } from '../inbox.ts';
import { sessionEnded } from '../session-errors.ts';
import type {
  CloseReason,
  IncomingFrame,
  Lane,
  OutgoingFrame,
  SentFrame,
  Session,
  SessionStats,
} from '../transport.ts';
import type { BulkWays } from './wire/bulk-ways.ts';
import type { Call } from './wire/call.ts';
import type { GrpcOptions } from './grpc-options.ts';
import { LaneWriter } from './wire/lane-writer.ts';
import { decodeBulk, decodeControl, encodeBulkFrames, encodeClose, encodeControlFrames } from './wire/messages.ts';
import { byteLength } from './wire/protobuf.ts';
import type { RoundTrip } from './round-trip.ts';
import type { CallEnd } from './wire/status-words.ts';

/** Frames may still be sent for this part of the time for closing; the rest is for the reason. */
const flushShare = 0.5;
/** A bulk call that breaks off may be the first sign of the session's end; it gets this long to show. */
const endGraceMs = 500;
/** Of a message on the wire: whether it is compressed, and its length. */
const messagePrefixBytes = 5;

export interface GrpcSessionInit {
  /** The `Session` call, accepted. */
  readonly control: Call;
  readonly bulk: BulkWays;
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly clock: Clock;
  readonly options: GrpcOptions;
  readonly roundTrip: RoundTrip;
  /** Lets go of what the session used; called once, when it has ended. */
  readonly release: () => void;
}

/** Lanes as gRPC calls: control on the call that is the session, each bulk transfer on its own. Both ends run this. */
export class GrpcSession implements Session {
  readonly protocol = 'grpc';
  readonly stack = 'grpc-js';
  readonly remote: string;
  readonly peerIdentity: string | null;
  readonly closed: Promise<CloseReason>;
  readonly #init: GrpcSessionInit;
  readonly #inbox = new Inbox();
  readonly #control: LaneWriter;
  readonly #bulk = new Map<Lane, LaneWriter>();
  /** Bulk calls that are not over, to be cut when the session ends. */
  readonly #calls = new Set<Call>();
  readonly #receiving = new Set<Promise<void>>();
  readonly #resolveClosed: (end: CloseReason) => void;
  /** The peer has nothing more to say on the control lane: it said `close`, or ended its half. */
  readonly #peerDone = Promise.withResolvers<void>();
  /** Why it ends, from the moment that this is known. */
  #ending: CloseReason | null = null;
  #ended = false;
  #closing: Promise<void> | null = null;
  #opened = 0;
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(init: GrpcSessionInit) {
    this.#init = init;
    this.remote = init.remote;
    this.peerIdentity = init.peerIdentity;
    this.#control = new LaneWriter({ open: () => Promise.resolve(init.control), encode: encodeControlFrames });
    const closed = Promise.withResolvers<CloseReason>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    spawn(
      'watching the control call',
      init.control.ended.then(({ code, reason }) => this.#finish({ ...lost(reason), code })),
    );
    spawn('reading the control call', this.#readControl());
  }

  frames(): AsyncIterable<IncomingFrame, undefined> {
    return this.#inbox;
  }

  async send(frame: OutgoingFrame, { signal }: { readonly signal: AbortSignal }): Promise<SentFrame> {
    signal.throwIfAborted();
    if (this.#ending !== null) throw sessionEnded(this.#ending);
    const bytes = byteLength(frame.parts);
    if (bytes > limits.frameBytesMax) throw tooLarge(bytes);
    const sending =
      frame.lane === 'control' ? this.#control.send({ frame: frame.parts }, signal) : this.#sendBulk(frame, signal);
    try {
      const stream = await sending;
      this.#sentBytes += bytes;
      return { stream };
    } catch (error) {
      if (signal.aborted || error instanceof RoundscopeError) throw error;
      throw sessionEnded(this.#ending ?? (await this.#graceForEnd()));
    }
  }

  stats(): SessionStats {
    return {
      rttMs: this.#init.roundTrip.ms,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      counters: [
        { name: 'bulk_calls', value: this.#opened },
        { name: 'bulk_calls_open', value: this.#calls.size },
      ],
    };
  }

  close(code: string, reason: string): Promise<void> {
    this.#closing ??= this.#shutDown({ code, reason, local: true });
    return this.#closing;
  }

  abort(): void {
    this.#finish({ code: 'aborted', reason: 'cut off at this end', local: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close('clean', 'no longer needed');
  }

  /** A call that brings a lane: an upload, at the coordinator. */
  receive(call: Call): void {
    if (this.#refuses(call)) return;
    this.#track(this.#readBulk(call, null), call);
  }

  /** A call that takes a lane: a download, at the coordinator. Its frames are the writer's; here it is kept for the end. */
  keep(call: Call): void {
    this.#calls.add(call);
    this.#opened++;
    spawn(
      'watching a bulk call',
      call.ended.then((end) => {
        this.#calls.delete(call);
        if (!end.ok) spawn('ending a session', this.#onBroken(brokenCall(call, end)));
      }),
    );
  }

  #sendBulk({ lane, parts, last }: OutgoingFrame, signal: AbortSignal): Promise<string> {
    let writer = this.#bulk.get(lane);
    if (writer === undefined) {
      writer = new LaneWriter({ open: () => this.#openBulk(lane), encode: encodeBulkFrames });
      this.#bulk.set(lane, writer);
    }
    const sending = writer.send({ frame: parts }, signal);
    if (last === true) {
      // Let go of now, so that a frame that comes later under the same name begins a new call.
      this.#bulk.delete(lane);
      spawn('ending a bulk call', writer.end());
    }
    return sending;
  }

  async #openBulk(lane: Lane): Promise<Call> {
    const never = new AbortController().signal;
    const tell = async (message: Buffer): Promise<void> => {
      await this.#control.send({ message }, never);
    };
    try {
      const call = await this.#init.bulk.open(lane, tell);
      this.keep(call);
      return call;
    } catch (error) {
      spawn('ending a session', this.#onBroken(error));
      throw error;
    }
  }

  async #readControl(): Promise<void> {
    const { control } = this.#init;
    try {
      await control.read((message) => this.#onControl(message, control.name));
    } catch {
      // It broke off: `control.ended` says how.
      return;
    }
    this.#peerDone.resolve();
    // After a close this is the way to end.
    if (this.#ending !== null) return;
    // A call that broke off looks the same for a moment.
    using grace = this.#init.clock.deadline(endGraceMs);
    await abortable(control.ended, grace).catch(() => undefined);
    if (this.#ending === null) this.#finish(lost('the peer ended the control call without closing the session'));
  }

  /** Null: nothing has to be waited for. */
  #onControl(bytes: Buffer, stream: string): Promise<void> | null {
    const message = decodeControl(bytes);
    if (!message.ok) {
      this.#garbage(message.error.message);
      return null;
    }
    const { frames, offer, close } = message.value;
    if (close !== null) this.#peerDone.resolve();
    // After the end it is read on, so that the call can end, and nothing is done about it.
    if (this.#ending !== null) return null;
    const room = this.#putAll(frames, 'control', stream);
    if (offer === null && close === null) return room;
    const goOn = (): void => {
      if (offer !== null) this.#onOffer(offer.number, offer.lane);
      if (close !== null) spawn('ending a session', this.#leave(close.code, close.reason));
    };
    if (room !== null) return room.then(goOn);
    goOn();
    return null;
  }

  #onOffer(number: number, lane: Lane): void {
    const call = this.#init.bulk.fetch(number);
    if (call === null) return this.#garbage('a participant offers what only a coordinator can');
    if (!this.#refuses(call)) this.#track(this.#readBulk(call, lane), call);
  }

  #refuses(call: Call): boolean {
    if (this.#ended) call.cut();
    else if (this.#receiving.size >= limits.grpcLanesMax) {
      call.cut();
      this.#garbage(`more than ${limits.grpcLanesMax} bulk transfers at once`);
    } else return false;
    return true;
  }

  #track(reading: Promise<void>, call: Call): void {
    this.#calls.add(call);
    this.#opened++;
    spawn(
      'watching a bulk call',
      call.ended.then((end) => {
        this.#calls.delete(call);
        if (end.code === 'garbage') spawn('ending a session', this.#onBroken(brokenCall(call, end)));
      }),
    );
    const done = reading.catch((error: unknown) => this.#onBroken(error)).finally(() => this.#receiving.delete(done));
    this.#receiving.add(done);
  }

  /** @param offered lane that the offer named; null: the first message does */
  async #readBulk(call: Call, offered: Lane | null): Promise<void> {
    let lane = offered;
    await call.read((bytes) => {
      const message = decodeBulk(bytes);
      if (!message.ok) throw message.error;
      const { frames, lane: named } = message.value;
      if (named !== null && lane !== null) throw misplaced(call, 'names its lane once');
      lane ??= named;
      if (lane === null) throw misplaced(call, 'begins with its lane');
      const [frame] = frames;
      if (frames.length === 1 && frame !== undefined && isAlone(bytes)) ownMemory(frame);
      return this.#putAll(frames, lane, call.name);
    });
    call.end();
  }

  /** Null: all of them have found room. */
  #putAll(frames: readonly Uint8Array[], lane: Lane, stream: string): Promise<void> | null {
    for (const [i, frame] of frames.entries()) {
      const room = this.#put({ lane, parts: [frame], stream });
      if (room !== null) return room.then(() => this.#putAll(frames.slice(i + 1), lane, stream) ?? undefined);
    }
    return null;
  }

  #put(frame: IncomingFrame): Promise<void> | null {
    this.#receivedBytes += bytesIn(frame.parts);
    return this.#inbox.put(frame);
  }

  async #shutDown(end: CloseReason): Promise<void> {
    const { clock, control, options } = this.#init;
    if (this.#ending === null) {
      this.#ending = end;
      // What is there can be read; whoever waits for room is let go, so that the peer's end is heard.
      this.#inbox.end();
      using limit = clock.deadline(options.closeTimeoutMs);
      try {
        await this.#flush(limit);
        await abortable(control.write(encodeClose(end.code, end.reason)), limit);
        await abortable(Promise.race([this.#peerDone.promise, control.ended]), limit);
        control.end();
        await abortable(control.ended, limit);
      } catch {
        // Out of time, or the call is over: nothing more can be said to the peer.
      }
      this.#finish(end);
    }
    await this.closed;
  }

  /** Lets waiting frames out, for part of the time: a peer that does not read shall still hear why we go. */
  async #flush(limit: AbortSignal): Promise<void> {
    using part = this.#init.clock.deadline(this.#init.options.closeTimeoutMs * flushShare, limit);
    const waiting = [...[...this.#bulk.values()].map((writer) => writer.end()), this.#control.finish()];
    await abortable(Promise.allSettled(waiting), part).catch(() => this.#failWriters());
  }

  /** The peer has said why it goes: what it sent before is read, then this end goes too. */
  async #leave(code: string, reason: string): Promise<void> {
    const { clock, control, options } = this.#init;
    const end = { code, reason, local: false };
    this.#ending = end;
    this.#failWriters();
    using limit = clock.deadline(options.closeTimeoutMs);
    try {
      await abortable(Promise.allSettled(this.#receiving), limit);
      control.end();
      await abortable(control.ended, limit);
    } catch {
      // Out of time: what was not read by now is lost with the session.
    }
    this.#finish(end);
  }

  #garbage(reason: string): void {
    if (this.#ending === null) spawn('closing a session', this.close('garbage', reason));
  }

  /** Bytes outside the contract end the session, and so does a bulk call that broke off: its frames are missing. */
  async #onBroken(error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof RoundscopeError && error.code === 'frame_malformed') return this.#garbage(reason);
    if (this.#ending !== null) return;
    await this.#graceForEnd();
    if (this.#ending === null) spawn('closing a session', this.close('lost', `a bulk call broke off: ${reason}`));
  }

  async #graceForEnd(): Promise<CloseReason> {
    using grace = this.#init.clock.deadline(endGraceMs);
    return await abortable(this.closed, grace).catch(() => lost('a bulk call broke off'));
  }

  #failWriters(): void {
    const error = sessionEnded(this.#ending ?? lost('it has ended'));
    for (const writer of [this.#control, ...this.#bulk.values()]) writer.fail(error);
    this.#bulk.clear();
  }

  #finish(end: CloseReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ending ??= end;
    this.#failWriters();
    this.#inbox.end();
    this.#init.bulk.end();
    for (const call of this.#calls) call.cut();
    this.#init.control.cut();
    this.#init.release();
    this.#resolveClosed(this.#ending);
  }
}

/** The library puts a message together behind its prefix of five bytes, in memory of its own where it is no small one. */
function isAlone({ byteOffset, byteLength, buffer }: Buffer): boolean {
  return byteOffset === messagePrefixBytes && byteLength + messagePrefixBytes === buffer.byteLength;
}

function misplaced(call: Call, rule: string): RoundscopeError {
  return new RoundscopeError('frame_malformed', { layer: 'transport', message: `${call.name}: a bulk call ${rule}` });
}

function brokenCall({ name }: Call, { code, reason }: CallEnd): Error {
  if (code === 'lost') return new Error(reason);
  return new RoundscopeError('frame_malformed', { layer: 'transport', message: `${name}: ${reason}` });
}

function lost(reason: string): CloseReason {
  return { code: 'lost', reason: reason === '' ? 'the call is over' : reason, local: false };
}

function tooLarge(bytes: number): RoundscopeError {
  return new RoundscopeError('frame_too_large', {
    layer: 'transport',
    message: `frame of ${bytes} bytes exceeds the limit of ${limits.frameBytesMax}`,
  });
}

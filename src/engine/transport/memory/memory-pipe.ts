import { RoundscopeError } from '#shared/base/errors.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { limits } from '#shared/contract/limits.ts';
import { bytesIn } from '../../framing/parts.ts';
import type { CloseReason, IncomingFrame, Lane, OutgoingFrame } from '../transport.ts';

/** What the wire does with the frames of one direction; all of it is decided by the network that made the pipe. */
export interface PipeWire {
  readonly clock: Clock;
  delayMs(lane: Lane, sizeBytes: number): number;
  /** Whether frames of the lane stay where they are for now: a partition, or a peer that stops reading. */
  holds(lane: Lane): boolean;
  /** Whether the session dies instead of carrying this frame. */
  breaks(lane: Lane, sizeBytes: number): boolean;
  onBreak(): void;
}

interface Waiting {
  readonly frame: IncomingFrame;
  readonly resolve: (sent: { readonly stream: string }) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

interface LaneState {
  /** Sends that flow control has not taken yet. */
  readonly waiting: Waiting[];
  /** Taken, arrived, not yet read. */
  readonly arrived: IncomingFrame[];
  /** Frames on their way, and when the last of them is due: the next must not overtake it. */
  readonly flying: IncomingFrame[];
  dueMs: number;
}

/** Flow control of a group of lanes: the control lane has its own, so that bulk never fills it. */
interface Budget {
  frames: number;
  bytes: number;
}

/** One direction of a session in memory: lanes in order, each group bounded, a sender waits until there is room. */
export class MemoryPipe {
  readonly #wire: PipeWire;
  readonly #lanes = new Map<Lane, LaneState>();
  readonly #control: Budget = { frames: 0, bytes: 0 };
  readonly #bulk: Budget = { frames: 0, bytes: 0 };
  readonly #flights = new Set<Disposable>();
  #end: CloseReason | null = null;
  #onEnd: ((reason: CloseReason) => void) | null = null;
  #pendingEnd: CloseReason | null = null;
  #wakeReader: (() => void) | null = null;
  deliveredBytes = 0;

  constructor(wire: PipeWire) {
    this.#wire = wire;
  }

  /** Called once when the reading end may know that the session is over. */
  set onEnd(listener: (reason: CloseReason) => void) {
    this.#onEnd = listener;
  }

  send(frame: OutgoingFrame, signal: AbortSignal): Promise<{ readonly stream: string }> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#end !== null || this.#pendingEnd !== null) return reject(sessionClosed(this.#end ?? this.#pendingEnd));
      const bytes = concat(frame.parts);
      const lane = this.#lane(frame.lane);
      const waiting: Waiting = {
        frame: { lane: frame.lane, parts: [bytes], stream: frame.lane },
        resolve,
        reject,
        signal,
        onAbort: () => {
          lane.waiting.splice(lane.waiting.indexOf(waiting), 1);
          reject(signal.reason);
        },
      };
      signal.addEventListener('abort', waiting.onAbort, { once: true });
      lane.waiting.push(waiting);
      this.#takeFrom(lane);
    });
  }

  /** Next frame, the control lane's first; null when there is none now. */
  take(): IncomingFrame | null {
    const frame = this.#arrivedIn('control') ?? this.#firstBulk();
    if (frame === null) return null;
    const budget = this.#budget(frame.lane);
    budget.frames--;
    budget.bytes -= bytesIn(frame.parts);
    this.deliveredBytes += bytesIn(frame.parts);
    for (const [name, lane] of this.#lanes) {
      this.#takeFrom(lane);
      if (name !== 'control' && lane.waiting.length + lane.arrived.length + lane.flying.length === 0)
        this.#lanes.delete(name);
    }
    return frame;
  }

  get ended(): boolean {
    return this.#end !== null;
  }

  /** Resolves when `take` may have something, or the pipe has ended. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReader = resolve;
    });
  }

  /** Looks again at what is held: after a partition has healed. */
  recheck(): void {
    this.#settleEnd();
    for (const lane of this.#lanes.values()) this.#takeFrom(lane);
    this.#wake();
  }

  /** In order after what has been taken (clean), or at once with everything on the way lost. */
  finish(reason: CloseReason, how: 'after_frames' | 'at_once'): void {
    if (this.#end !== null) return;
    this.#pendingEnd ??= reason;
    for (const lane of this.#lanes.values()) this.#rejectWaiting(lane, reason);
    if (how === 'at_once') {
      for (const flight of this.#flights) flight[Symbol.dispose]();
      this.#flights.clear();
      this.#lanes.clear();
      this.#declareEnd(reason);
      return;
    }
    this.#settleEnd();
  }

  #settleEnd(): void {
    if (this.#pendingEnd !== null && this.#flights.size === 0 && !this.#wire.holds('control'))
      this.#declareEnd(this.#pendingEnd);
  }

  #declareEnd(reason: CloseReason): void {
    if (this.#end !== null) return;
    this.#end = reason;
    this.#onEnd?.(reason);
    this.#wake();
  }

  #rejectWaiting(lane: LaneState, reason: CloseReason): void {
    for (const { reject, signal, onAbort } of lane.waiting.splice(0)) {
      signal.removeEventListener('abort', onAbort);
      reject(sessionClosed(reason));
    }
  }

  #lane(name: Lane): LaneState {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { waiting: [], arrived: [], flying: [], dueMs: 0 };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #budget(lane: Lane): Budget {
    return lane === 'control' ? this.#control : this.#bulk;
  }

  #takeFrom(lane: LaneState): void {
    for (;;) {
      const next = lane.waiting[0];
      if (next === undefined) return;
      const budget = this.#budget(next.frame.lane);
      const size = bytesIn(next.frame.parts);
      const full =
        budget.frames >= limits.inboundFramesMax || (budget.bytes > 0 && budget.bytes + size > limits.inboundBytesMax);
      if (full) return;
      lane.waiting.shift();
      next.signal.removeEventListener('abort', next.onAbort);
      if (this.#wire.breaks(next.frame.lane, size)) {
        next.reject(sessionClosed({ code: 'lost', reason: 'the network lost the session', local: false }));
        this.#wire.onBreak();
        return;
      }
      budget.frames++;
      budget.bytes += size;
      this.#fly(lane, next.frame);
      next.resolve({ stream: next.frame.stream });
    }
  }

  #fly(lane: LaneState, frame: IncomingFrame): void {
    const nowMs = this.#wire.clock.monotonicMs();
    lane.dueMs = Math.max(lane.dueMs, nowMs + this.#wire.delayMs(frame.lane, bytesIn(frame.parts)));
    if (lane.flying.length === 0 && lane.dueMs <= nowMs) return this.#arrive(lane, frame);
    lane.flying.push(frame);
    const flight = this.#wire.clock.timer(lane.dueMs - nowMs, () => {
      this.#flights.delete(flight);
      // The first of those on their way, whichever timer this is: rounding must not let one overtake another.
      this.#arrive(lane, lane.flying.shift() ?? frame);
      this.#settleEnd();
    });
    this.#flights.add(flight);
  }

  #arrive(lane: LaneState, frame: IncomingFrame): void {
    lane.arrived.push(frame);
    this.#wake();
  }

  #arrivedIn(name: Lane): IncomingFrame | null {
    if (this.#wire.holds(name)) return null;
    return this.#lanes.get(name)?.arrived.shift() ?? null;
  }

  #firstBulk(): IncomingFrame | null {
    for (const [name, lane] of this.#lanes) {
      if (name === 'control') continue;
      const frame = this.#arrivedIn(name);
      if (frame === null) continue;
      // To the end of the line, so that transfers share the reader.
      this.#lanes.delete(name);
      this.#lanes.set(name, lane);
      return frame;
    }
    return null;
  }

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = null;
    wake?.();
  }
}

function sessionClosed(reason: CloseReason | null): RoundscopeError {
  return new RoundscopeError('session_closed', {
    layer: 'transport',
    message: `the session is closed: ${reason?.reason ?? 'unknown'}`,
    retryable: true,
  });
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(bytesIn(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

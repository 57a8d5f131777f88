import { limits } from '#shared/contract/limits.ts';
import { pieceCost } from './credit.ts';
import { frameNameBytesMax } from './frame-name.ts';
import type { Piece } from './piece.ts';

interface OpenLane {
  readonly topic: string;
  next: number;
  parts: Uint8Array[];
  gatheredBytes: number;
  frameBytes: number;
  /** Credit that the gathered pieces hold. */
  cost: number;
}

/** A piece, by where it comes. */
export interface Whereabouts {
  readonly topic: string;
  readonly number: number;
  readonly sequence: number;
}

export type Taken =
  | { readonly kind: 'more' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'frame'; readonly parts: readonly Uint8Array[]; readonly cost: number }
  /** The sender gave up on a frame in the middle; the credit of its pieces goes back. */
  | { readonly kind: 'abandoned'; readonly cost: number }
  | { readonly kind: 'gap'; readonly expected: number }
  | { readonly kind: 'bad'; readonly reason: string };

/**
 * Lanes begin in about the order of their numbers, each number once: so far behind the newest none begins any more, and what
 * comes of one is a repetition, however long ago the lane ended.
 */
const windowLanes = 1024;

/** Finds the frames in the pieces of all lanes of one direction, without copying: discards repetitions, notices gaps, checks sizes first. */
export class LaneAssembler {
  readonly #open = new Map<number, OpenLane>();
  /** Of the window. */
  readonly #finished = new Set<number>();
  #newest = -1;
  duplicates = 0;

  take(topic: string, piece: Piece): Taken {
    const number = piece.lane;
    let lane = this.#open.get(number);
    if (lane === undefined) {
      if (this.#isOver(number)) return this.#duplicate();
      if (piece.sequence !== 0) return { kind: 'gap', expected: 0 };
      if (this.#open.size >= limits.mqttLanesMax)
        return { kind: 'bad', reason: `more than ${limits.mqttLanesMax} lanes open` };
      lane = this.#begin(number, topic);
    }
    if (lane.topic !== topic) return { kind: 'bad', reason: 'one lane number for two lanes' };
    if (piece.sequence < lane.next) return this.#duplicate();
    if (piece.sequence > lane.next) return { kind: 'gap', expected: lane.next };
    lane.next++;
    const taken = gather(lane, piece);
    if (piece.laneEnd && (piece.last || piece.abandon)) this.#finish(number);
    return taken;
  }

  /** Whether that piece has come. `skip`: if it was to be the next one, it is not taken any more. */
  hasCome({ topic, number, sequence }: Whereabouts, skip: boolean): boolean {
    const lane = this.#open.get(number);
    if (lane === undefined) {
      if (this.#isOver(number)) return true;
      if (skip && sequence === 0 && this.#open.size < limits.mqttLanesMax) this.#begin(number, topic).next = 1;
      return false;
    }
    if (sequence < lane.next) return true;
    if (skip && sequence === lane.next) lane.next++;
    return false;
  }

  #begin(number: number, topic: string): OpenLane {
    const lane = { topic, next: 0, parts: [], gatheredBytes: 0, frameBytes: 0, cost: 0 };
    this.#open.set(number, lane);
    if (number > this.#newest) {
      this.#newest = number;
      for (const finished of this.#finished) if (this.#isBehind(finished)) this.#finished.delete(finished);
    }
    return lane;
  }

  #isOver(number: number): boolean {
    return this.#isBehind(number) || this.#finished.has(number);
  }

  #isBehind(number: number): boolean {
    return number <= this.#newest - windowLanes;
  }

  #duplicate(): Taken {
    this.duplicates++;
    return { kind: 'duplicate' };
  }

  #finish(number: number): void {
    this.#open.delete(number);
    if (!this.#isBehind(number)) this.#finished.add(number);
  }
}

function gather(lane: OpenLane, piece: Piece): Taken {
  if (piece.abandon) return { kind: 'abandoned', cost: forget(lane) };
  if (piece.first === lane.parts.length > 0) {
    return {
      kind: 'bad',
      reason: piece.first ? 'a frame begins before the last one is whole' : 'piece without the beginning of its frame',
    };
  }
  if (piece.first) {
    if (piece.frameBytes > limits.frameBytesMax + frameNameBytesMax) {
      return { kind: 'bad', reason: `frame of ${piece.frameBytes} bytes exceeds the limit of ${limits.frameBytesMax}` };
    }
    lane.frameBytes = piece.frameBytes;
  }
  lane.gatheredBytes += piece.body.byteLength;
  if (lane.gatheredBytes > lane.frameBytes) return { kind: 'bad', reason: 'pieces are longer than their frame' };
  lane.parts.push(piece.body);
  lane.cost += pieceCost(piece, piece.body.byteLength);
  if (!piece.last) return { kind: 'more' };
  if (lane.gatheredBytes !== lane.frameBytes) return { kind: 'bad', reason: 'pieces are shorter than their frame' };
  const { parts } = lane;
  return { kind: 'frame', parts, cost: forget(lane) };
}

/** Empties a lane of the frame that it gathered; the answer is that frame's credit. */
function forget(lane: OpenLane): number {
  const { cost } = lane;
  lane.parts = [];
  lane.gatheredBytes = 0;
  lane.cost = 0;
  return cost;
}

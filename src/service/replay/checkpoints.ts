import type { FoldedState } from '#engine/recorder/folded-state.ts';

/** Views share what did not change between them, so that many cost little more than the last. */
const checkpointsMax = 400;
/** Of run time between two, at first. */
const apartFirstMs = 2000;

/** States of a run from which another one is reached soon: bounded, further apart the longer the recording is. */
export class Checkpoints {
  #kept: FoldedState[] = [];
  #apartMs = apartFirstMs;

  /** Keeps it where the nearest one before is far enough away; states come in any order of time. */
  offer(state: FoldedState): void {
    const place = this.#placeAfter(state.eventId);
    const before = this.#kept[place - 1];
    const after = this.#kept[place];
    if (before !== undefined && state.dueAt - before.dueAt < this.#apartMs) return;
    if (after !== undefined && after.dueAt - state.dueAt < this.#apartMs) return;
    this.#kept.splice(place, 0, state);
    if (this.#kept.length <= checkpointsMax) return;
    this.#apartMs *= 2;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
  }

  /** The last one that is not after `at`. */
  before(at: number): FoldedState | undefined {
    return this.#kept.findLast((one) => one.dueAt <= at);
  }

  /** How many are of events up to this one. */
  #placeAfter(eventId: number): number {
    const next = this.#kept.findIndex((one) => one.eventId > eventId);
    return next === -1 ? this.#kept.length : next;
  }
}

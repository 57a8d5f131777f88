import type { Lane } from '../transport.ts';
import { laneName } from './lane-name.ts';

/** A lane as its sender sees it: numbered again each time its name is used again after its end. */
export interface SendingLane {
  readonly topic: string;
  number: number;
  next: number;
  ended: boolean;
  /** Sends that wait for their turn or have it. */
  pending: number;
  tail: Promise<void>;
}

/** Lets one send at a time use a lane, first come, first served, so that the pieces of frames do not mix. */
export class LaneSender {
  readonly #lanes = new Map<Lane, SendingLane>();
  #numbers = 0;

  async inTurn(name: Lane, signal: AbortSignal, work: (lane: SendingLane) => Promise<void>): Promise<void> {
    const lane = this.#lane(name);
    const before = lane.tail;
    const own = Promise.withResolvers<void>();
    lane.tail = before.then(() => own.promise);
    lane.pending++;
    try {
      if (lane.pending > 1) await abortable(before, signal);
      if (lane.ended) this.#renumber(lane);
      await work(lane);
    } finally {
      lane.pending--;
      if (lane.ended && lane.pending === 0) this.#lanes.delete(name);
      own.resolve();
    }
  }

  #lane(name: Lane): SendingLane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = {
        topic: laneName(name),
        number: this.#numbers++,
        next: 0,
        ended: false,
        pending: 0,
        tail: Promise.resolve(),
      };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #renumber(lane: SendingLane): void {
    lane.number = this.#numbers++;
    lane.next = 0;
    lane.ended = false;
  }
}

async function abortable(waited: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([waited, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

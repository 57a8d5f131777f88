import type { Clock } from '#shared/base/time/clock.ts';
import { limits, timing } from '#shared/contract/limits.ts';

/** What one payload takes of the room, from its announcement until whoever reads the link is done with it. */
export interface Place extends Disposable {
  /** Bytes of it may be taken. */
  readonly granted: boolean;
  /** So many bytes of it are here. */
  moved(bytes: number): void;
  /** All of it is here: it waits for its reader, and for nobody else. */
  whole(): void;
}

export interface Claim {
  readonly bytes: number;
  /** It has its turn after it had to wait. */
  readonly onGranted: () => void;
  /** Others wait, and it does not get on: its place is wanted. */
  readonly onEvicted: (reason: string) => void;
}

interface Held {
  readonly claim: Claim;
  granted: boolean;
  complete: boolean;
  received: number;
  sinceMs: number;
  movedMs: number;
}

/**
 * The one total of memory that a process has for payloads of its peers, whatever they announce and however many they are.
 * What does not fit waits in the order in which it came, and its link is not read meanwhile. While somebody waits, a
 * transfer that does not get on gives up its place; its sender begins it again behind the others. Decision 0074.
 */
export class IncomingRoom {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #held = new Set<Held>();
  readonly #waiting = new Set<Held>();
  #taken = 0;
  #waited = 0;
  #evicted = 0;
  #look: Disposable | null = null;
  /** Told each time that somebody begins to wait where nobody did. */
  onFull: ((room: RoomFigures) => void) | null = null;

  constructor({ clock, max = limits.incomingBytesMax }: { readonly clock: Clock; readonly max?: number }) {
    this.#clock = clock;
    this.#max = max;
  }

  get figures(): RoomFigures {
    return {
      takenBytes: this.#taken,
      maxBytes: this.#max,
      transfers: this.#held.size,
      waiting: this.#waiting.size,
      waited: this.#waited,
      evicted: this.#evicted,
    };
  }

  /** A place, granted at once where there is room. One that is larger than the whole room gets it when nobody else has any. */
  claim(claim: Claim): Place {
    const nowMs = this.#clock.monotonicMs();
    const held: Held = { claim, granted: false, complete: false, received: 0, sinceMs: nowMs, movedMs: nowMs };
    if (this.#waiting.size === 0 && this.#fits(claim.bytes)) this.#grant(held);
    else this.#wait(held);
    return {
      get granted() {
        return held.granted;
      },
      moved: (bytes) => {
        held.received += bytes;
        held.movedMs = this.#clock.monotonicMs();
      },
      whole: () => void (held.complete = true),
      [Symbol.dispose]: () => this.#release(held),
    };
  }

  #fits(bytes: number): boolean {
    return this.#held.size === 0 || this.#taken + bytes <= this.#max;
  }

  #grant(held: Held): void {
    held.granted = true;
    held.sinceMs = held.movedMs = this.#clock.monotonicMs();
    this.#held.add(held);
    this.#taken += held.claim.bytes;
  }

  #wait(held: Held): void {
    this.#waited++;
    this.#waiting.add(held);
    if (this.#waiting.size > 1) return;
    this.onFull?.(this.figures);
    this.#lookSoon();
  }

  #release(held: Held): void {
    this.#waiting.delete(held);
    if (this.#held.delete(held)) this.#taken -= held.claim.bytes;
    for (const next of this.#waiting) {
      if (!this.#fits(next.claim.bytes)) break;
      this.#waiting.delete(next);
      this.#grant(next);
      next.claim.onGranted();
    }
    if (this.#waiting.size > 0) return;
    this.#look?.[Symbol.dispose]();
    this.#look = null;
  }

  #lookSoon(): void {
    this.#look = this.#clock.timer(timing.heartbeatMs, () => {
      this.#look = null;
      this.#evict();
      if (this.#waiting.size > 0 && this.#look === null) this.#lookSoon();
    });
  }

  #evict(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const held of [...this.#held]) {
      if (held.complete || this.#waiting.size === 0) continue;
      const reason = behind(held, nowMs);
      if (reason === null) continue;
      this.#evicted++;
      held.claim.onEvicted(`others wait for room in memory, and it ${reason}`);
      // Whoever was told lets go of it by itself; that it has is not theirs to decide.
      this.#release(held);
    }
  }
}

export interface RoomFigures {
  readonly takenBytes: number;
  readonly maxBytes: number;
  readonly transfers: number;
  readonly waiting: number;
  /** Transfers that had to wait so far. */
  readonly waited: number;
  /** Transfers that had to give up their place so far. */
  readonly evicted: number;
}

function behind({ received, sinceMs, movedMs }: Held, nowMs: number): string | null {
  const stillMs = nowMs - movedMs;
  if (stillMs >= timing.sendTimeoutMs) return `has not moved for ${Math.round(stillMs / 1000)} s`;
  const lastsMs = nowMs - sinceMs - timing.sendTimeoutMs;
  if (received >= (lastsMs / 1000) * limits.slowestBytesPerSecond) return null;
  return `moves less than ${limits.slowestBytesPerSecond / 1024} KiB a second`;
}

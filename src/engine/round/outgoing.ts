import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { timing } from '#shared/contract/limits.ts';
import type { Outgoing } from '#shared/contract/messages.ts';
import type { Link, SentMessage } from '#engine/link/link.ts';
import type { MachineMessage } from './machine.ts';
import { wordsOf } from './words-of.ts';

/**
 * What a driver has given to a link and the link has not yet taken: a send waits its turn even when there is room, so a
 * link that is closed at once would lose the last words.
 */
export class OutgoingMessages {
  readonly #signal: AbortSignal;
  readonly #waiting = new Set<Promise<unknown>>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Null when the link was closed or the run ended meanwhile: the machine learns of that on its own.
   * @throws RoundscopeError `frame_too_large`, `payload_too_large`: no link takes such a message
   */
  async send(link: Link, message: Outgoing): Promise<SentMessage | null> {
    const sending = link.send(message, { signal: this.#signal });
    this.#waiting.add(sending);
    try {
      return await sending;
    } catch (error) {
      const closed = error instanceof RoundscopeError && error.code === 'session_closed';
      if (closed || this.#signal.aborted) return null;
      throw error;
    } finally {
      this.#waiting.delete(sending);
    }
  }

  /** Waits until links have taken everything, as long as a clean close may last. */
  async flush(clock: Clock): Promise<void> {
    if (this.#waiting.size === 0) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    using _timer = clock.timer(timing.closeTimeoutMs, resolve);
    await Promise.race([Promise.allSettled([...this.#waiting]), late]);
  }
}

export function unsendable({ kind, round }: MachineMessage, { participant }: Link, cause: unknown): Error {
  return new Error(`${kind} of round ${round} cannot be sent to ${participant}: ${wordsOf(cause)}`, { cause });
}

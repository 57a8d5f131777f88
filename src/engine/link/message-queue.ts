import { limits } from '#shared/contract/limits.ts';
import type { Message } from '#shared/contract/messages.ts';
import { checkQueue } from './link-invariants.ts';
import { Notifier } from './notifier.ts';

/** Messages that have arrived and not been read. While it is full the link stops reading its session (back-pressure). */
export class MessageQueue {
  #messages: Message[] = [];
  #bytes = 0;
  #ended = false;
  readonly #changed = new Notifier();

  get full(): boolean {
    return !this.#ended && (this.#messages.length >= limits.outboxMessagesMax || this.#bytes >= limits.outboxBytesMax);
  }

  /** @throws InvariantError */
  push(message: Message): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#bytes += message.payload?.byteLength ?? 0;
    this.#changed.notify();
    checkQueue({ messages: this.#messages.length, bytes: this.#bytes });
  }

  /** What is there can still be read; then the reader is done. */
  end(): void {
    this.#ended = true;
    this.#changed.notify();
  }

  /** Lets whoever waits in `changed` look again. */
  wake(): void {
    this.#changed.notify();
  }

  changed(): Promise<void> {
    return this.#changed.wait();
  }

  async *read(): AsyncGenerator<Message, undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        this.#bytes -= message.payload?.byteLength ?? 0;
        this.#changed.notify();
        yield message;
      } else if (this.#ended) {
        return;
      } else {
        await this.#changed.wait();
      }
    }
  }
}

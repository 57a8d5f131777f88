import { limits } from '#shared/contract/limits.ts';
import type { Message } from '#shared/contract/messages.ts';
import { checkQueue } from '../link-invariants.ts';
import { Notifier } from '../notifier.ts';

/** Messages that have arrived and not been read. While it is full the link stops reading its session (back-pressure). */
export class MessageQueue {
  #messages: { readonly message: Message; readonly place: Disposable | undefined }[] = [];
  #bytes = 0;
  #payloads = 0;
  #ended = false;
  readonly #changed = new Notifier();

  get full(): boolean {
    const { length } = this.#messages;
    return !this.#ended && (length >= limits.outboxMessagesMax || this.#payloads >= limits.unreadPayloadsMax);
  }

  /** @param place what its payload takes of the room: free once its reader asks for the next @throws InvariantError */
  push(message: Message, place?: Disposable): void {
    if (this.#ended) return place?.[Symbol.dispose]();
    this.#messages.push({ message, place });
    this.#count(message, 1);
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

  #count({ payload }: Message, sign: 1 | -1): void {
    if (payload === undefined) return;
    this.#payloads += sign;
    this.#bytes += sign * payload.byteLength;
  }

  async *read(): AsyncGenerator<Message, undefined> {
    for (;;) {
      const next = this.#messages.shift();
      if (next !== undefined) {
        this.#count(next.message, -1);
        this.#changed.notify();
        try {
          yield next.message;
        } finally {
          next.place?.[Symbol.dispose]();
        }
      } else if (this.#ended) {
        return;
      } else {
        await this.#changed.wait();
      }
    }
  }
}

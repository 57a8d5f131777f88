import { spawn } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { Message, MessageHeader, Outgoing } from '#shared/contract/messages.ts';
import type { DialingLink } from '#engine/link/dial/dialing-link.ts';
import type { Link, LinkStatus, SentMessage } from '#engine/link/link.ts';

export interface TimedTransfer {
  readonly protocol: Protocol;
  readonly bytes: number;
  /** From handing it to the link until the other end had all of it. */
  readonly seconds: number;
  /** False: the session it began on did not last until then. */
  readonly succeeded: boolean;
}

/** A link that times the payloads sent over it, for who chooses its protocol. */
export class TimedLink implements Link {
  readonly #inner: DialingLink;
  readonly #clock: Clock;
  readonly #told: (transfer: TimedTransfer) => void;

  constructor(inner: DialingLink, parts: { readonly clock: Clock; readonly told: (transfer: TimedTransfer) => void }) {
    this.#inner = inner;
    this.#clock = parts.clock;
    this.#told = parts.told;
  }

  get participant(): Link['participant'] {
    return this.#inner.participant;
  }

  get status(): LinkStatus {
    return this.#inner.status;
  }

  get closed(): Link['closed'] {
    return this.#inner.closed;
  }

  async send(message: Outgoing, options: { readonly signal: AbortSignal }): Promise<SentMessage> {
    const sent = await this.#inner.send(message, options);
    const bytes = message.payload?.bytes.byteLength ?? 0;
    if (bytes > 0) this.#time(bytes, sent.acknowledged);
    return sent;
  }

  expect(...what: Parameters<Link['expect']>): void {
    this.#inner.expect(...what);
  }

  withdraw(...what: Parameters<Link['withdraw']>): readonly MessageHeader[] {
    return this.#inner.withdraw(...what);
  }

  messages(): AsyncIterable<Message, undefined> {
    return this.#inner.messages();
  }

  onReset(listener: () => void): Disposable {
    return this.#inner.onReset(listener);
  }

  get unreadable(): Link['unreadable'] {
    return this.#inner.unreadable;
  }

  close(code: string, reason: string): Promise<void> {
    return this.#inner.close(code, reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#inner[Symbol.asyncDispose]();
  }

  #time(bytes: number, acknowledged: Promise<void>): void {
    const { protocol, connections, state } = this.#inner.status;
    const sinceMs = this.#clock.monotonicMs();
    const tell = (): void => {
      const seconds = (this.#clock.monotonicMs() - sinceMs) / 1000;
      const succeeded = this.#inner.status.connections === connections;
      this.#told({ protocol, bytes, seconds, succeeded });
    };
    // Without a session it is not the protocol that is slow; a link that closes has nothing to tell any more.
    if (state === 'ready' || state === 'degraded')
      spawn(
        'timing a message',
        acknowledged.then(tell, () => undefined),
      );
  }
}

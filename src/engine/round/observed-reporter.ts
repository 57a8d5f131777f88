import type { EventData, EventType } from '#shared/contract/events.ts';
import type { Reporter } from '#shared/contract/reporter.ts';

export type TransferListener = (transfer: EventData<'transfer_progress'>) => void;

/**
 * Passes everything on, and lets the round engine listen to the progress of transfers: links report it, and a
 * coordinator that waits for an update wants to say how much of it is here.
 */
export class ObservedReporter implements Reporter {
  readonly #inner: Reporter;
  readonly #listeners = new Set<TransferListener>();

  constructor(inner: Reporter) {
    this.#inner = inner;
  }

  event<T extends EventType>(type: T, data: EventData<T>): void {
    this.#inner.event(type, data);
    if (type !== 'transfer_progress') return;
    for (const listener of this.#listeners) listener(data as EventData<'transfer_progress'>);
  }

  packet(packet: Parameters<Reporter['packet']>[0]): void {
    this.#inner.packet(packet);
  }

  onTransfer(listener: TransferListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}

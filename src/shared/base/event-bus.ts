/**
 * One publisher's side channel: synchronous, typed, in order of subscription. Everything observable is an event; there
 * is no second path. A subscriber must not throw: if it does, that is a bug and it surfaces through `onSubscriberError`.
 */
export class EventBus<E> {
  readonly #subscribers = new Set<(event: E) => void>();
  readonly #onSubscriberError: (error: unknown) => void;

  constructor(onSubscriberError: (error: unknown) => void) {
    this.#onSubscriberError = onSubscriberError;
  }

  emit(event: E): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(event);
      } catch (error) {
        this.#onSubscriberError(error);
      }
    }
  }

  subscribe(subscriber: (event: E) => void): Disposable {
    this.#subscribers.add(subscriber);
    return { [Symbol.dispose]: () => void this.#subscribers.delete(subscriber) };
  }
}

import { limits } from '#shared/contract/limits.ts';
import type { AcceptedLink, LinkSource } from '#engine/round/link-source.ts';

/** Where an acceptor puts links and a coordinator takes them; those that come before there is one wait for it. */
export class AcceptedLinks implements LinkSource {
  #waiting: AcceptedLink[] = [];
  #listener: ((accepted: AcceptedLink) => void) | null = null;

  add(accepted: AcceptedLink): void {
    if (this.#listener !== null) return this.#listener(accepted);
    // An acceptor admits no more than this many names; of more, the oldest have long been superseded.
    this.#waiting = [...this.#waiting, accepted].slice(-limits.participantsMax);
  }

  onLink(listener: (accepted: AcceptedLink) => void): Disposable {
    this.#listener = listener;
    for (const accepted of this.#waiting.splice(0)) listener(accepted);
    return { [Symbol.dispose]: () => (this.#listener = null) };
  }
}

import { isPageKey } from '#shared/contract/app/page-access.ts';

/** Where a page keeps its key and whom it asks for one; all of it belongs to the page's own origin, port included. */
export interface PageKeyPlaces {
  /** Of this tab, and gone with it. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** To the other tabs of this origin. */
  readonly others: {
    post(message: unknown): void;
    onMessage(listener: (message: unknown) => void): void;
  };
  /** The token in the address; null: there is none. */
  readonly token: string | null;
  /** What the service gives for the token, which leaves the address; null: it is spent, too old, or of an earlier start. */
  exchange(token: string): Promise<string | null>;
}

const storageKey = 'roundscope.page-key';
/** Keys that were refused and may come again from a tab that does not know it yet. */
const refusedMax = 16;

type Message = { readonly type: 'want_key' } | { readonly type: 'key'; readonly key: string };

/**
 * The key by which this page opens the port of its service. It comes for the token in the address, from this tab's own
 * storage after a reload, or from another tab of this origin; a page of another port is another origin and has none of
 * these.
 */
export class PageKeys {
  readonly #places: PageKeyPlaces;
  readonly #refused = new Set<string>();
  #key: string | null = null;
  #onKey: (key: string) => void = () => undefined;

  constructor(places: PageKeyPlaces) {
    this.#places = places;
    places.others.onMessage((message) => this.#hear(message));
  }

  /**
   * Tells each key as soon as there is one, the first and whatever follows a refused one.
   * @returns whether one was there at once; otherwise other tabs have been asked
   */
  async begin(onKey: (key: string) => void): Promise<boolean> {
    this.#onKey = onKey;
    const { token } = this.#places;
    const fresh = token === null ? null : await this.#places.exchange(token);
    if (fresh !== null) {
      this.#take(fresh);
      this.#tell({ type: 'key', key: fresh });
      return true;
    }
    const kept = this.#places.storage.getItem(storageKey);
    if (isPageKey(kept)) {
      this.#take(kept);
      return true;
    }
    this.#tell({ type: 'want_key' });
    return false;
  }

  /** The service does not know this key: it was started again. Another tab may have been opened since. */
  refuse(key: string): void {
    this.#refused.add(key);
    const [oldest] = this.#refused;
    if (this.#refused.size > refusedMax && oldest !== undefined) this.#refused.delete(oldest);
    if (this.#key !== key) return;
    this.#key = null;
    this.#places.storage.removeItem(storageKey);
    this.#tell({ type: 'want_key' });
  }

  #take(key: string): void {
    this.#key = key;
    this.#places.storage.setItem(storageKey, key);
    this.#onKey(key);
  }

  #hear(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('type' in message)) return;
    if (message.type === 'want_key' && this.#key !== null) this.#tell({ type: 'key', key: this.#key });
    if (message.type !== 'key' || !('key' in message) || !isPageKey(message.key)) return;
    if (this.#key === null && !this.#refused.has(message.key)) this.#take(message.key);
  }

  #tell(message: Message): void {
    this.#places.others.post(message);
  }
}

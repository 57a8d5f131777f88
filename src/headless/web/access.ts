import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Tokens that may wait to be exchanged at once; a new one pushes the oldest out. */
const tokensMax = 8;
/** An address is opened when it is printed; what stays in a scrollback or in a log is worth nothing later. */
export const tokenLifeMs = 2 * 60_000;
/** Pages that may hold a key, open or not; more than windows may be open, so an idle one is always found to let go. */
const keysMax = 32;
/** A key that no window has used for so long is worth nothing. */
export const keyIdleMs = 24 * 60 * 60_000;

interface Token {
  readonly token: string;
  readonly at: number;
}

/** A key that was given to a page. */
interface PageKey {
  /** Its windows that are open now. */
  windows: number;
  /** When the last of them was closed, or when it was given. */
  idleSince: number;
}

/**
 * Who may see what runs: whoever opens an address with a fresh token gets a key for that page, and nothing else opens the
 * port. The page itself is the same for everybody. Host and Origin are checked on every request, so that no other site in
 * the same browser can talk to it (DNS rebinding, cross-site WebSocket). Decision 0078.
 */
export class Access {
  /** Whoever may read the lock file of this app may ask for a fresh address. */
  readonly secret = randomBytes(32).toString('base64url');
  readonly #host: string;
  readonly #byName: string;
  /** The same port at both ends, so that the address means the same at both. */
  readonly #tunnel: string;
  readonly #now: () => number;
  #tokens: readonly Token[] = [];
  readonly #keys = new Map<string, PageKey>();

  /** @param now milliseconds of a clock that is never set back */
  constructor(port: number, now: () => number) {
    this.#now = now;
    this.#tunnel = `ssh -L ${port}:127.0.0.1:${port}`;
    this.#host = `127.0.0.1:${port}`;
    this.#byName = `localhost:${port}`;
  }

  /** Good for one exchange within two minutes. */
  freshToken(): string {
    const token = randomBytes(24).toString('base64url');
    this.#tokens = [...this.#living(), { token, at: this.#now() }].slice(-tokensMax);
    return token;
  }

  /** Whether nobody has exchanged it yet, and still may. */
  isWaiting(token: string): boolean {
    return this.#living().some((known) => equal(known.token, token));
  }

  /** The key of a page when the token is one of ours; it is spent by that. */
  exchange(token: string): string | null {
    const match = this.#living().find((known) => equal(known.token, token));
    if (match === undefined) return null;
    this.#tokens = this.#tokens.filter((known) => known !== match);
    const key = randomBytes(32).toString('base64url');
    this.#letGoOfKeys();
    this.#keys.set(key, { windows: 0, idleSince: this.#now() });
    return key;
  }

  /** Lets a window in that names a key of ours; to be disposed of when the window is closed. Null: it is none. */
  enter(key: string): Disposable | null {
    const known = [...this.#keys].find(([one]) => equal(one, key))?.[1];
    if (known === undefined || this.#hasLapsed(known)) return null;
    known.windows++;
    return {
      [Symbol.dispose]: () => {
        known.windows--;
        known.idleSince = this.#now();
      },
    };
  }

  /**
   * Where to go instead; null: it came to the right place. By its name this machine is also `::1`, where anybody on it may
   * serve the same port: a page of theirs would be of the same origin as ours, and have its key.
   */
  betterAddress({ headers, url = '/' }: IncomingMessage): string | null {
    return headers.host === this.#byName && url.startsWith('/') ? `http://${this.#host}${url}` : null;
  }

  /** Null when the request comes from where it may, else why not. */
  refusal({ headers }: IncomingMessage, { origin: want }: { readonly origin: 'required' | 'if_sent' }): string | null {
    const { host = '', origin } = headers;
    if (host !== this.#host) return `this address is served to this machine only; from another one: ${this.#tunnel}`;
    if (origin === undefined ? want === 'required' : origin !== `http://${host}`) {
      return 'the request comes from another site';
    }
    return null;
  }

  /** Whether a later start of the same user asks, and no page of a browser, which always tells its origin here. */
  isSecondStart({ headers }: IncomingMessage): boolean {
    return headers.origin === undefined && equal(bearerOf(headers), this.secret);
  }

  #living(): readonly Token[] {
    const now = this.#now();
    return this.#tokens.filter(({ at }) => now - at < tokenLifeMs);
  }

  #hasLapsed({ windows, idleSince }: PageKey): boolean {
    return windows === 0 && this.#now() - idleSince >= keyIdleMs;
  }

  /** Those that have lapsed, and the oldest idle one where there is no room. */
  #letGoOfKeys(): void {
    for (const [key, known] of this.#keys) if (this.#hasLapsed(known)) this.#keys.delete(key);
    if (this.#keys.size < keysMax) return;
    const [idle] = [...this.#keys].filter(([, { windows }]) => windows === 0);
    if (idle !== undefined) this.#keys.delete(idle[0]);
  }
}

/** What `authorization: Bearer …` holds; empty: nothing. */
export function bearerOf({ authorization = '' }: IncomingMessage['headers']): string {
  return authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : '';
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Tokens that may wait to be exchanged at once; a new one pushes the oldest out. */
const tokensMax = 8;

/**
 * Who may see the page: whoever opens an address with a fresh token gets a cookie, and only that cookie opens anything.
 * Host and Origin are checked on every request, so that no other site in the same browser can talk to it (DNS rebinding,
 * cross-site WebSocket). Cookies do not tell ports apart, so the cookie's name has the port in it. A link that is clicked
 * in a page of another site (mail, chat, a terminal in the browser) must open too, so the cookie is "lax".
 */
export class Access {
  readonly #cookieName: string;
  /** Whoever may read the lock file of this app may ask for a fresh address. */
  readonly secret = randomBytes(32).toString('base64url');
  readonly #cookieValue = randomBytes(32).toString('base64url');
  readonly #hosts: ReadonlySet<string>;
  /** The same port at both ends, so that the address means the same at both. */
  readonly #tunnel: string;
  #tokens: string[] = [];

  constructor(port: number) {
    this.#cookieName = `roundscope-${port}`;
    this.#tunnel = `ssh -L ${port}:127.0.0.1:${port}`;
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  }

  /** Good for one exchange. */
  freshToken(): string {
    const token = randomBytes(24).toString('base64url');
    this.#tokens = [...this.#tokens, token].slice(-tokensMax);
    return token;
  }

  /** The cookie to set when the token is one of ours; it is spent by that. */
  exchange(token: string): string | null {
    const match = this.#tokens.find((known) => equal(known, token));
    if (match === undefined) return null;
    this.#tokens = this.#tokens.filter((known) => known !== match);
    return `${this.#cookieName}=${this.#cookieValue}; HttpOnly; SameSite=Lax; Path=/`;
  }

  /** Null when the request may be answered, else why not. */
  refusal(
    request: IncomingMessage,
    options: { readonly cookie: 'required' | 'not_yet'; readonly origin: 'required' | 'if_sent' },
  ): string | null {
    const host = request.headers.host ?? '';
    if (!this.#hosts.has(host)) return `this address is served to this machine only; from another one: ${this.#tunnel}`;
    const origin = request.headers.origin;
    if (origin === undefined ? options.origin === 'required' : !this.#hosts.has(origin.replace(/^http:\/\//, ''))) {
      return 'the request comes from another site';
    }
    if (options.cookie === 'required' && !this.#hasCookie(request)) return 'the address must be opened with its token';
    return null;
  }

  /** Whether a later start of the same user asks, and no page of a browser, which always tells its origin here. */
  isSecondStart({ headers }: IncomingMessage): boolean {
    const proof = headers.authorization ?? '';
    return headers.origin === undefined && equal(proof, `Bearer ${this.secret}`);
  }

  #hasCookie(request: IncomingMessage): boolean {
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    const prefix = `${this.#cookieName}=`;
    return cookies.some((cookie) => cookie.startsWith(prefix) && equal(cookie.slice(prefix.length), this.#cookieValue));
  }
}

/**
 * Whether somebody opens the address in a tab, rather than a preview, a prefetch or a program that reads it. Browsers say
 * so (Fetch Metadata, https://www.w3.org/TR/fetch-metadata/); of an old one, which says nothing, the kinds of answer that
 * it takes must do: previews and programs take anything.
 */
export function isOpenedByReader({ method, headers }: IncomingMessage): boolean {
  const isAhead = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) => headers[name] !== undefined);
  if (method !== 'GET' || isAhead) return false;
  const mode = headers['sec-fetch-mode'];
  return mode === undefined ? (headers.accept ?? '').includes('text/html') : mode === 'navigate';
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

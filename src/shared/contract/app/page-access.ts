/**
 * How a page in browser mode proves that it belongs to whoever started the app. Its address carries a token that is good
 * once; the page exchanges it for a key, which it keeps in the storage of its own origin and names in each WebSocket
 * handshake. No cookie: browsers send cookies to every port of a host, and so to every other server of this machine.
 */

/** Name of the token in the address. */
export const tokenParameter = 'token';
/** POST with `authorization: Bearer TOKEN`; the answer is the key. */
export const exchangePath = '/page-key';
/** What the port speaks, as WebSocket sub-protocol (RFC 6455, section 1.9). */
export const portProtocol = 'roundscope-port';
const keyPrefix = 'key.';
/** 256 bits as base64url, which holds none of the characters that a sub-protocol may not have. */
const keyPattern = /^[A-Za-z0-9_-]{43}$/;

/** Why a socket was closed: its key is not, or no longer, one of this start. */
export const keyRefusedCode = 4401;

export function isPageKey(value: unknown): value is string {
  return typeof value === 'string' && keyPattern.test(value);
}

/** The sub-protocols that a page offers. */
export function offeredProtocols(key: string): string[] {
  return [portProtocol, `${keyPrefix}${key}`];
}

/** The key among the sub-protocols of a handshake, as its header has them; null: none. */
export function keyInProtocols(header: string | undefined): string | null {
  const offered = (header ?? '').split(',').map((one) => one.trim());
  const key = offered.find((one) => one.startsWith(keyPrefix))?.slice(keyPrefix.length);
  return offered.includes(portProtocol) && isPageKey(key) ? key : null;
}

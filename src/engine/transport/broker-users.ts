import { coordinatorId, type ParticipantId } from '#shared/contract/ids.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { entropyHex, type Entropy } from '#shared/base/entropy.ts';

/** Whom a broker elsewhere lets in on a run's account, and by what. */
export interface BrokerUser {
  /** A participant, or `coordinator`. */
  readonly who: ParticipantId;
  readonly password: string;
}

/** What a broker calls somebody of a run. Neither names nor runs have an `@`, so that no two are called the same. */
export function brokerUserName(run: string, who: string): string {
  return `${who}@${run}`;
}

/** The other way round; null: no user that `roundscope broker-rules` has made. */
export function ownUserIn(
  url: string,
): { readonly who: string; readonly run: string; readonly password: string } | null {
  const parsed = URL.parse(url);
  const [, who, run] = /^([^@]+)@([^@]+)$/.exec(decoded(parsed?.username ?? '')) ?? [];
  if (parsed === null || who === undefined || run === undefined) return null;
  return { who, run, password: decoded(parsed.password) };
}

/** Whether this address is that of somebody who is a user of its own at the broker of this run, as `broker-rules` makes them. */
export function isOwnUser(url: string, run: string): boolean {
  return ownUserIn(url)?.run === run;
}

/** 192 bits: no guess finds it, so how slowly a broker hashes it is of no account. */
export function freshPassword(entropy: Entropy): string {
  return entropyHex(entropy, 24);
}

/** `broker`: an address without user. */
export function userUrl(broker: string, run: string, { who, password }: BrokerUser): string {
  const url = new URL(broker);
  url.username = encodeURIComponent(brokerUserName(run, who));
  url.password = encodeURIComponent(password);
  return url.href;
}

/** An address as it may be shown and compared; what is none stays as it is. */
export function withoutUser(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text;
  url.username = '';
  url.password = '';
  return url.href;
}

/** Whether each participant is a user of its own at the broker of this run: the coordinator is there under the name that the rules gave it. */
export function hasOwnUsers(run: string, endpoint: Endpoint): boolean {
  const own = endpoint.url === undefined ? null : ownUserIn(endpoint.url);
  return own !== null && own.run === run && own.who === coordinatorId;
}

/** What the coordinator is let in by at such a broker is its own: it is in no invitation. */
export function withoutOwnUser(run: string, endpoint: Endpoint): Endpoint {
  return endpoint.url === undefined || !hasOwnUsers(run, endpoint)
    ? endpoint
    : { ...endpoint, url: withoutUser(endpoint.url) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Somebody's own way to write a `%`: none of ours.
    return '';
  }
}

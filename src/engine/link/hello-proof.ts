import { createHmac, timingSafeEqual } from 'node:crypto';

/** What both ends prove that they know the invitation's token about. */
export interface HelloFacts {
  readonly run: string;
  readonly participant: string;
  readonly instance: string;
  /** Random per session: the dialler's from hello, the acceptor's from challenge. */
  readonly dialerNonce: string;
  readonly acceptorNonce: string;
}

/**
 * HMAC-SHA256 over both nonces: a proof is good for one session only, so one overheard on an unencrypted transport
 * cannot be replayed, and the token itself never travels. The acceptor proves itself in turn, so a participant does not
 * give its updates to whoever answers. It does not encrypt: on plain MQTT whoever sits in the path can still read and
 * alter frames; QUIC and WebTransport pin the coordinator's identity below us.
 */
export function makeProof(token: string, role: 'dialer' | 'acceptor', facts: HelloFacts): string {
  // Names and hex contain no line feed, so no two sets of facts give the same text.
  const text = [
    'roundscope link 1',
    role,
    facts.run,
    facts.participant,
    facts.instance,
    facts.dialerNonce,
    facts.acceptorNonce,
  ].join('\n');
  return createHmac('sha256', token).update(text).digest('hex');
}

/** Compares in constant time. */
export function isProof(
  mac: string,
  token: string,
  { role, facts }: { readonly role: 'dialer' | 'acceptor'; readonly facts: HelloFacts },
): boolean {
  const expected = Buffer.from(makeProof(token, role, facts), 'hex');
  const given = Buffer.from(mac, 'hex');
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
}

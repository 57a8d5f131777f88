import {
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import type { SessionKeys, Side } from './worker-protocol.ts';

/** Version of this transport's own samples. */
export const ddsSessionVersion = 2;
export const coordinatorName = 'coordinator';
const keyBytes = 32;

export interface Claim {
  readonly run: string;
  readonly participant: string;
  readonly session: string;
}

export interface Agreement {
  readonly secret: KeyObject;
  /** Travels; hex. */
  readonly offered: string;
}

/**
 * One half of an X25519 agreement (RFC 7748). All participants have the invitation's token, so a key made of that alone
 * would let one speak for another; with this, nobody but the two ends has a session's key.
 */
export function newAgreement(): Agreement {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return { secret: privateKey, offered: Buffer.from(x, 'base64url').toString('hex') };
}

/** That whoever speaks has the token and means this session; `words` are the halves of the agreement said so far. */
export function proofOf(token: string, purpose: 'open' | 'accept', claim: Claim, words: readonly string[]): string {
  const text = [purpose, String(ddsSessionVersion), claim.run, claim.participant, claim.session, ...words].join('\n');
  return createHmac('sha256', token).update(text).digest('hex');
}

export function sameProof(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * The session's keys: HKDF-SHA256 (RFC 5869) of the agreed secret, salted with the token; first half for samples up.
 * @returns null when what was offered is no usable key
 */
export function agreedKeys(
  side: Side,
  parts: { readonly own: Agreement; readonly offered: string; readonly token: string; readonly claim: Claim },
): SessionKeys | null {
  const { own, offered, token, claim } = parts;
  const theirs = Buffer.from(offered, 'hex');
  if (theirs.length !== keyBytes) return null;
  try {
    const publicKey = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') },
    });
    const secret = diffieHellman({ privateKey: own.secret, publicKey });
    const halves = side === 'up' ? [own.offered, offered] : [offered, own.offered];
    const info = ['roundscope dds', claim.run, claim.participant, claim.session, ...halves].join('\n');
    const bytes = Buffer.from(hkdfSync('sha256', secret, token, info, 2 * keyBytes));
    const [up, down] = [Uint8Array.from(bytes.subarray(0, keyBytes)), Uint8Array.from(bytes.subarray(keyBytes))];
    return side === 'up' ? { sending: up, receiving: down } : { sending: down, receiving: up };
  } catch {
    // A point of small order: the peer's fault, and no key comes of it.
    return null;
  }
}

import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';

const keyBytes = 32;

/** One half of an X25519 agreement (RFC 7748): nobody but its two ends gets a key of it, whoever has the token. */
export interface KeyHalf {
  readonly secret: KeyObject;
  /** The other ends' view of it: 32 bytes, hex. */
  readonly offered: string;
}

/** For one session. */
export function freshHalf(): KeyHalf {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return { secret: privateKey, offered: offeredBy(publicKey) };
}

export function offeredBy(publicKey: KeyObject): string {
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.from(x, 'base64url').toString('hex');
}

/**
 * A key of 32 bytes for each direction, and a value that both ends have and nobody else, hex: HKDF-SHA256 (RFC 5869) of the agreed secret.
 * @param info what the keys are for; both ends say the same
 * @returns null when what was offered is no usable key
 */
export function agreedBytes(
  own: KeyHalf,
  offered: string,
  parts: { readonly salt: string; readonly info: string },
): { readonly up: Buffer; readonly down: Buffer; readonly channel: string } | null {
  const theirs = Buffer.from(offered, 'hex');
  if (theirs.length !== keyBytes) return null;
  try {
    const key = { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') };
    const publicKey = createPublicKey({ format: 'jwk', key });
    const secret = diffieHellman({ privateKey: own.secret, publicKey });
    const bytes = Buffer.from(hkdfSync('sha256', secret, parts.salt, parts.info, 3 * keyBytes));
    const [up, down] = [bytes.subarray(0, keyBytes), bytes.subarray(keyBytes, 2 * keyBytes)];
    return { up, down, channel: bytes.toString('hex', 2 * keyBytes) };
  } catch {
    // A point of small order: the peer's fault, and no key comes of it.
    return null;
  }
}

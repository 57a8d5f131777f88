import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';

const keyBytes = 32;

/** One half of an X25519 agreement (RFC 7748), of one session: nobody but its two ends gets a key of it, whoever has the token. */
export interface KeyShare {
  readonly secret: KeyObject;
  /** The other ends' view of it: 32 bytes, hex. */
  readonly offered: string;
}

export function freshKeyShare(): KeyShare {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return { secret: privateKey, offered: Buffer.from(x, 'base64url').toString('hex') };
}

/** Made of the agreed secret. */
export interface Agreed {
  /** A key of 32 bytes for each direction. */
  readonly up: Uint8Array;
  readonly down: Uint8Array;
  /** A value that both ends have and nobody else, hex. */
  readonly channel: string;
}

/**
 * HKDF-SHA256 (RFC 5869) of the agreed secret.
 * @param info what the keys are for; both ends say the same
 * @returns null when what was offered is no usable key
 */
export function agree(
  own: KeyShare,
  offered: string,
  { salt, info }: { readonly salt: string; readonly info: string },
): Agreed | null {
  const theirs = Buffer.from(offered, 'hex');
  if (theirs.length !== keyBytes) return null;
  try {
    const key = { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') };
    const publicKey = createPublicKey({ format: 'jwk', key });
    const secret = diffieHellman({ privateKey: own.secret, publicKey });
    // Arrays of their own: they may go to another thread.
    const bytes = new Uint8Array(hkdfSync('sha256', secret, salt, info, 3 * keyBytes));
    const channel = Buffer.from(bytes.subarray(2 * keyBytes)).toString('hex');
    return { up: bytes.slice(0, keyBytes), down: bytes.slice(keyBytes, 2 * keyBytes), channel };
  } catch {
    // A point of small order: the peer's fault, and no key comes of it.
    return null;
  }
}

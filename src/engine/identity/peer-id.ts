import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * libp2p's names for Ed25519 keys, as far as quinn needs them: the key protobuf that its constructor takes and the peer id
 * that a connection's address ends in. Both are fixed prefixes around the raw key, so that no library is needed.
 * @see https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
 */

/** Protobuf `{type: Ed25519, data: 64 bytes}` of a private key: seed, then public key. */
const privateKeyPrefix = Buffer.from([0x08, 0x01, 0x12, 0x40]);
/** Protobuf `{type: Ed25519, data: 32 bytes}` of a public key. */
const publicKeyPrefix = Buffer.from([0x08, 0x01, 0x12, 0x20]);
/** Multihash `identity`, 36 bytes, around that protobuf. */
const peerIdPrefix = Buffer.concat([Uint8Array.of(0x00, 0x24), publicKeyPrefix]);
const rawKeyBytes = 32;

const base58Digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Private key as quinn takes it. Secret: never logged, never sent. */
export function privateKeyProtobuf(privateKey: KeyObject): Uint8Array {
  const { d, x } = privateKey.export({ format: 'jwk' });
  return Buffer.concat([privateKeyPrefix, Buffer.from(d ?? '', 'base64url'), Buffer.from(x ?? '', 'base64url')]);
}

/** The key that `privateKeyProtobuf` was made from. */
export function privateKeyOf(protobuf: Uint8Array): KeyObject {
  const raw = Buffer.from(protobuf).subarray(privateKeyPrefix.byteLength);
  const [d, x] = [raw.subarray(0, rawKeyBytes).toString('base64url'), raw.subarray(rawKeyBytes).toString('base64url')];
  return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
}

/** Protobuf of a public key, as it stands in the certificates of libp2p. */
export function publicKeyProtobuf(key: KeyObject): Uint8Array {
  return Buffer.concat([publicKeyPrefix, rawPublicKey(key)]);
}

/** The Ed25519 key in such a protobuf; null when it holds anything else. */
export function publicKeyOf(protobuf: Uint8Array): KeyObject | null {
  const bytes = Buffer.from(protobuf);
  const raw = bytes.subarray(publicKeyPrefix.byteLength);
  if (raw.byteLength !== rawKeyBytes || !bytes.subarray(0, publicKeyPrefix.byteLength).equals(publicKeyPrefix))
    return null;
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
}

/** Peer id of a key, such as `12D3KooW…`; the whole public key is in it, so it proves itself. */
export function peerIdOf(key: KeyObject): string {
  return base58(Buffer.concat([peerIdPrefix, rawPublicKey(key)]));
}

/** SHA-256 of the public key (SubjectPublicKeyInfo), lower-case hex. */
export function fingerprintOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** The same of the key that a peer id is made of; null: it is none of an Ed25519 key. */
export function fingerprintOfPeer(peerId: string): string | null {
  const key = keyOfPeer(peerId);
  return key === null ? null : fingerprintOf(key);
}

/** The public key that a peer id is made of; null: it is none of an Ed25519 key. */
export function keyOfPeer(peerId: string): KeyObject | null {
  const bytes = fromBase58(peerId);
  if (bytes === null || bytes.byteLength !== peerIdPrefix.byteLength + rawKeyBytes) return null;
  const multihashBytes = peerIdPrefix.byteLength - publicKeyPrefix.byteLength;
  if (!bytes.subarray(0, multihashBytes).equals(peerIdPrefix.subarray(0, multihashBytes))) return null;
  return publicKeyOf(bytes.subarray(multihashBytes));
}

/** The 32 bytes of an Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** Bitcoin's base 58: the number in big-endian digits, each leading zero byte as a `1`. */
function base58(bytes: Uint8Array): string {
  let value = BigInt(`0x00${Buffer.from(bytes).toString('hex')}`);
  let digits = '';
  while (value > 0n) {
    digits = base58Digits.charAt(Number(value % 58n)) + digits;
    value /= 58n;
  }
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros === -1 ? bytes.length : zeros) + digits;
}

/** A peer id has 52 digits; nothing longer is worth the arithmetic. */
const base58DigitsMax = 64;

function fromBase58(text: string): Buffer | null {
  if (text.length > base58DigitsMax) return null;
  let value = 0n;
  for (const digit of text) {
    const at = base58Digits.indexOf(digit);
    if (at === -1) return null;
    value = value * 58n + BigInt(at);
  }
  const hex = value === 0n ? '' : value.toString(16);
  const zeros = /^1*/.exec(text)?.[0].length ?? 0;
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')]);
}

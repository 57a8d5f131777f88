import { createHash, createPrivateKey } from 'node:crypto';
import type { Identity } from '#engine/identity/identity.ts';
import { fingerprintOf, peerIdOf, privateKeyProtobuf } from '#engine/identity/peer-id.ts';

/** PKCS #8 of an Ed25519 private key (RFC 8410) up to its 32 bytes. */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const made = new Map<string, Identity>();

/** The same key for the same name, in every process: whose link it is, for tests that need no key of their own. */
export function seededIdentity(name: string): Identity {
  const known = made.get(name);
  if (known !== undefined) return known;
  const seed = createHash('sha256').update(name).digest();
  const key = createPrivateKey({ key: Buffer.concat([ed25519Prefix, seed]), format: 'der', type: 'pkcs8' });
  const identity = {
    peerId: peerIdOf(key),
    fingerprint: fingerprintOf(key),
    privateKeyProtobuf: privateKeyProtobuf(key),
  };
  // Thousands come and go in some tests.
  if (made.size < 100) made.set(name, identity);
  return identity;
}

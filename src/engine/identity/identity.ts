import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RoundscopeError } from '#shared/base/errors.ts';
import { peerIdOf, privateKeyOf, privateKeyProtobuf } from './peer-id.ts';

/** Who a coordinator or participant is: an Ed25519 key. On a QUIC link each end proves its own to the other. */
export interface Identity {
  /** libp2p peer id; stands in the invitation, and a peer that proves another is an impostor. */
  readonly peerId: string;
  /** SHA-256 of the public key (SubjectPublicKeyInfo), lower-case hex; a participant's goes into `register`. */
  readonly fingerprint: string;
  /** The private key as quinn takes it. Secret. */
  readonly privateKeyProtobuf: Uint8Array;
}

/** A signature by the identity's key (Ed25519). */
export function signAs(identity: Identity, bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, privateKeyOf(identity.privateKeyProtobuf));
}

/** A fresh identity that lives as long as the process, for the demo. */
export function createIdentity(): Identity {
  return identityOf(generateKeyPairSync('ed25519').privateKey);
}

/**
 * The identity kept in `path` (PEM, readable by its owner alone); made there on first use.
 * @throws RoundscopeError `path_unwritable` when it can be neither read nor made, `settings_invalid` when the file holds
 *   something else: it is left as it is, since a new key would make every invitation handed out so far wrong
 */
export async function loadIdentity(path: string): Promise<Identity> {
  try {
    const found = await readIfThere(path);
    if (found !== null) return parseIdentity(found, path);
    return await createIdentityFile(path);
  } catch (error) {
    if (error instanceof RoundscopeError) throw error;
    throw new RoundscopeError('path_unwritable', {
      layer: 'settings',
      message: `The identity key ${path} can be neither read nor created. Check who owns its folder, or choose another data folder.`,
      cause: error,
      context: { path },
    });
  }
}

async function createIdentityFile(path: string): Promise<Identity> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  // Written beside it and linked in one step: of two processes that start at once, both end up with the same key.
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    await link(draft, path);
    return identityOf(privateKey);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    return parseIdentity(await readFile(path, 'utf8'), path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8');
    // A key that was copied about may have lost its mode; Windows has none to set.
    await chmod(path, 0o600);
    return text;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function parseIdentity(pem: string, path: string): Identity {
  let key: KeyObject | undefined;
  let cause: unknown;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    cause = error;
  }
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new RoundscopeError('settings_invalid', {
      layer: 'settings',
      message: `${path} holds no Ed25519 private key. Restore it from a backup, or move it away to get a new identity (older invitations will then be refused).`,
      ...(cause === undefined ? {} : { cause }),
      context: { path },
    });
  }
  return identityOf(key);
}

function identityOf(privateKey: KeyObject): Identity {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return {
    peerId: peerIdOf(privateKey),
    fingerprint: createHash('sha256').update(spki).digest('hex'),
    privateKeyProtobuf: privateKeyProtobuf(privateKey),
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

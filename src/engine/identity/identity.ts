import { createPrivateKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { RoundscopeError } from '#shared/base/errors.ts';
import { fingerprintOf, keyOfPeer, peerIdOf, privateKeyOf, privateKeyProtobuf } from './peer-id.ts';
import { seal, unseal, type FileSeal } from './sealing.ts';

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
  return sign(null, bytes, keyOf(identity));
}

/** Of those that have signed: to take a key apart anew costs twice as much as a signature. */
const keys = new WeakMap<Identity, KeyObject>();

function keyOf(identity: Identity): KeyObject {
  const known = keys.get(identity);
  if (known !== undefined) return known;
  const key = privateKeyOf(identity.privateKeyProtobuf);
  keys.set(identity, key);
  return key;
}

/** Whether the key that this peer id is made of has signed this. */
export function hasSigned(peerId: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  const key = keyOfPeer(peerId);
  return key !== null && verify(null, bytes, key, signature);
}

/** A fresh identity that lives as long as the process, for the demo. */
export function createIdentity(): Identity {
  return identityOf(generateKeyPairSync('ed25519').privateKey);
}

export interface IdentityStore {
  /** Key of this file alone, derived from a secret that the system keeps for the app (`fileKey`), 64 hex digits. Absent: plain, 0600. */
  readonly sealingKey?: string | undefined;
  /** Something was found and fixed that people should know of. */
  readonly onNotice?: (text: string) => void;
}

/**
 * The identity kept in `path` (PEM, readable by its owner alone), or sealed beside it; made there on first use. A plain one
 * is sealed as soon as there is something to seal it with.
 * @throws RoundscopeError `path_unwritable` when it can be neither read nor made, `settings_invalid` when the file holds
 *   something else: it is left as it is, since a new key would make every invitation handed out so far wrong
 */
export async function loadIdentity(path: string, store: IdentityStore = {}): Promise<Identity> {
  try {
    const sealedPath = sealedPathOf(path);
    const sealed = store.sealingKey === undefined ? null : await readIfThere(sealedPath, store);
    if (sealed !== null)
      return identityOf(parseKey(unseal(sealed, sealOf(sealedPath, store.sealingKey ?? '')), sealedPath));
    const plain = await readIfThere(path, store);
    if (plain === null) return await createIdentityFile(path, store);
    const key = parseKey(plain, path);
    if (store.sealingKey === undefined) return identityOf(key);
    const moved = await writeOnce(sealedPath, key, store);
    await rm(path);
    return identityOf(moved);
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

/**
 * The identity that lies in `path`, which is left as it is: it may be that of a process that runs.
 * @returns null: there is none
 * @throws RoundscopeError `settings_invalid` when the file holds something else
 */
export async function readIdentity(path: string): Promise<Identity | null> {
  try {
    return identityOf(parseKey(await readFile(path, 'utf8'), path));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** A name of its own: a start without the system's secret finds no file that it could not read. */
export function sealedPathOf(path: string): string {
  return `${path.replace(/\.pem$/, '')}.sealed`;
}

function sealOf(path: string, key: string): FileSeal {
  return { key, name: basename(path) };
}

async function createIdentityFile(path: string, store: IdentityStore): Promise<Identity> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  return identityOf(await writeOnce(store.sealingKey === undefined ? path : sealedPathOf(path), privateKey, store));
}

/** The key that the file holds afterwards: of two processes that start at once, both end up with the same. */
async function writeOnce(path: string, key: KeyObject, { sealingKey }: IdentityStore): Promise<KeyObject> {
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  // Written beside it and linked in one step.
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, sealingKey === undefined ? pem : seal(pem, sealOf(path, sealingKey)), {
      mode: 0o600,
      flag: 'wx',
    });
    await link(draft, path);
    return key;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    const there = await readFile(path, 'utf8');
    return parseKey(sealingKey === undefined ? there : unseal(there, sealOf(path, sealingKey)), path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function readIfThere(path: string, { onNotice }: IdentityStore): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8');
    const { mode } = await stat(path);
    // A key that was copied about may have lost its mode; Windows has none to set.
    if ((mode & 0o077) === 0 || process.platform === 'win32') return text;
    await chmod(path, 0o600);
    onNotice?.(
      `The identity key ${path} could be read by other users of this machine (mode ${(mode & 0o777).toString(8)}); it is readable by its owner alone again. If somebody may have taken it, move it away to get a new identity.`,
    );
    return text;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** @param pem null: it was sealed with another secret */
function parseKey(pem: string | null, path: string): KeyObject {
  let key: KeyObject | undefined;
  let cause: unknown;
  try {
    if (pem !== null) key = createPrivateKey(pem);
  } catch (error) {
    cause = error;
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  const what = pem === null ? 'was sealed by another user or system' : 'holds no Ed25519 private key';
  throw new RoundscopeError('settings_invalid', {
    layer: 'settings',
    message: `${path} ${what}. Restore it from a backup, or move it away to get a new identity (older invitations will then be refused).`,
    ...(cause === undefined ? {} : { cause }),
    context: { path },
  });
}

function identityOf(privateKey: KeyObject): Identity {
  return {
    peerId: peerIdOf(privateKey),
    fingerprint: fingerprintOf(privateKey),
    privateKeyProtobuf: privateKeyProtobuf(privateKey),
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

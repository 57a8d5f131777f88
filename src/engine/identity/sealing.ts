import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * How a key lies on disk where the system keeps a secret for the app (Keychain, DPAPI, libsecret): AES-256-GCM by a key that
 * is derived from that secret for this file alone (HKDF-SHA256, RFC 5869), with the file's name authenticated: no process
 * that reads one file can open another, and no file opens under another's name. Not PEM's own encryption, which Electron's
 * library does not have in every version.
 */
const mark = 'roundscope sealed 2\n';
/** Of earlier versions: one key for all files, and no name. */
const oldMark = 'roundscope sealed 1\n';
const cipher = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

/** One file's own part of the system's secret. */
export interface FileSeal {
  /** 64 hex digits, as `fileKey` derives it. */
  readonly key: string;
  /** The file's name without its folder, which may be moved. */
  readonly name: string;
}

/** @param sealingKey the system's secret, 64 hex digits */
export function fileKey(sealingKey: string, name: string): string {
  const info = `${mark}${name}`;
  return Buffer.from(hkdfSync('sha256', Buffer.from(sealingKey, 'hex'), '', info, keyBytes)).toString('hex');
}

export function seal(text: string, { key, name }: FileSeal): string {
  const iv = randomBytes(ivBytes);
  const sealing = createCipheriv(cipher, Buffer.from(key, 'hex'), iv).setAAD(Buffer.from(`${mark}${name}`));
  const sealed = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()]);
  return `${mark}${Buffer.concat([iv, sealing.getAuthTag(), sealed]).toString('base64')}\n`;
}

/** Null when it was sealed by another key, under another name, or is something else. */
export function unseal(sealed: string, { key, name }: FileSeal): string | null {
  return sealed.startsWith(mark) ? opened(sealed.slice(mark.length), key, `${mark}${name}`) : null;
}

export function isOldSeal(sealed: string): boolean {
  return sealed.startsWith(oldMark);
}

/**
 * What an earlier version sealed, to be sealed again; null: it was sealed by another secret.
 * @param sealingKey the system's secret itself
 */
export function unsealOld(sealed: string, sealingKey: string): string | null {
  return isOldSeal(sealed) ? opened(sealed.slice(oldMark.length), sealingKey, null) : null;
}

function opened(base64: string, key: string, name: string | null): string | null {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.byteLength < ivBytes + tagBytes) return null;
  const decipher = createDecipheriv(cipher, Buffer.from(key, 'hex'), bytes.subarray(0, ivBytes));
  if (name !== null) decipher.setAAD(Buffer.from(name));
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    // The tag does not fit: another key or name, or changed bytes.
    return null;
  }
}

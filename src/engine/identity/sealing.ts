import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * How a key lies on disk where the system keeps a secret for the app (Keychain, DPAPI, libsecret): AES-256-GCM by that
 * secret. Not PEM's own encryption, which Electron's library does not have in every version.
 */
const mark = 'roundscope sealed 1\n';
const ivBytes = 12;
const tagBytes = 16;

/** @param sealingKey 64 hex digits */
export function seal(text: string, sealingKey: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(sealingKey, 'hex'), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `${mark}${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')}\n`;
}

/** Null when it was sealed by another key, or is something else. */
export function unseal(sealed: string, sealingKey: string): string | null {
  if (!sealed.startsWith(mark)) return null;
  const bytes = Buffer.from(sealed.slice(mark.length), 'base64');
  if (bytes.byteLength < ivBytes + tagBytes) return null;
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(sealingKey, 'hex'), bytes.subarray(0, ivBytes));
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    // The tag does not fit: another key, or changed bytes.
    return null;
  }
}

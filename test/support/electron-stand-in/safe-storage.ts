import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';

/**
 * The system's safe storage, as far as main uses it. What it encrypts is really unreadable without its key; that the key
 * can be computed by whoever knows how is what makes it a stand-in.
 */
const key = createHash('sha256').update(`electron stand-in of ${userInfo().username}`).digest();

export const safeStorage: Pick<
  Electron.SafeStorage,
  'isEncryptionAvailable' | 'getSelectedStorageBackend' | 'encryptString' | 'decryptString'
> = {
  isEncryptionAvailable: () => true,
  getSelectedStorageBackend: () => 'gnome_libsecret',
  encryptString: (text) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), bytes]);
  },
  decryptString: (encrypted) => {
    const decipher = createDecipheriv('aes-256-gcm', key, encrypted.subarray(0, 12));
    decipher.setAuthTag(encrypted.subarray(12, 28));
    return decipher.update(encrypted.subarray(28), undefined, 'utf8') + decipher.final('utf8');
  },
};

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { safeStorage } from 'electron';

/**
 * A secret of this user and this app, which the system's safe storage (Keychain, DPAPI, libsecret) keeps: identities are
 * sealed with it. Only main can ask for it, and hands it on by message.
 *
 * Null where there is no safe storage. On Linux without a keyring Electron would use a password that is the same for
 * everybody: a file of mode 0600 without that pretence is as good.
 */
export function sealingKey(dataFolder: string): string | null {
  if (!safeStorage.isEncryptionAvailable()) return null;
  if (process.platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text') return null;
  const path = join(dataFolder, 'sealing-key');
  try {
    if (existsSync(path)) return checked(safeStorage.decryptString(readFileSync(path)));
    const key = randomBytes(32).toString('hex');
    writeFileSync(path, safeStorage.encryptString(key), { mode: 0o600, flag: 'wx' });
    return key;
  } catch (error) {
    // The keyring was reset, or the file is of another user. Runs go on with identities that are not sealed.
    console.error(`the system's safe storage does not open ${path}; move it away to have a new one made:`, error);
    return null;
  }
}

function checked(key: string): string {
  if (/^[0-9a-f]{64}$/.test(key)) return key;
  throw new Error('it holds something else');
}

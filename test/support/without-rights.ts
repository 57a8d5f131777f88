import { chmod } from 'node:fs/promises';

/** Somebody without rights, by the custom of all systems that have users. */
const nobody = 65_534;

/**
 * Does `act` while this user may not read `path`. Root may read everything, so that it is somebody else meanwhile: this is
 * for tests that run one after another.
 * @param above folders on the way to it that only their maker may enter; opened for that time
 */
export async function withoutRights<T>(path: string, above: readonly string[], act: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  for (const folder of above) await chmod(folder, 0o755);
  await chmod(path, 0o000);
  if (isRoot) process.seteuid?.(nobody);
  try {
    return await act();
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(path, 0o755);
  }
}

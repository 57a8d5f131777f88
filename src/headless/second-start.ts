import type { InstanceNote } from './instance-lock.ts';

export const freshAddressPath = '/fresh-address';
/** A running app answers at once, unless its machine is overloaded. */
const answerMs = 10_000;
const addressMax = 300;

/** A fresh address of the app that runs already, proved by the secret in its lock file; null: it does not answer. */
export async function askRunning({ port, secret }: InstanceNote): Promise<string | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${freshAddressPath}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
      redirect: 'error',
      signal: AbortSignal.timeout(answerMs),
    });
    if (!response.ok || Number(response.headers.get('content-length')) > addressMax) return null;
    const address = (await response.text()).trim();
    return address.length <= addressMax && address.startsWith(`http://127.0.0.1:${port}/?token=`) ? address : null;
  } catch {
    // It has just ended, or something else has its port now: the caller says so.
    return null;
  }
}

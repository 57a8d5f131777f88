import type { InstanceNote } from './instance-lock.ts';

export const freshAddressPath = '/fresh-address';
/** A running app answers at once, unless its machine is overloaded. */
const answerMs = 10_000;
const addressMax = 300;

/** Names, in a request for a fresh address, the recording that its window is to show. */
export const recordingHeader = 'x-roundscope-recording';

/**
 * A fresh address of the app that runs already, proved by the secret in its lock file; null: it does not answer.
 * @param recording what its window is to show; absent: what goes on there
 */
export async function askRunning({ port, secret }: InstanceNote, recording?: string): Promise<string | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${freshAddressPath}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        ...(recording === undefined ? {} : { [recordingHeader]: encodeURIComponent(recording) }),
      },
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

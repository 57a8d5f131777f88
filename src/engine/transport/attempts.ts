import type { DialAttempt, SessionObserver } from './transport.ts';

/** Tells the observer of an attempt to open a session, when it begins and when it has ended, while `open` makes it. */
export async function observed<T>(
  observer: SessionObserver | undefined,
  attempt: DialAttempt,
  open: () => Promise<T>,
): Promise<T> {
  observer?.onAttempt?.(attempt);
  try {
    const session = await open();
    observer?.onAttemptEnd?.(attempt, null);
    return session;
  } catch (error) {
    observer?.onAttemptEnd?.(attempt, error);
    throw error;
  }
}

import { abortable } from '../shared/abortable.ts';
import { whenSettled } from '../shared/when-settled.ts';
import type { Carrier } from './carrier.ts';

/** Resolves when there is room for more bulk on the way to the wire, or the session has ended; rejects with the signal's reason. */
export async function wireRoom(carrier: Carrier, ended: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const room = carrier.room?.() ?? null;
  if (room === null) return;
  const over = Promise.withResolvers<void>();
  using _waiting = whenSettled(ended, () => over.resolve());
  await abortable(Promise.race([room, over.promise]), signal);
}

import { hashBytes } from '#engine/codec/hash.ts';
import type { ExpectedBulk } from '#engine/link/transfer/inbox.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Message, Outgoing } from '#shared/contract/messages.ts';

/** For links without a run above them, which would say what may come. */
export const anyBulk: ExpectedBulk = {
  kinds: ['global_model', 'model_update'],
  bytesMax: limits.payloadBytesMax,
};

/** A control message that carries a number, to be told from others. */
export function progressMessage(batch: number, round = 1): Outgoing {
  return { kind: 'training_progress', round, body: { epoch: 1, epochs: 1, batch, batches: 1_000_000, loss: 0.5 } };
}

export function batchOf(message: Message): number {
  return message.header.kind === 'training_progress' ? message.header.body.batch : Number.NaN;
}

/** A bulk message with `byteCount` bytes that depend on `seed`. */
export function modelMessage(byteCount: number, seed = 1): Outgoing & { readonly kind: 'global_model' } {
  const bytes = new Uint8Array(byteCount);
  for (let i = 0; i < byteCount; i++) bytes[i] = (i * 31 + seed * 7 + (i >>> 8)) & 0xff;
  return { kind: 'global_model', round: 1, body: { purpose: 'train' }, payload: { bytes, hash: hashBytes(bytes) } };
}

/** The next `count` messages of a link, in order of delivery. */
export async function take(messages: AsyncIterator<Message, undefined>, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) {
    const next = await messages.next();
    if (next.done === true) throw new Error(`link closed after ${taken.length} of ${count} messages`);
    taken.push(next.value);
  }
  return taken;
}

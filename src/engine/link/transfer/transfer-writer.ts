import type { Lane } from '#engine/transport/transport.ts';
import type { MessageId } from '#shared/contract/ids.ts';
import { limits, timing } from '#shared/contract/limits.ts';
import type { MessageHeader } from '#shared/contract/messages.ts';
import type { OutboxEntry } from './outbox.ts';
import type { Wire } from '../wire.ts';

/** What the packet log shows of a message. */
export function noteOf(header: MessageHeader): { kind: string; round: number; messageId: string; replyTo: string } {
  return { kind: header.kind, round: header.round, messageId: header.id, replyTo: header.replyTo ?? '' };
}

/**
 * Size of the next chunk. The peer sees a chunk only when it is complete, and a lost session resumes after the last complete
 * one. A long round trip often means a slow path, so chunks are small there: each takes less time than the silence that ends
 * a session. Decision 0053.
 */
export function chunkBytesFor(rttMs: number | null): number {
  if (rttMs === null) return limits.firstChunkBytes;
  return rttMs < timing.farRoundTripMs ? limits.chunkBytes : limits.farChunkBytes;
}

/** Sends a model or an update: its header first, then its bytes in chunks, from where the peer's copy ends. */
export async function writeTransfer(
  wire: Wire,
  entry: OutboxEntry,
  {
    ack,
    rttMs,
    goesOn,
    onChunk,
  }: {
    readonly ack: number;
    /** Read again for each chunk, because the first chunks may be sent before a round trip was measured. */
    readonly rttMs: () => number | null;
    readonly goesOn: () => boolean;
    readonly onChunk: (bytes: number) => void;
  },
): Promise<void> {
  const { header, payload, peerBytes } = entry;
  if (payload === null) return;
  const lane = `bulk:${header.id}` as const;
  let offset = peerBytes;
  const resumed = offset > 0 ? { note: `resumed at byte ${offset}` } : {};
  const announcement = {
    t: 'message',
    transfer: header.id,
    offset,
    header: entry.wire as Record<string, unknown>,
    ack,
  } as const;
  await wire.write(announcement, { lane, last: offset >= payload.byteLength, note: { ...noteOf(header), ...resumed } });
  while (offset < payload.byteLength && goesOn()) {
    if (entry.withdrawn) return await writeWithdrawal(wire, header, lane);
    const chunkBytes = Math.min(chunkBytesFor(rttMs()), wire.session.chunkBytes ?? limits.chunkBytes);
    const count = Math.max(1, Math.ceil(payload.byteLength / chunkBytes));
    const body = payload.subarray(offset, offset + chunkBytes);
    const index = Math.floor(offset / chunkBytes) + 1;
    const note = { kind: 'chunk', round: header.round, messageId: header.id, chunk: `${index}/${count}` };
    const last = offset + body.byteLength >= payload.byteLength;
    await wire.write({ t: 'chunk', transfer: header.id, offset, index, count }, { lane, body, last, note });
    offset += body.byteLength;
    onChunk(body.byteLength);
    const told = { bytes: offset, totalBytes: payload.byteLength, nowMs: wire.clock.monotonicMs() };
    wire.log.progress(wire.context, { side: 'sent', id: header.id, round: header.round, kind: header.kind, ...told });
  }
  entry.sentWhole = offset >= payload.byteLength;
}

/** Tells the peer that the rest will not come: on the transfer's own lane while that is open, so that it arrives last. */
export async function writeWithdrawal(
  wire: Wire,
  { id, round }: { readonly id: string; readonly round: number },
  lane: Lane,
): Promise<void> {
  const note = { kind: 'withdraw', round, messageId: id, note: 'nobody needs it any more' };
  const last = lane === 'control' ? {} : { last: true };
  await wire.write({ t: 'withdraw', transfer: id as MessageId }, { lane, ...last, note });
}

import type { Received } from '../link-frames.ts';
import type { OutboxEntry } from './outbox.ts';
import { noteOf } from './transfer-writer.ts';
import type { Wire } from '../wire.ts';

const lane = 'control';

export function writeAck(wire: Wire, state: Received): Promise<void> {
  return wire.write({ t: 'ack', state }, { lane, note: { kind: 'ack' } });
}

/** @param ack control messages received so far */
export function writeControl(wire: Wire, { seq, header, wire: named }: OutboxEntry, ack: number): Promise<void> {
  const frame = { t: 'message', seq, header: named as Record<string, unknown>, ack } as const;
  return wire.write(frame, { lane, note: noteOf(header) });
}

export function writeGoodbye(
  wire: Wire,
  { code, reason }: { readonly code: string; readonly reason: string },
): Promise<void> {
  return wire.write({ t: 'goodbye', code, reason }, { lane, note: { kind: 'goodbye', note: `${code}: ${reason}` } });
}

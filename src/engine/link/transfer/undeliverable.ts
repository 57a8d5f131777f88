import type { Outbox } from './outbox.ts';
import type { LogContext, PacketLog } from '../records/packet-log.ts';
import { noteOf } from './transfer-writer.ts';

/** Logs each message that has no open session to travel on, once. These packets are what shows a connection per message. */
export function reportUndeliverable(outbox: Outbox, log: PacketLog, context: LogContext, why: string): void {
  for (const entry of outbox.entries()) {
    if (entry.reportedUndeliverable) continue;
    entry.reportedUndeliverable = true;
    log.frame(context, {
      ...noteOf(entry.header),
      side: 'sent',
      status: 'undeliverable',
      header: JSON.stringify(entry.wire),
      sizeBytes: entry.payload?.byteLength ?? 0,
      note: entry.sentOnce ? `sent, and not acknowledged before the session ended: ${why}` : why,
    });
  }
}

import type { LinkCore } from './link-core.ts';
import type { OutboxEntry } from './transfer/outbox.ts';
import { noteOf, writeTransfer } from './transfer/transfer-writer.ts';
import { messageOf, type Wire } from './wire.ts';

/**
 * How a client sends that opens a connection per message: on a new session, which it closes at once without reading from
 * it. The message counts as delivered, because such a client believes so. Decision 0032.
 */
export async function sendOneAndClose(wire: Wire, entry: OutboxEntry, core: LinkCore): Promise<void> {
  const ack = core.inbox.received;
  entry.sentOnce = true;
  let note = `hung up right after ${entry.header.kind}`;
  try {
    if (entry.payload !== null)
      await writeTransfer(wire, entry, { ack, rttMs: () => null, goesOn: () => true, onChunk: () => undefined });
    else {
      const frame = { t: 'message', seq: entry.seq, header: entry.wire as Record<string, unknown>, ack } as const;
      await wire.write(frame, { lane: 'control', note: noteOf(entry.header) });
    }
    core.outbox.forget(entry);
  } catch (error) {
    entry.sentOnce = false;
    note = messageOf(error);
    throw error;
  } finally {
    await hangUp(wire, core, note);
  }
}

/** The same client's sign of life: a connection for each. */
export async function sendHeartbeatAndClose(wire: Wire, core: LinkCore): Promise<void> {
  try {
    const heartbeat = { t: 'heartbeat', n: wire.context.connection, ack: core.inbox.received } as const;
    await wire.write(heartbeat, { lane: 'control', note: { kind: 'heartbeat' } });
  } finally {
    await hangUp(wire, core, 'hung up right after heartbeat');
  }
}

async function hangUp(wire: Wire, core: LinkCore, note: string): Promise<void> {
  await wire.close('clean', note);
  wire.log.connection(wire.context, 'connection_close', { local: true, note });
  core.account(wire);
}

import type { PacketRow } from '../contract/packet.ts';

/** A packet row for tests and stories, with whatever matters there laid over it. */
export function packetRow(over: Partial<PacketRow> = {}): PacketRow {
  return {
    id: 1,
    at: new Date(2026, 0, 2, 21, 10, 25, 499).getTime(),
    source: 'coordinator',
    peer: 'node-3',
    participant: 'node-3',
    direction: 'up',
    side: 'received',
    protocol: 'quic',
    stack: 'quinn',
    kind: 'model_update',
    round: 3,
    messageId: 'm-000a91',
    replyTo: 'm-000a3c',
    sizeBytes: 1_048_576,
    connection: 1,
    stream: '16',
    chunk: '1/9',
    status: 'ok',
    bodyBytes: 1_048_000,
    note: '',
    gapMs: 100,
    ...over,
  };
}

import type { RecordedEvent } from '#shared/contract/events.ts';
import { asRunId, asParticipantId } from '#shared/contract/ids.ts';
import type { LossTotals } from '#shared/contract/losses.ts';
import type { PacketDetail } from '#shared/contract/packet.ts';

export const nothingLost: LossTotals = { packets: 0, events: 0, malformed: 0, cutBodies: 0 };

export const recordedRun = asRunId('r-recorded');

/** The n-th packet of a made-up run: everything in it follows from `id`. */
export function packetOf(id: number, over: Partial<PacketDetail> = {}): PacketDetail {
  const participant = `node-${(id % 3) + 1}`;
  return {
    id,
    at: 1_700_000_000_000 + id * 10,
    source: id % 2 === 0 ? 'coordinator' : participant,
    peer: id % 2 === 0 ? participant : 'coordinator',
    participant,
    direction: id % 4 < 2 ? 'up' : 'down',
    side: id % 2 === 0 ? 'received' : 'sent',
    protocol: id % 5 === 0 ? 'mqtt' : 'quic',
    stack: id % 5 === 0 ? 'mqtt.js' : 'quinn',
    kind: ['heartbeat', 'model_update', 'chunk', 'ack'][id % 4] as string,
    round: Math.floor(id / 100),
    messageId: `m-${id.toString(16)}`,
    replyTo: id % 7 === 0 ? `m-${(id - 1).toString(16)}` : '',
    sizeBytes: (id * 7919) % 100_000,
    connection: 1,
    stream: String(id % 16),
    chunk: id % 4 === 2 ? `${id % 9}/9` : '',
    status: id % 11 === 0 ? 'duplicate' : 'ok',
    ...(id % 3 === 0 ? { durationMs: id % 50 } : {}),
    header: JSON.stringify({ t: 'message', n: id }),
    bodySample: new Uint8Array([id & 0xff, (id >> 8) & 0xff, 3]),
    bodyBytes: (id * 7919) % 100_000,
    note: id % 13 === 0 ? 'Unlucky Number' : '',
    gapMs: id <= 3 ? null : id % 60,
    ...over,
  };
}

export function eventOfRun(id: number, at = 1_700_000_000_000 + id * 10): RecordedEvent {
  return {
    id,
    type: 'training_progress',
    run: recordedRun,
    source: 'node-1',
    at,
    data: {
      participant: asParticipantId('node-1'),
      round: 1,
      epoch: 1,
      epochs: 2,
      batch: id,
      batches: 1000,
      loss: 0.5,
    },
  };
}

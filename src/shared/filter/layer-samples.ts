import type { PacketRow } from '../contract/packet.ts';
import { packetRow } from './filter-samples.ts';

/** Packets as each transport records them, one after the other, for tests of dissectors and of filters over recordings. */
export const samples: readonly PacketRow[] = [
  packetRow({ id: 1, stream: '8', bodyBytes: 1_048_000 }),
  packetRow({ id: 2, stream: '9', direction: 'down', kind: 'global_model', stack: 'webtransport-h2', chunk: '' }),
  packetRow({ id: 3, stream: 'bulk:m-000a91', status: 'undeliverable', side: 'sent', durationMs: 1500 }),
  packetRow({ id: 4, stream: '0', kind: 'heartbeat', durationMs: 62, sizeBytes: 148, bodyBytes: 0, chunk: '' }),
  packetRow({ id: 5, stream: '', kind: 'connection_open', sizeBytes: 0, bodyBytes: 0, chunk: '' }),
  packetRow({
    id: 6,
    protocol: 'mqtt',
    stack: 'mqtt.js',
    stream: 'roundscope/r-1/node-3/5d1c/up/control',
    kind: 'ack',
  }),
  packetRow({ id: 7, protocol: 'mqtt', stack: 'mqtt.js', stream: 'roundscope/r-1/node-3/5d1c/up/bulk/m-000a91' }),
  packetRow({ id: 8, protocol: 'mqtt', stack: 'mqtt.js', stream: 'factory/7/temperature', kind: 'reading' }),
  packetRow({ id: 9, protocol: 'amqp', stack: 'amqplib', stream: 'roundscope.r-1.p.node-3.7f.up.control' }),
  packetRow({ id: 10, protocol: 'amqp', stack: 'amqplib', stream: 'roundscope.r-1.p.node-3.7f.down.bulk m-000a91' }),
  packetRow({ id: 11, protocol: 'grpc', stack: 'grpc-js', stream: 'Session' }),
  packetRow({ id: 12, protocol: 'grpc', stack: 'grpc-js', stream: 'Upload 3', kind: 'chunk' }),
  packetRow({ id: 13, protocol: 'dds', stack: 'cyclonedds', stream: 'roundscope_control_up' }),
  packetRow({ id: 14, protocol: 'dds', stack: 'cyclonedds', stream: 'roundscope_bulk_down m-000a91' }),
  packetRow({ id: 15, protocol: 'memory', stack: 'memory', stream: 'control', kind: 'malformed', chunk: 'x' }),
  packetRow({ id: 16, stream: 'constructor', kind: '__proto__', chunk: '99999999999999999999/1' }),
];

import { z } from 'zod';

/** The protocols of the field, in the order in which screens list them; `memory` joins both ends in one process. */
export const protocols = ['quic', 'mqtt', 'amqp', 'grpc', 'dds', 'memory'] as const;
export const protocolSchema = z.enum(protocols);
export type Protocol = z.infer<typeof protocolSchema>;

/** As people write them. */
export const protocolNames: Readonly<Record<Protocol, string>> = {
  quic: 'QUIC',
  mqtt: 'MQTT',
  amqp: 'AMQP',
  grpc: 'gRPC',
  dds: 'DDS',
  memory: 'in-memory',
};

/** Which implementation carries a protocol; shown beside it. `webtransport-h2` is TCP and always shown as such. */
export const stacks = [
  'quinn',
  'webtransport-h3',
  'webtransport-h2',
  'mqtt.js',
  'amqplib',
  'grpc-js',
  'cyclonedds',
  'memory',
] as const;
export const stackSchema = z.enum(stacks);
export type Stack = z.infer<typeof stackSchema>;

/** What a session of a protocol runs on, as far as that can be told before it exists. */
export const usualStack: Readonly<Record<Protocol, Stack>> = {
  quic: 'quinn',
  mqtt: 'mqtt.js',
  amqp: 'amqplib',
  grpc: 'grpc-js',
  dds: 'cyclonedds',
  memory: 'memory',
};

/** What a stack's packets travel in; whoever blocks one may let the other through. */
export function carrierOf(stack: Stack): 'UDP' | 'TCP' | 'memory' {
  if (stack === 'memory') return 'memory';
  return stack === 'quinn' || stack === 'webtransport-h3' || stack === 'cyclonedds' ? 'UDP' : 'TCP';
}

/** Which protocol a stack carries. */
export const protocolOf: Readonly<Record<Stack, Protocol>> = {
  quinn: 'quic',
  'webtransport-h3': 'quic',
  'webtransport-h2': 'quic',
  'mqtt.js': 'mqtt',
  amqplib: 'amqp',
  'grpc-js': 'grpc',
  cyclonedds: 'dds',
  memory: 'memory',
};

/** What travels where: everything over the chosen transport, or control over MQTT as the reference framework does. */
export const controlModes = ['same', 'mqtt'] as const;
export const controlModeSchema = z.enum(controlModes);
export type ControlMode = z.infer<typeof controlModeSchema>;

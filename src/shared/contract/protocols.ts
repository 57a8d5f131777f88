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
  amqp: 'mqtt.js',
  grpc: 'grpc-js',
  dds: 'cyclonedds',
  memory: 'memory',
};

/** What travels where: everything over the chosen transport, or control over MQTT as the reference framework does. */
export const controlModes = ['same', 'mqtt'] as const;
export const controlModeSchema = z.enum(controlModes);
export type ControlMode = z.infer<typeof controlModeSchema>;

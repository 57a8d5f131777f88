/** Every transport beside the library that carries it: the same bytes, two processes over loopback, ways in turn. */
import { transports } from '#engine/transport/registry.ts';
import { benchWays, MB, waysTable, type Measurement, type Way, type WayResult } from './sessions.ts';
import { median } from './statistics.ts';

const measured: Measurement = { sizes: [1 * MB, 10 * MB], loadBytes: 10 * MB };

const ways: readonly Way[] = [
  { name: 'quic: our session', kind: 'session:quic', connections: 'one' },
  { name: 'quic: raw streams of quinn', kind: 'raw:quinn', connections: 'one' },
  { name: 'mqtt: our session', kind: 'session:mqtt', connections: 'one' },
  { name: 'mqtt: mqtt.js alone', kind: 'library:mqtt.js', connections: 'one' },
  { name: 'amqp: our session', kind: 'session:amqp', connections: 'one' },
  { name: 'amqp: amqplib alone, TLS', kind: 'library:amqplib', connections: 'one' },
  { name: 'grpc: our session', kind: 'session:grpc', connections: 'one' },
  { name: 'grpc: grpc-js alone', kind: 'library:grpc-js', connections: 'one' },
  { name: 'grpc: grpc-js alone, TLS', kind: 'library:grpc-js with TLS', connections: 'one' },
  { name: 'dds: our session', kind: 'session:dds', connections: 'one' },
  { name: 'plain TCP', kind: 'tcp', connections: 'one' },
];

/** Our session and what a user would pick instead. */
const pairs = [
  ['quic: our session', 'quic: raw streams of quinn'],
  ['mqtt: our session', 'mqtt: mqtt.js alone'],
  ['amqp: our session', 'amqp: amqplib alone, TLS'],
  ['grpc: our session', 'grpc: grpc-js alone'],
] as const;

export function benchTransports(options: { readonly repetitions: number }): Promise<readonly WayResult[]> {
  const here = ways.filter(
    ({ kind }) => !kind.startsWith('session:') || transports().some((name) => kind.endsWith(name)),
  );
  return benchWays(here, measured, options);
}

export function transportsTable(results: readonly WayResult[]): string {
  const timeOf = (name: string): number =>
    1 / median(results.find((result) => result.name === name)?.throughput[10 * MB] ?? []);
  const ratios = pairs.map(
    ([ours, theirs]) => `${ours.split(':')[0] ?? ''} ${(timeOf(ours) / timeOf(theirs)).toFixed(2)}`,
  );
  return [
    ...waysTable(results, measured),
    '',
    `Time of 10 MB against the library alone: ${ratios.join(', ')} (aim: at most 1.3; quic at most 1.25, which is 80 % of its throughput). amqplib alone speaks TLS 1.3 to a RabbitMQ of the same kind as our session's; mqtt.js alone and, where it says nothing of TLS, grpc-js speak in plain text.`,
  ].join('\n');
}

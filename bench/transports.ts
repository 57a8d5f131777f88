/** Each of our sessions against what carries it, used alone with the same options: two processes over loopback. */
import { benchPair, type Cost, type Pair, type PairPlan, type PairResult } from './pairs.ts';
import { MB } from './sessions.ts';
import { median, quantile } from './statistics.ts';

const pairs: readonly Pair[] = [
  {
    name: 'QUIC (quinn): raw streams',
    ours: 'transport:quinn',
    theirs: 'raw:quinn',
    alike: 'TLS 1.3 of both identities, windows, socket buffers, pieces of 512 KiB, reads of 64 KiB',
  },
  {
    name: 'WebTransport over HTTP/2: raw streams',
    ours: 'transport:webtransport',
    theirs: 'raw:webtransport',
    alike: 'TLS 1.3, windows, pieces of 512 KiB',
  },
  {
    name: 'MQTT: mqtt.js and aedes',
    ours: 'session:mqtt',
    theirs: 'library:mqtt.js',
    alike: 'TLS 1.3, no delay, QoS 1, the broker inside the reader, publishes of 256 KiB, 8 MiB of them under way',
  },
  {
    name: 'AMQP: amqplib',
    ours: 'session:amqp',
    theirs: 'library:amqplib',
    alike:
      'TLS 1.3, no delay, a RabbitMQ each, confirms, acknowledgements, frames of 128 KiB, 8 MiB of them under way; ours are also sealed end to end',
  },
  {
    name: 'gRPC: grpc-js',
    ours: 'session:grpc',
    theirs: 'library:grpc-js',
    alike: 'TLS 1.3, no delay, the same channel and server options, messages of 512 KiB',
  },
];

function planFor({ ours }: Pair, scale: number): PairPlan {
  const often = (count: number): number => Math.max(2, Math.round(count * scale));
  const quic = ours.startsWith('transport:');
  return {
    roundTrips: { pairs: often(100), each: 100 },
    uploads: [
      { bytes: 1 * MB, pairs: often(quic ? 100 : 40) },
      { bytes: 10 * MB, pairs: often(quic ? 40 : 20) },
      ...(quic ? [{ bytes: 100 * MB, pairs: often(8) }] : []),
    ],
    loaded: { bytes: (quic ? 25 : 10) * MB, pairs: often(10) },
  };
}

/** One after the other: a pair has the machine for itself, as far as others leave it. */
export async function benchTransports({ scale }: { readonly scale: number }): Promise<readonly PairResult[]> {
  const results: PairResult[] = [];
  for (const pair of pairs) {
    process.stderr.write(`  ${pair.name}\n`);
    results.push(await benchPair(pair, planFor(pair, scale)));
  }
  return results;
}

export function transportsTable(results: readonly PairResult[]): string {
  return [
    '| against | of what | ours | alone | ours of alone, % (quartiles of the pairs) | each half of the pairs | by processor time, % |',
    `|${'---|'.repeat(7)}`,
    ...results.flatMap(rowsOf),
    '',
    'Pairs take turns A B, B A over connections that stay open; 100 % is as fast as alone, also for round trips. Processor time is that of both',
    'processes, without brokers of their own, and hardly knows of the load that others make. Halves that are far apart say that the machine was too busy.',
    '',
    ...results.map(({ pair }) => `- ${pair.name}: both have ${pair.alike}.`),
  ].join('\n');
}

function rowsOf({ pair, uploads, roundTripMs, roundTripCosts, loadedMs }: PairResult): readonly string[] {
  const rows = uploads.map(({ bytes, costs }) => {
    const [ours, theirs] = [costs.ours, costs.theirs].map((list) => list.map(({ wallMs }) => wallMs)) as [
      number[],
      number[],
    ];
    const rate = (times: readonly number[]): string => `${(bytes / MB / (median(times) / 1000)).toFixed(0)} MB/s`;
    const size = `${bytes / MB} MB, ${ours.length} pairs`;
    return `| ${pair.name} | ${size} | ${rate(ours)} | ${rate(theirs)} | ${shares(ours, theirs)} | ${byCpu(costs)} |`;
  });
  const ms = (value: number, digits: number): string => `${value.toFixed(digits)} ms`;
  const [p50, theirP50] = [median(roundTripMs.ours), median(roundTripMs.theirs)];
  const [p99, theirP99] = [quantile(loadedMs.ours, 0.99), quantile(loadedMs.theirs, 0.99)];
  return [
    ...rows,
    `| ${pair.name} | 1 KB there and back, p50 | ${ms(p50, 3)} | ${ms(theirP50, 3)} | ${shares(roundTripMs.ours, roundTripMs.theirs)} | ${byCpu(roundTripCosts)} |`,
    `| ${pair.name} | the same beside four uploads, p50 | ${ms(median(loadedMs.ours), 1)} | ${ms(median(loadedMs.theirs), 1)} | - | - | - |`,
    `| ${pair.name} | the same, p99 | ${ms(p99, 1)} | ${ms(theirP99, 1)} | - | - | - |`,
  ];
}

/** Both columns: all pairs with their quartiles, and the median of each half of them, as two runs would have given it. */
function shares(ours: readonly number[], theirs: readonly number[]): string {
  const ratios = ours.map((time, index) => (100 * (theirs[index] ?? Number.NaN)) / time);
  const show = (value: number): string => value.toFixed(0);
  const half = (which: 0 | 1): string => show(median(ratios.filter((_, index) => Math.floor(index / 2) % 2 === which)));
  return `${show(median(ratios))} (${show(quantile(ratios, 0.25))}-${show(quantile(ratios, 0.75))}) | ${half(0)}, ${half(1)}`;
}

function byCpu({ ours, theirs }: { readonly ours: readonly Cost[]; readonly theirs: readonly Cost[] }): string {
  const total = (costs: readonly Cost[]): number => median(costs.map(({ cpuMs }) => cpuMs));
  return ((100 * total(theirs)) / total(ours)).toFixed(0);
}

import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { median, quantile, spread } from './statistics.ts';
import type { Connection } from './connection.ts';
import { startPeer, type Peer } from './peer-process.ts';
import { open, type PeerKind } from './ways.ts';

export const MB = 1_000_000;
const roundTripsForMs = 2000;

interface Way {
  readonly name: string;
  readonly kind: PeerKind;
  readonly connections: 'one' | 'per message';
}

/** How much is measured of each way. */
interface Measurement {
  readonly sizes: readonly number[];
  /** Bytes of each of the four uploads that run beside round trips. */
  readonly loadBytes: number;
}

const sessionsMeasured: Measurement = { sizes: [1 * MB, 10 * MB, 100 * MB], loadBytes: 100 * MB };

const quicWays: readonly Way[] = [
  { name: 'quinn: our session', kind: 'transport:quinn', connections: 'one' },
  { name: 'quinn: raw streams', kind: 'raw:quinn', connections: 'one' },
  { name: 'quinn: connection per message', kind: 'transport:quinn', connections: 'per message' },
  { name: 'WebTransport/HTTP/2: our session', kind: 'transport:webtransport', connections: 'one' },
  { name: 'WebTransport/HTTP/2: raw streams', kind: 'raw:webtransport', connections: 'one' },
  { name: 'WebTransport/HTTP/2: connection per message', kind: 'transport:webtransport', connections: 'per message' },
  { name: 'plain TCP', kind: 'tcp', connections: 'one' },
];

export interface WayResult {
  readonly name: string;
  readonly connectMs: number[];
  readonly roundTripMs: number[];
  /** MB/s by size, one value a run. */
  readonly throughput: Record<number, number[]>;
  /** 1 KB round trips while four uploads of 100 MB run, ms. */
  readonly loadedMs: number[];
  readonly loadedThroughput: number[];
}

export function benchSessions(options: { readonly repetitions: number }): Promise<readonly WayResult[]> {
  return benchWays(quicWays, sessionsMeasured, options);
}

/** Ways take turns in each repetition, so that a machine that slows down slows all of them. */
async function benchWays(
  ways: readonly Way[],
  measured: Measurement,
  options: { readonly repetitions: number },
): Promise<readonly WayResult[]> {
  const peers = new Map<PeerKind, Peer>();
  for (const { kind } of ways) if (!peers.has(kind)) peers.set(kind, await startPeer(kind));
  const results = ways.map(emptyResult);
  try {
    // The first time round warms both processes up and is not counted.
    for (let repetition = 0; repetition <= options.repetitions; repetition++) {
      for (const [index, way] of ways.entries()) {
        const { endpoint } = peers.get(way.kind) as Peer;
        process.stderr.write(
          `  ${repetition === 0 ? 'warm-up' : `${repetition}/${options.repetitions}`} ${way.name}\n`,
        );
        const result = repetition === 0 ? emptyResult(way) : (results[index] as WayResult);
        await measure(way, endpoint, { measured, result });
      }
    }
  } finally {
    for (const peer of peers.values()) peer.end();
  }
  return results;
}

function emptyResult({ name }: Way): WayResult {
  return { name, connectMs: [], roundTripMs: [], throughput: {}, loadedMs: [], loadedThroughput: [] };
}

async function measure(
  way: Way,
  endpoint: Endpoint,
  { measured, result }: { readonly measured: Measurement; readonly result: WayResult },
): Promise<void> {
  const { sizes, loadBytes } = measured;
  const dial = async (): Promise<Connection> => {
    const startedMs = performance.now();
    const connection = await open(way.kind, endpoint);
    result.connectMs.push(performance.now() - startedMs);
    return connection;
  };
  const withConnection = async (act: (connection: Connection) => Promise<void>): Promise<void> => {
    const connection = await dial();
    try {
      await act(connection);
    } finally {
      await connection.close();
    }
  };
  if (way.connections === 'per message') {
    for (let i = 0; i < 20; i++) await timed(result.roundTripMs, () => withConnection((one) => one.roundTrip(1024)));
    for (const bytes of samples(sizes)) await rate(result, bytes, () => withConnection((one) => one.upload(bytes)));
    return;
  }
  await withConnection(async (connection) => {
    for (let i = 0; i < 5; i++) await connection.roundTrip(1024);
    const until = performance.now() + roundTripsForMs;
    for (let i = 0; i < 300 && performance.now() < until; i++)
      await timed(result.roundTripMs, () => connection.roundTrip(1024));
    for (const bytes of samples(sizes)) await rate(result, bytes, () => connection.upload(bytes));
    await underLoad(connection, loadBytes, result);
  });
  for (let i = 0; i < 4; i++) await withConnection(() => Promise.resolve());
}

/** What is over in a tenth of a second varies much and is measured often. */
function samples(sizes: readonly number[]): readonly number[] {
  return sizes.flatMap((bytes) => Array.from({ length: bytes <= 10 * MB ? 10 : 1 }, () => bytes));
}

async function underLoad(connection: Connection, loadBytes: number, result: WayResult): Promise<void> {
  let running = true;
  const startedMs = performance.now();
  const uploads = Promise.all([1, 2, 3, 4].map(() => connection.upload(loadBytes))).finally(() => {
    running = false;
  });
  while (running) {
    await timed(result.loadedMs, () => connection.roundTrip(1024));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await uploads;
  result.loadedThroughput.push((4 * loadBytes) / MB / ((performance.now() - startedMs) / 1000));
}

async function timed(values: number[], act: () => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  await act();
  values.push(performance.now() - startedMs);
}

async function rate(result: WayResult, bytes: number, act: () => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  await act();
  (result.throughput[bytes] ??= []).push(bytes / MB / ((performance.now() - startedMs) / 1000));
}

export function sessionsTable(results: readonly WayResult[]): string {
  return waysTable(results, sessionsMeasured).join('\n');
}

function waysTable(results: readonly WayResult[], { sizes, loadBytes }: Measurement): readonly string[] {
  const rows = results.map((way) => {
    const rates = sizes.map((bytes) => spread(way.throughput[bytes] ?? [], 0)).join(' | ');
    const loaded =
      way.loadedMs.length === 0
        ? '- | -'
        : `${quantile(way.loadedMs, 0.99).toFixed(1)} | ${spread(way.loadedThroughput, 0)}`;
    return `| ${way.name} | ${spread(way.connectMs)} | ${median(way.roundTripMs).toFixed(2)} | ${quantile(way.roundTripMs, 0.99).toFixed(2)} | ${rates} | ${loaded} |`;
  });
  const titles = sizes.map((bytes) => `${bytes / MB} MB, MB/s`).join(' | ');
  return [
    `| way | connect ms | 1 KB p50 ms | p99 ms | ${titles} | 1 KB p99 ms beside 4 x ${loadBytes / MB} MB | their MB/s |`,
    `|${'---|'.repeat(6 + sizes.length)}`,
    ...rows,
  ];
}

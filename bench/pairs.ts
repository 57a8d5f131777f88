/**
 * Two ways against each other, A B A B …, over connections that stay open: a machine that slows down slows both of a pair,
 * so that the ratio of a pair holds where its times do not. Beside the time, what both processes took of the processor.
 */
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import type { Connection } from './connection.ts';
import { startPeer, type Peer } from './peer-process.ts';
import { median } from './statistics.ts';
import { open, type PeerKind } from './ways.ts';

export interface Pair {
  readonly name: string;
  readonly ours: PeerKind;
  readonly theirs: PeerKind;
  /** What both have alike, for the table. */
  readonly alike: string;
}

/** How often what is measured. */
export interface PairPlan {
  readonly uploads: readonly { readonly bytes: number; readonly pairs: number }[];
  /** Round trips of 1 KB come in such bursts, one after the other. */
  readonly roundTrips: { readonly pairs: number; readonly each: number };
  /** Four uploads of so many bytes each, beside round trips of 1 KB. */
  readonly loaded: { readonly bytes: number; readonly pairs: number };
}

export interface Cost {
  readonly wallMs: number;
  /** Of both processes. */
  readonly cpuMs: number;
}

interface Both<T> {
  readonly ours: T[];
  readonly theirs: T[];
}

export interface PairResult {
  readonly pair: Pair;
  readonly uploads: readonly { readonly bytes: number; readonly costs: Both<Cost> }[];
  /** Medians of the bursts, ms. */
  readonly roundTripMs: Both<number>;
  readonly roundTripCosts: Both<Cost>;
  /** All round trips beside uploads, ms. */
  readonly loadedMs: Both<number>;
}

interface Side {
  readonly peer: Peer;
  readonly connection: Connection;
}

const warmUpRoundTrips = 5000;

export async function benchPair(pair: Pair, plan: PairPlan): Promise<PairResult> {
  const sides = { ours: await openSide(pair.ours), theirs: await openSide(pair.theirs) };
  try {
    await inTurn(2, sides, (side) => warmUp(side.connection, plan));
    const roundTripMs: Both<number> = { ours: [], theirs: [] };
    const roundTripCosts: Both<Cost> = { ours: [], theirs: [] };
    await inTurn(plan.roundTrips.pairs, sides, async (side, key) => {
      const times: number[] = [];
      roundTripCosts[key].push(
        await costOf(side, async () => {
          for (let i = 0; i < plan.roundTrips.each; i++) times.push(await msOf(() => side.connection.roundTrip(1024)));
        }),
      );
      roundTripMs[key].push(median(times));
    });
    const uploads: { bytes: number; costs: Both<Cost> }[] = [];
    for (const { bytes, pairs } of plan.uploads) {
      const costs: Both<Cost> = { ours: [], theirs: [] };
      await inTurn(pairs, sides, async (side, key) => {
        costs[key].push(await costOf(side, () => side.connection.upload(bytes)));
      });
      uploads.push({ bytes, costs });
    }
    const loadedMs: Both<number> = { ours: [], theirs: [] };
    await inTurn(plan.loaded.pairs, sides, async (side, key) => {
      loadedMs[key].push(...(await roundTripsBesideUploads(side.connection, plan.loaded.bytes)));
    });
    return { pair, uploads, roundTripMs, roundTripCosts, loadedMs };
  } finally {
    for (const { connection, peer } of Object.values(sides)) {
      await connection.close().catch(() => undefined);
      peer.end();
    }
  }
}

async function openSide(kind: PeerKind): Promise<Side> {
  const peer = await startPeer(kind);
  return { peer, connection: await open(kind, peer.endpoint as Endpoint) };
}

/** Who begins changes from pair to pair. */
async function inTurn(
  pairs: number,
  sides: { readonly ours: Side; readonly theirs: Side },
  act: (side: Side, key: 'ours' | 'theirs') => Promise<void>,
): Promise<void> {
  for (let i = 0; i < pairs; i++) {
    const order = i % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const);
    for (const key of order) await act(sides[key], key);
  }
}

async function warmUp(connection: Connection, plan: PairPlan): Promise<void> {
  // Until what runs is compiled: a session lives for many more, and its first 5,000 take a sixth longer than the rest.
  for (let i = 0; i < warmUpRoundTrips; i++) await connection.roundTrip(1024);
  for (let i = 0; i < 5; i++) await connection.upload(Math.min(10_000_000, plan.loaded.bytes));
}

async function msOf(act: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}

async function costOf({ peer }: Side, act: () => Promise<void>): Promise<Cost> {
  const before = { here: process.cpuUsage(), there: await peer.cpuMs() };
  const wallMs = await msOf(act);
  const { user, system } = process.cpuUsage(before.here);
  return { wallMs, cpuMs: (user + system) / 1000 + (await peer.cpuMs()) - before.there };
}

async function roundTripsBesideUploads(connection: Connection, bytes: number): Promise<readonly number[]> {
  let running = true;
  const uploads = Promise.all([1, 2, 3, 4].map(() => connection.upload(bytes))).finally(() => (running = false));
  const times: number[] = [];
  while (running) {
    times.push(await msOf(() => connection.roundTrip(1024)));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await uploads;
  return times;
}

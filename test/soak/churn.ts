import assert from 'node:assert/strict';
import { workerPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { systemEntropy } from '#engine/host/system-entropy.ts';
import { MemoryNetwork } from '#engine/transport/memory/memory-network.ts';
import { createTransport } from '#engine/transport/registry.ts';
import { Churn, heapAlive, type ChurnOptions } from '#test/support/churn.ts';

/** Of the joins, before it counts: what remembers the newest of those who left has to fill first. */
const warmUpShare = 0.3;
const samples = 7;
/** A link that is held takes some ten thousand. */
const bytesPerJoinMax = 500;
/** Where few join, what is remembered of each has not begun to replace what came before. */
const bytesPerEarlyJoinMax = 2500;

export interface ChurnResult {
  readonly over: string;
  readonly joins: number;
  readonly msPerJoin: number;
  readonly bytesPerJoin: number;
  readonly heapMb: readonly number[];
}

/** So many join and leave in one run, with what a service makes of it; then a tenth as many over each network. */
export async function soakChurn(joins: number): Promise<readonly ChurnResult[]> {
  const network = new MemoryNetwork(systemClock);
  const results = [await soakOne('memory', joins, { make: () => network, watched: true }, bytesPerJoinMax)];
  for (const over of ['quic', 'grpc', 'mqtt'] as const) {
    const parts = { clock: systemClock, entropy: systemEntropy, workerOf: workerPath };
    const make: ChurnOptions['make'] = (identity) => createTransport(over, 'same', { ...parts, identity });
    results.push(await soakOne(over, Math.ceil(joins / 10), { make }, bytesPerEarlyJoinMax));
  }
  return results;
}

async function soakOne(over: string, joins: number, options: ChurnOptions, bytesMax: number): Promise<ChurnResult> {
  await using churn = await Churn.open(options);
  const warmUp = Math.ceil(joins * warmUpShare);
  const each = Math.ceil((joins - warmUp) / samples);
  const startedMs = performance.now();
  await churn.pass(warmUp);
  const heap = [await heapAlive()];
  for (let sample = 0; sample < samples; sample++) {
    await churn.pass(each);
    heap.push(await heapAlive());
  }
  const all = warmUp + samples * each;
  const msPerJoin = Math.round(((performance.now() - startedMs) / all) * 10) / 10;
  assert.equal(churn.welcomed, all);
  assert.deepEqual(churn.acceptor.held.links, []);
  const bytesPerJoin = Math.round(slopeOf(heap) / each);
  const heapMb = heap.map((bytes) => Math.round(bytes / 1e5) / 10);
  assert.ok(bytesPerJoin < bytesMax, `${over}: ${bytesPerJoin} bytes for each join: ${heapMb.join(', ')} MB`);
  return { over, joins: all, msPerJoin, bytesPerJoin, heapMb };
}

/** Of the line of least squares through equally spaced samples. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let above = 0;
  let below = 0;
  for (const [i, value] of values.entries()) {
    above += (i - middle) * (value - mean);
    below += (i - middle) ** 2;
  }
  return above / below;
}

/** `npm run soak` calls `soakChurn`; by itself: `node test/soak/churn.ts [JOINS]`. */
if (import.meta.main) {
  for (const result of await soakChurn(Number(process.argv[2] ?? 10_000))) console.log(JSON.stringify(result));
}

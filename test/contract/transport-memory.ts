import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { limits } from '#shared/contract/limits.ts';
import type { TransportHarness } from './harness.ts';
import { body, bytesOf, counter, never, quiet, reader } from './session-frames.ts';
import { patience, type Pair } from './session-pair.ts';

const { chunkBytes } = limits;
const MiB = 1024 * 1024;
const offered = 256 * MiB;
/** What neither side may grow by while nobody reads. */
const heldMax = 64 * MiB;

/** Senders wait for readers, and nobody hoards what was not read. */
export function describeMemory(pair: () => Promise<Pair>, harness: () => TransportHarness): void {
  test(
    '256 MiB for a reader that stops: the sender waits, neither side hoards, then all arrives',
    patience,
    async (t) => {
      const reason = harness().skip?.memory ?? harness().skip?.backPressure;
      if (reason !== undefined) return void t.skip(reason);
      await using both = await pair();
      const chunks = offered / chunkBytes;
      const content = body(1, chunkBytes - 4);
      // Once through everything, so that code and pools which stay are there before memory is looked at.
      await both.near.send({ lane: 'bulk:first', parts: [counter(0), content], last: true }, never());
      const incoming = reader(both.far);
      await incoming.next();
      const before = memoryNow();
      let taken = 0;
      const sending = (async () => {
        for (let i = 0; i < chunks; i++) {
          await both.near.send({ lane: 'bulk:wait', parts: [counter(i), content], last: i === chunks - 1 }, never());
          taken = i + 1;
        }
      })();
      await quiet(() => taken);
      const grown = memoryNow() - before;
      assert.ok(taken < chunks && taken * chunkBytes <= heldMax, `${taken * chunkBytes} bytes were taken, nobody read`);
      // Both ends are in this process.
      assert.ok(grown <= 2 * heldMax, `both ends together grew by ${Math.round(grown / MiB)} MiB`);
      t.diagnostic(`${(taken * chunkBytes) / MiB} MiB taken, both ends grew by ${Math.round(grown / MiB)} MiB`);
      for (let i = 0; i < chunks; i++) {
        const next = await incoming.next();
        assert.ok(next.done !== true, `the session ended after ${i} of ${chunks} frames`);
        const bytes = bytesOf(next.value);
        assert.equal(bytes.readUInt32BE(0), i);
        assert.equal(Buffer.compare(bytes.subarray(4), content), 0, `content of frame ${i}`);
      }
      await sending;
    },
  );
}

/** Resident memory, native parts included, after what is garbage has been collected. */
function memoryNow(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage.rss();
}

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Loss } from '#shared/contract/losses.ts';

const service = fileURLToPath(new URL('../../../../test/support/recorded/reporting-service.ts', import.meta.url));
const packetBytes = 4096;
const MiB = 1024 * 1024;

interface Progress {
  readonly told: number;
  readonly rss: number;
}

interface Outcome {
  readonly seen: number;
  readonly losses: readonly Loss[];
  readonly recorder: { readonly droppedPackets: number; readonly droppedEvents: number; readonly malformed: number };
  readonly withoutGap: readonly number[];
}

describe('a service that is stopped', { skip: process.platform === 'win32' && 'no SIGSTOP' }, () => {
  test('costs its processes no memory without end: their oldest rows go, are counted, and their place is told', async () => {
    const packets = 120_000;
    const running = spawn(process.execPath, [service, String(packets), '300'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stoppedAt: Progress | null = null;
    let peak = 0;
    let outcome: Outcome | null = null;
    for await (const line of createInterface({ input: running.stdout })) {
      const said = JSON.parse(line) as Progress | Outcome;
      if ('seen' in said) outcome = said;
      else if (stoppedAt === null && said.told > 5000) {
        stoppedAt = said;
        running.kill('SIGSTOP');
      } else if (stoppedAt !== null) {
        peak = Math.max(peak, said.rss);
        // The last word of the process: it is handing over what its queues hold.
        if (said.told === packets) running.kill('SIGCONT');
      }
    }
    assert.ok(stoppedAt !== null && outcome !== null);
    const handedIn = (packets - stoppedAt.told) * packetBytes;
    assert.ok(handedIn > 300 * MiB, `${handedIn} bytes came while nobody took them`);
    const grown = peak - stoppedAt.rss;
    assert.ok(grown < 150 * MiB, `the process grew by ${Math.round(grown / MiB)} MiB`);
    const { seen, losses, recorder, withoutGap } = outcome;
    const lost = losses.filter(({ kind }) => kind === 'packets');
    assert.equal(seen + recorder.droppedPackets, packets, 'every packet was seen or is counted');
    assert.equal(
      lost.reduce((sum, { count }) => sum + count, 0),
      recorder.droppedPackets,
    );
    assert.deepEqual([recorder.droppedEvents, recorder.malformed], [0, 0], 'told apart');
    for (const { process: of, reason, afterPacket, from, to } of lost) {
      assert.deepEqual([of, reason], ['node-1', 'queue_full']);
      assert.ok(from < to && afterPacket > 0 && afterPacket < seen);
    }
    const afterLoss = lost.map(({ afterPacket }) => afterPacket + 1);
    assert.ok(afterLoss.length > 0);
    // Losses within a second are told as one, at the place of the first.
    assert.deepEqual(
      [1, ...afterLoss].filter((id) => !withoutGap.includes(id)),
      [],
      'a silence across it is not known',
    );
    assert.ok(withoutGap.length < 20, `${withoutGap.length} silences are not known`);
  });
});

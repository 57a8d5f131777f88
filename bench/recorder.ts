import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { openRecorder } from '#engine/recorder/writing/recorder.ts';
import { packetOf } from '#test/support/recorded/recorded-rows.ts';
import { spread } from './statistics.ts';

const packets = 60_000;
/** Rows in one turn of the event loop: a busy federation reports about so many at once. */
const perTurn = 200;

export interface RecorderResult {
  readonly rowsPerS: number[];
  readonly dropped: number;
}

/** Packets into a new recording until all are on disk; the producer waits only when the queue is half full. */
export async function benchRecorder(repetitions: number): Promise<RecorderResult> {
  const rowsPerS: number[] = [];
  let dropped = 0;
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const folder = await mkdtemp(join(tmpdir(), 'roundscope-bench-'));
    const path = join(folder, 'bench.sqlite');
    const recorder = await openRecorder({
      path,
      run: 'r-bench',
      recorder: 'bench',
      entry: entryPath('recorder-worker'),
      clock: systemClock,
    });
    const startedMs = performance.now();
    for (let id = 1; id <= packets; id++) {
      recorder.packet(packetOf(id, { header: '{"t":"message","seq":1,"header":{"kind":"model_update","round":3}}' }));
      if (id % perTurn === 0) await new Promise((resolve) => setImmediate(resolve));
      if (id % 5000 === 0) await recorder.flush();
    }
    await recorder.flush();
    rowsPerS.push(packets / ((performance.now() - startedMs) / 1000));
    dropped += recorder.stats().droppedPackets;
    await recorder.close();
    await rm(folder, { recursive: true });
  }
  return { rowsPerS, dropped };
}

export function recorderTable({ rowsPerS, dropped }: RecorderResult): string {
  return `${packets.toLocaleString('en')} packets with headers into a new recording: ${spread(rowsPerS, 0)} rows a second to disk, ${dropped} dropped.`;
}

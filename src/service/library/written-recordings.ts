import { resolve } from 'node:path';
import type { RecordedRun } from '#shared/contract/app/library.ts';
import { recordedRun } from './recorded-runs.ts';
import type { RecentRuns } from '../runs/recent-runs.ts';
import type { RunHost } from '../runs/run-host.ts';

/** A recording that a process has open for writing. */
export interface WrittenRecording {
  /** What is known of its run; null: it is another process's, whose file tells. */
  readonly run: RecordedRun | null;
  /** The run goes on; else it has ended and its recording is still open. */
  readonly goesOn: boolean;
}

/** By path: that of the run of this process, and of others on this machine. */
export async function writtenRecordings(
  recents: RecentRuns,
  host: RunHost | null,
  now: number,
): Promise<ReadonlyMap<string, WrittenRecording>> {
  const written = new Map<string, WrittenRecording>();
  for (const { recording, status } of (await recents.list()).runs)
    if (recording !== null && status === 'running') written.set(resolve(recording), { run: null, goesOn: true });
  if (host === null || host.recording === null) return written;
  const { view } = host;
  const goesOn = view.endedAt === null;
  const run = recordedRun(view);
  return written.set(resolve(host.recording.path), { run: goesOn ? { ...run, lastAt: now } : run, goesOn });
}

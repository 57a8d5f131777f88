import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { entryPath } from '#engine/host/entries.ts';
import { ownFolder } from '#engine/host/own-folder.ts';
import { recorderError } from '#engine/recorder/errors.ts';
import { removeOldRecordings } from '#engine/recorder/reading/old-recordings.ts';
import { recordingSuffix } from '#engine/recorder/recording-names.ts';
import { openRecorder } from '#engine/recorder/writing/recorder.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { RoundscopeError } from '#shared/base/errors.ts';
import type { RunId } from '#shared/contract/ids.ts';
import { isKept } from '../library/recording-notes.ts';
import type { RunRecording } from '../runs/run-recording.ts';

/** More participants of one machine in one second than any machine starts. */
const sameSecondMax = 16;

/**
 * Opens a recording for each run: at the path that was asked for, else in the data folder under the time and the run's id.
 * Never rejects: a run goes on without a recording, and says so. `version` is kept in the recording.
 */
export function recordingOpener(
  dataFolder: string,
  clock: Clock,
  version = '',
  /** `recordingKey`; absent: no states are kept. */
  stateKey?: Uint8Array,
): (run: RunId, path: string | undefined) => Promise<RunRecording | { readonly failed: RoundscopeError }> {
  const folder = join(dataFolder, 'recordings');
  const entry = entryPath('recorder-worker');
  let cleaned = false;
  return async (run, asked) => {
    const name = `${fileTime(clock.wallMs())}-${run}`;
    let path = asked === undefined ? join(folder, `${name}${recordingSuffix}`) : resolve(asked);
    try {
      if (asked === undefined) ownFolder(folder);
      if (asked === undefined && !cleaned) {
        cleaned = true;
        // What could not be removed is tried again at the next start.
        await removeOldRecordings(folder, { nowMs: clock.wallMs(), isKept });
      }
      for (let copy = 2; ; copy++) {
        try {
          return await openRecorder({ path, run, recorder: version, entry, clock, stateKey });
        } catch (error) {
          // Two participants of one run that share this data folder began in the same second.
          if (asked !== undefined || copy > sameSecondMax || !existsSync(path)) throw error;
          path = join(folder, `${name}-${copy}${recordingSuffix}`);
        }
      }
    } catch (error) {
      return { failed: recorderError(error, path, 'recording to') };
    }
  };
}

/** `2026-01-02-211025`, in UTC: sorts by time and is a name on every file system. */
function fileTime(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
}

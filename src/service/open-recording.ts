import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#shared/base/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import type { RunId } from '#shared/contract/ids.ts';
import type { RunRecording } from './run-recording.ts';

export function recordingOpener(
  dataFolder: string,
  _clock: Clock,
): (run: RunId, path: string | undefined) => Promise<RunRecording | { readonly failed: RoundscopeError }> {
  return async (run, path) => {
    mkdirSync(join(dataFolder, 'recordings'), { recursive: true });
    return {
      failed: new RoundscopeError('path_unwritable', { layer: 'recorder', message: `not recorded: ${path ?? run}` }),
    };
  };
}

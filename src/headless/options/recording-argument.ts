import { visibleText } from '#shared/base/text/visible-text.ts';
import { entryPath } from '#engine/host/entries.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { openRecording, type OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { fileOf } from '#service/checks/typed-paths.ts';
import type { Arguments } from '../arguments.ts';

export const recordingPositional = {
  name: 'RECORDING',
  help: 'the file; recordings end in .rscope, older ones in .sqlite or .roundscope',
} as const;

/** The path of the first positional as its user means it; null: there is none. */
export function recordingPath(args: Arguments): string | null {
  const [typed] = args.positionals;
  return typed === undefined ? null : fileOf(typed, typedIn(process.env));
}

/** A recording for a command that tells its rows: what is missing of it is said first. */
export async function openToTell(path: string): Promise<OpenedRecording> {
  const recording = await openNamed(path);
  if (recording.brief.cut !== null) process.stderr.write(`${visibleText(recording.brief.cut)}\n`);
  return recording;
}

/** @throws RoundscopeError `recording_invalid`, `path_unwritable` */
export function openNamed(path: string): Promise<OpenedRecording> {
  return openRecording(path, { entry: entryPath('recorder-worker') });
}

import { open, rm } from 'node:fs/promises';
import { toErrorReport } from '#shared/base/errors.ts';
import { recordingNotesSchema, type RecordingNotes } from '#shared/contract/app/library.ts';
import { writeAtomically } from '#engine/durability/atomic-file.ts';
import { isMissing, stateInvalid } from '#engine/durability/disk-errors.ts';
import { notesPathOf } from '#engine/recorder/recording-names.ts';

/** More than the longest name and note come to, each letter escaped. */
const notesBytesMax = 64 * 1024;

export const noNotes: RecordingNotes = { name: '', note: '', pinned: false };

export interface ReadNotes {
  readonly notes: RecordingNotes;
  /** Why they could not be read; null: they could, or there are none. */
  readonly fault: string | null;
}

/** Notes that are none of ours, or damaged, are told and left as they are. */
export async function readNotes(recording: string): Promise<ReadNotes> {
  const path = notesPathOf(recording);
  try {
    return { notes: recordingNotesSchema.parse(JSON.parse(await boundedText(path))), fault: null };
  } catch (error) {
    if (isMissing(error)) return { notes: noNotes, fault: null };
    const { message } = toErrorReport(stateInvalid(path, 'cannot be read as the notes of a recording', error));
    return { notes: noNotes, fault: message };
  }
}

/** @throws RoundscopeError `disk_full`, `path_unwritable` */
export async function writeNotes(recording: string, notes: RecordingNotes): Promise<void> {
  const path = notesPathOf(recording);
  const isEmpty = notes.name === '' && notes.note === '' && !notes.pinned;
  if (isEmpty) return await rm(path, { force: true });
  await writeAtomically(path, [Buffer.from(`${JSON.stringify(notes)}\n`, 'utf8')]);
}

/** Whether it must not be removed: pinned, or with notes that cannot be read and may say so. */
export async function isKept(recording: string): Promise<boolean> {
  const { notes, fault } = await readNotes(recording);
  return notes.pinned || fault !== null;
}

async function boundedText(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const bytes = Buffer.alloc(notesBytesMax + 1);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  if (bytesRead > notesBytesMax) throw new RangeError(`more than ${notesBytesMax} bytes`);
  return bytes.toString('utf8', 0, bytesRead);
}

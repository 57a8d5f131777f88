import { z } from 'zod';
import type { ErrorReport } from '#shared/base/errors.ts';
import type { Chair } from '../events.ts';
import { limits } from '../limits.ts';
import type { Protocol } from '../protocols.ts';

/** Longest name and note that a user may give a recording, in letters. */
export const recordingNameMax = 200;
export const recordingNoteMax = 4000;

/** What a user has said of a recording. Kept beside it: the recording itself is evidence and stays as it was written. */
export const recordingNotesSchema = z.object({
  /** In place of the run's own name; empty: that one. */
  name: z.string().max(recordingNameMax).default(''),
  note: z.string().max(recordingNoteMax).default(''),
  /** Never removed for its age, and not by a slip of the hand. */
  pinned: z.boolean().default(false),
});
export type RecordingNotes = z.infer<typeof recordingNotesSchema>;

/** What a recording tells of its run, from the events that say it. */
export interface RecordedRun {
  readonly run: string;
  readonly name: string;
  readonly chair: Chair | null;
  readonly self: string | null;
  readonly startedAt: number;
  /** Of the last row; with no row, when the recording was begun. */
  readonly lastAt: number;
  /** What is missing of a file that was cut, in a sentence or two; null: nothing. */
  readonly cut: string | null;
  /** Null: the recording stops without the end of the run. */
  readonly status: string | null;
  readonly reason: string;
  /** It ended for this participant alone. */
  readonly left: boolean;
  readonly roundsPlanned: number;
  readonly roundsCompleted: number;
  readonly participants: number;
  /** How many participants each carried, as far as it is told; most first. */
  readonly transports: readonly { readonly transport: Protocol; readonly participants: number }[];
  readonly accuracy: number | null;
  readonly verdicts: number;
  /** The first of them. */
  readonly firstVerdicts: readonly { readonly at: number; readonly sentence: string }[];
}

/** A recording in the library. */
export interface LibraryRecording extends RecordedRun {
  readonly path: string;
  readonly sizeBytes: number;
  /** Its run goes on, and it is being written. */
  readonly goesOn: boolean;
  readonly notes: RecordingNotes;
  /** Why its notes could not be read; null: they could, or there are none. */
  readonly notesFault: string | null;
}

/** A file that is called a recording and cannot be read as one. */
export interface UnreadableRecording {
  readonly path: string;
  readonly sizeBytes: number;
  readonly changedAt: number;
  readonly error: ErrorReport;
}

/** A recording that is gone from the list, and comes back when it is asked for until then. */
export interface DeletedRecording {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Wall ms at which its file goes. */
  readonly until: number;
}

/** The recordings of a data folder. */
export interface LibraryList {
  /** Those of the latest run first. */
  readonly recordings: readonly LibraryRecording[];
  readonly unreadable: readonly UnreadableRecording[];
  /** Files that have yet to be read. */
  readonly reading: number;
  /** Files beyond those that a library takes. */
  readonly left: number;
  readonly deleted: readonly DeletedRecording[];
}

/** What it is called: by its user, else by its run. */
export function nameOf({ notes, name }: Pick<LibraryRecording, 'notes' | 'name'>): string {
  return notes.name === '' ? name : notes.name;
}

export const recordingPathSchema = z.string().min(1).max(4096);

/** What a window may ask about the library; checked by the service before use. */
export const libraryRequestSchemas = {
  /** The recordings of the data folder, as far as they have been read. */
  list_recordings: z.object({}),
  /** What the user says of one; absent: as it was. */
  annotate_recording: z.object({
    path: recordingPathSchema,
    name: z.string().max(recordingNameMax).optional(),
    note: z.string().max(recordingNoteMax).optional(),
    pinned: z.boolean().optional(),
  }),
  /** Takes it out of the library; fails with `recording_kept`. */
  delete_recording: z.object({ path: recordingPathSchema }),
  /** Takes one back that was just deleted; fails with `recording_gone`. */
  restore_recording: z.object({ id: z.string().max(400) }),
  /** A piece of a recording from elsewhere, in order; the answer to the last one has its path. */
  import_recording: z.object({
    transfer: z.string().regex(/^[a-z0-9-]{8,40}$/),
    name: z.string().max(1000),
    sizeBytes: z.number().int().min(1).max(limits.importedBytesMax),
    offset: z.number().int().nonnegative(),
    bytes: z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= limits.importPieceBytesMax),
  }),
  cancel_import: z.object({ transfer: z.string().max(40) }),
} as const;

export interface LibraryAnswers {
  list_recordings: LibraryList;
  annotate_recording: Record<string, never>;
  delete_recording: { readonly deleted: DeletedRecording };
  restore_recording: { readonly path: string };
  import_recording: { readonly path: string | null };
  cancel_import: Record<string, never>;
}

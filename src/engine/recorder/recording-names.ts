import { isOfKind } from '#shared/contract/app/file-kinds.ts';

/** How the names of new recordings end. */
export const recordingSuffix = '.rscope';

/** That of earlier versions too. */
export function isRecordingName(name: string): boolean {
  return isOfKind(name, 'recordings');
}

/** Where what its user has said of a recording lies: beside it, so that it goes along when somebody moves both. */
export function notesPathOf(recording: string): string {
  return `${recording}.notes`;
}

/** A recording with all that lies beside it: SQLite's own while it is written, or where its recorder was killed, and its notes. */
export function filesOf(recording: string): readonly string[] {
  return [recording, `${recording}-wal`, `${recording}-shm`, notesPathOf(recording)];
}

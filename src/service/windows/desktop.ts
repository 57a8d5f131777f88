import type { FileKind } from '#shared/contract/app/file-kinds.ts';

/** What a window's own program can do for this service beside showing pages. */
export interface Desktop {
  /** The system's own dialog, for a folder or for a recording; null: closed without a choice. */
  chooseFolder(title: string, files: FileKind | null): Promise<string | null>;
  /** While true the system does not put this machine to sleep. */
  keepAwake(on: boolean): void;
}

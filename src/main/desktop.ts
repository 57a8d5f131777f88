import { fileEndings, type FileKind } from '#shared/contract/app/file-kinds.ts';
import { dialog, powerSaveBlocker, type BrowserWindow } from 'electron';

const kindNames: Readonly<Record<FileKind, string>> = { recordings: 'Recordings', networks: 'Networks' };

/** The system's own dialog for a folder, or for a file of a kind; null: closed without a choice. */
export async function chooseFolder(
  window: BrowserWindow,
  title: string,
  files: FileKind | null,
): Promise<string | null> {
  if (window.isDestroyed()) return null;
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title,
    ...(files !== null
      ? {
          properties: ['openFile' as const],
          filters: [{ name: kindNames[files], extensions: fileEndings[files].map((ending) => ending.slice(1)) }],
        }
      : { properties: ['openDirectory' as const, 'createDirectory' as const] }),
  });
  return canceled ? null : (filePaths[0] ?? null);
}

/** Keeps the system awake while it is on; the screen may go dark. */
export class KeepAwake {
  #blocker: number | null = null;

  set(on: boolean): void {
    if (on === (this.#blocker !== null)) return;
    if (this.#blocker === null) this.#blocker = powerSaveBlocker.start('prevent-app-suspension');
    else {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = null;
    }
  }
}

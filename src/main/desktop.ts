import { fileEndings, type FileKind } from '#shared/contract/app/file-kinds.ts';
import { dialog, powerSaveBlocker, type BrowserWindow } from 'electron';

const kindNames: Readonly<Record<FileKind, string>> = {
  recordings: 'Recordings',
  networks: 'Networks',
  data: 'Tables and arrays',
};

/** Dialogs know what stands behind the last dot. */
function extensionsOf(files: FileKind): string[] {
  const last = fileEndings[files]
    .filter((ending) => ending.includes('.'))
    .map((ending) => ending.slice(ending.lastIndexOf('.') + 1));
  return [...new Set(last)];
}

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
          filters: [
            { name: kindNames[files], extensions: extensionsOf(files) },
            // IDX files often have no extension: what data is, its first bytes say.
            ...(files === 'data' ? [{ name: 'All files', extensions: ['*'] }] : []),
          ],
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

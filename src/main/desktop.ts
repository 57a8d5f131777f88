import { dialog, powerSaveBlocker, type BrowserWindow } from 'electron';

/** The system's own dialog for a folder; null: closed without a choice. */
export async function chooseFolder(window: BrowserWindow, title: string): Promise<string | null> {
  if (window.isDestroyed()) return null;
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title,
    properties: ['openDirectory', 'createDirectory'],
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

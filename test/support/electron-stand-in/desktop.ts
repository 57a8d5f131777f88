/** What of the desktop an app may ask for; there is none here, so it is remembered or printed. */
interface StandInMenu {
  readonly items: readonly Electron.MenuItemConstructorOptions[];
}

let applicationMenu: StandInMenu | null = null;

export const Menu = {
  buildFromTemplate: (template: Electron.MenuItemConstructorOptions[]): StandInMenu => ({ items: template }),
  setApplicationMenu(menu: StandInMenu | null): void {
    applicationMenu = menu;
  },
  getApplicationMenu: () => applicationMenu,
};

export const dialog: Pick<Electron.Dialog, 'showErrorBox'> & { showOpenDialog: ShowOpenDialog } = {
  showErrorBox: (title, content) => console.error(`[${title}] ${content}`),
  // There is nobody to choose: the answer is given before the app starts, none closes the dialog without a choice.
  showOpenDialog: (_window, { title, properties }) => {
    console.error(`[asks for a folder] ${title ?? ''} (${properties?.join(', ') ?? ''})`);
    const chosen = process.env['ROUNDSCOPE_STAND_IN_FOLDER'];
    return Promise.resolve({ canceled: chosen === undefined, filePaths: chosen === undefined ? [] : [chosen] });
  },
};

type ShowOpenDialog = (window: unknown, options: Electron.OpenDialogOptions) => Promise<Electron.OpenDialogReturnValue>;

let blockers = 0;
const blocking = new Set<number>();

/** Nothing is kept awake here; that it was asked for is printed. */
export const powerSaveBlocker: Electron.PowerSaveBlocker = {
  start: (type) => {
    const id = ++blockers;
    blocking.add(id);
    console.error(`[keeps awake] ${type}`);
    return id;
  },
  stop: (id) => {
    const was = blocking.delete(id);
    if (was) console.error('[lets sleep]');
    return was;
  },
  isStarted: (id) => blocking.has(id),
};

export const shell: Pick<Electron.Shell, 'openExternal'> = {
  openExternal: (url) => {
    console.error(`[opens outside] ${url}`);
    return Promise.resolve();
  },
};

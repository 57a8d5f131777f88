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

export const dialog: Pick<Electron.Dialog, 'showErrorBox'> = {
  showErrorBox: (title, content) => console.error(`[${title}] ${content}`),
};

export const shell: Pick<Electron.Shell, 'openExternal'> = {
  openExternal: (url) => {
    console.error(`[opens outside] ${url}`);
    return Promise.resolve();
  },
};

/** What the specifier `electron` means to an app that the stand-in runs: the part of the module that it has. */
import { standInApp } from './app.ts';

export type MenuItemConstructorOptions = Electron.MenuItemConstructorOptions;
export type { UtilityProcess } from './utility-process.ts';
export type { Session } from './session.ts';
export type { MessagePortMain } from './message-channel.ts';
export const app = standInApp;
export { BrowserWindow } from './browser-window.ts';
export { dialog, Menu, powerSaveBlocker, shell } from './desktop.ts';
export { MessageChannelMain } from './message-channel.ts';
export { safeStorage } from './safe-storage.ts';
export { protocol } from './schemes.ts';
export { session } from './session.ts';
export { UtilityProcess as utilityProcess } from './utility-process.ts';
export { WebContents, WebContents as webContents } from './web-contents.ts';

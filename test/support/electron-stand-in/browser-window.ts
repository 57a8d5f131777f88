import { standInApp } from './app.ts';
import { Emitter, isRefused, type Refusable } from './emitter.ts';
import { WebContents } from './web-contents.ts';

type WindowPart = Pick<
  Electron.BrowserWindow,
  'close' | 'focus' | 'isDestroyed' | 'isMinimized' | 'isVisible' | 'loadURL' | 'restore' | 'show'
>;

interface WindowEvents {
  'ready-to-show': [];
  focus: [];
  close: [event: Refusable];
  closed: [];
}

export class BrowserWindow extends Emitter<WindowEvents> implements WindowPart {
  readonly webContents: WebContents;
  #isVisible: boolean;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    this.#isVisible = options.show !== false;
    this.webContents = new WebContents(standInApp.chromium, options);
    standInApp.emit('web-contents-created', {}, this.webContents);
    standInApp.windows.add(this);
    this.webContents.once('did-finish-load', () => this.emit('ready-to-show'));
    this.webContents.once('destroyed', () => {
      this.emit('closed');
      standInApp.onWindowClosed(this);
    });
  }

  static getAllWindows(): BrowserWindow[] {
    return [...standInApp.windows] as BrowserWindow[];
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.webContents === contents) ?? null;
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.load(url);
  }

  show(): void {
    this.#isVisible = true;
  }

  isVisible(): boolean {
    return this.#isVisible;
  }

  focus(): void {
    this.emit('focus');
  }

  restore(): void {
    this.#isVisible = true;
  }

  isMinimized(): boolean {
    return false;
  }

  isDestroyed(): boolean {
    return this.webContents.isDestroyed();
  }

  close(): void {
    if (!isRefused((event) => this.emit('close', event))) this.webContents.close();
  }
}

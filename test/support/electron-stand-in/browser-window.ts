import { EventEmitter } from 'node:events';
import { standInApp } from './app.ts';
import { WebContents } from './web-contents.ts';

type WindowPart = Pick<
  Electron.BrowserWindow,
  'close' | 'focus' | 'isDestroyed' | 'isMinimized' | 'isVisible' | 'loadURL' | 'restore' | 'show'
>;

const events: readonly (string | symbol)[] = ['ready-to-show', 'focus', 'close', 'closed'];

export class BrowserWindow extends EventEmitter implements WindowPart {
  readonly webContents: WebContents;
  #isVisible: boolean;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super();
    this.#isVisible = options.show !== false;
    this.webContents = new WebContents(standInApp.chromium, options);
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

  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    if (!events.includes(event)) throw new Error(`the stand-in's window has no event ${String(event)}`);
    return super.on(event, listener as () => void);
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
    let isPrevented = false;
    this.emit('close', { preventDefault: () => (isPrevented = true) });
    if (!isPrevented) this.webContents.close();
  }
}

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  watch,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Chromium } from './chromium.ts';
import { Emitter, isRefused, type Refusable } from './emitter.ts';
import type { WebContents } from './web-contents.ts';

type AppPart = Pick<
  Electron.App,
  | 'enableSandbox'
  | 'exit'
  | 'getPath'
  | 'getVersion'
  | 'isPackaged'
  | 'isReady'
  | 'quit'
  | 'requestSingleInstanceLock'
  | 'setAsDefaultProtocolClient'
  | 'setPath'
  | 'whenReady'
>;

/** What the app knows of its windows. */
export interface OpenWindow {
  /** Whether it did; its page or its owner may refuse. */
  close(): void;
}

interface AppEvents {
  ready: [];
  'second-instance': [event: object, argv: string[], workingFolder: string];
  'open-url': [event: Refusable, url: string];
  'web-contents-created': [event: object, contents: WebContents];
  'window-all-closed': [];
  'before-quit': [event: Refusable];
  'will-quit': [event: Refusable];
  quit: [event: object, status: number];
}

class App extends Emitter<AppEvents> implements AppPart {
  readonly isPackaged = false;
  readonly windows = new Set<OpenWindow>();
  version = '0.0.0';
  #userData = join(homedir(), '.config', 'electron-stand-in');
  #isReady = false;
  #chromium: Chromium | undefined;
  #releaseLock: (() => void) | undefined;
  #heard = 0;
  #isQuitting = false;
  #isEnding = false;

  constructor() {
    super();
    // As Electron does: a signal is a wish to quit, which the app may answer with a goodbye.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.quit());
    process.on('uncaughtException', (error) => {
      console.error(error);
      this.exit(1);
    });
  }

  get chromium(): Chromium {
    if (this.#chromium === undefined) throw new Error('windows can be made only after the app is ready');
    return this.#chromium;
  }

  getVersion(): string {
    return this.version;
  }

  getPath(name: 'userData'): string {
    if (name !== 'userData') throw new Error(`the stand-in has no path ${String(name)}`);
    return this.#userData;
  }

  setPath(name: string, path: string): void {
    if (name !== 'userData') throw new Error(`the stand-in has no path ${name}`);
    this.#userData = path;
  }

  enableSandbox(): void {
    if (this.#isReady) throw new Error('enableSandbox() comes before the app is ready');
  }

  isReady(): boolean {
    return this.#isReady;
  }

  whenReady(): Promise<void> {
    return this.#isReady ? Promise.resolve() : new Promise((resolve) => this.once('ready', resolve));
  }

  /** A file that names its process; who finds a live one writes into it, and the other one hears of that. */
  requestSingleInstanceLock(): boolean {
    mkdirSync(this.#userData, { recursive: true });
    const path = join(this.#userData, 'stand-in.lock');
    try {
      const file = openSync(path, 'wx');
      writeSync(file, `${process.pid}\n`);
      closeSync(file);
    } catch {
      if (isAlive(Number.parseInt(readFileSync(path, 'utf8'), 10))) {
        appendFileSync(path, `${JSON.stringify(process.argv)}\n`);
        return false;
      }
      rmSync(path, { force: true });
      return this.requestSingleInstanceLock();
    }
    const watcher = watch(path, () => this.#hearOthers(path));
    watcher.unref();
    this.#releaseLock = () => {
      watcher.close();
      rmSync(path, { force: true });
    };
    return true;
  }

  /** Starts since the last look; each wrote its command line as a line of its own, after our pid. */
  #hearOthers(path: string): void {
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(1, -1) : [];
    for (const line of lines.slice(this.#heard)) {
      this.#heard++;
      this.emit('second-instance', {}, JSON.parse(line) as string[], '');
    }
  }

  /** There is no desktop to open links; that it was asked for is printed. */
  setAsDefaultProtocolClient(scheme: string, path = '', args: string[] = []): boolean {
    console.error(`[opens links] ${[scheme, path, ...args].join(' ').trimEnd()}`);
    return true;
  }

  /** Called when the app's entry has been evaluated. */
  async becomeReady(): Promise<void> {
    if (this.#isEnding) return;
    this.#chromium = new Chromium(join(this.#userData, 'chromium'), () => {
      console.error('Chromium has ended');
      this.exit(1);
    });
    await this.#chromium.send('Browser.getVersion');
    this.#isReady = true;
    this.emit('ready');
  }

  /** The last window has closed. */
  onWindowClosed(window: OpenWindow): void {
    this.windows.delete(window);
    if (this.windows.size > 0) return;
    if (this.#isQuitting) this.#leave();
    else if (!this.emit('window-all-closed')) this.quit();
  }

  quit(): void {
    if (this.#isEnding) return;
    if (isRefused((event) => this.emit('before-quit', event))) return;
    this.#isQuitting = true;
    if (this.windows.size === 0) this.#leave();
    for (const window of [...this.windows]) window.close();
  }

  exit(code = 0): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#releaseLock?.();
    void (async () => {
      await this.#chromium?.close();
      process.exit(code);
    })();
  }

  #leave(): void {
    this.#isQuitting = false;
    if (isRefused((event) => this.emit('will-quit', event))) return;
    this.emit('quit', {}, 0);
    this.exit(0);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export const standInApp = new App();

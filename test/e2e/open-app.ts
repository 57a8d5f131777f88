import assert from 'node:assert/strict';
import { execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { _electron, type Browser, type ElectronApplication, type Page } from 'playwright-core';
import { launchChromium } from '#test/support/page/chromium.ts';
import { Command, nothingLeft, processesOf, temporaryFolder } from '#test/cli/command-line.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const standIn = fileURLToPath(new URL('../support/electron-stand-in/electron-stand-in', import.meta.url));

/** Seen on slow machines: goodbyes take a second, the window is gone after eight whatever happens. */
const quitPatienceMs = 15_000;
const stepPatienceMs = 20_000;

export interface OpenOptions {
  /** Without it the demo starts at once, as after `npm start`. */
  readonly idle?: boolean;
  /** Default: a new one, removed at the end. */
  readonly dataFolder?: string;
  /** Words on the app's command line. */
  readonly args?: readonly string[];
}

/** The app as its user has it before him, in one of the two shapes. */
export abstract class OpenApp implements AsyncDisposable {
  readonly dataFolder: string;
  /** What the page's console called an error, violations of the content security policy among it. */
  readonly problems: string[] = [];
  readonly #ownsFolder: boolean;

  protected constructor(options: OpenOptions) {
    this.#ownsFolder = options.dataFolder === undefined;
    this.dataFolder = options.dataFolder ?? temporaryFolder();
  }

  /** Whether what shows the window only stands in for Electron. */
  readonly isStandIn: boolean = false;

  abstract get page(): Page;
  /** What the app has printed for people. */
  abstract get printed(): string;
  /** Ends it as its user would, and waits until that is done; returns the exit status. */
  abstract quit(): Promise<number | null>;
  /** Ends it by force where a test has left it running. */
  protected abstract end(): Promise<void>;

  protected watch(page: Page): void {
    page.setDefaultTimeout(stepPatienceMs);
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.problems.push(error.stack ?? error.message));
  }

  /** Pid of the process that serves the window, or any other of the app by a part of its command line. */
  pidOf(part: string): number {
    const found = processesOf(this.dataFolder).find(({ command }) => command.includes(part));
    assert.ok(found, `no process of the app has ${part} in its command line`);
    return found.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    // Chromium and children of a killed service may take a moment to notice.
    await nothingLeft(this.dataFolder, 5000);
    if (this.#ownsFolder) rmSync(this.dataFolder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Browser mode: `roundscope serve`, and a browser of its own. */
export class BrowserApp extends OpenApp {
  readonly command: Command;
  readonly #browser: Browser;
  readonly #page: Page;
  readonly address: string;

  static async open(options: OpenOptions = {}): Promise<BrowserApp> {
    const { dataFolder = temporaryFolder(), idle = false, args = [] } = options;
    const command = new Command(['serve', '--no-open', ...(idle ? ['--idle'] : []), ...args], { dataFolder });
    let browser: Browser | undefined;
    try {
      await command.until(({ stdout }) => /http:\S+\n/.test(stdout));
      browser = await launchChromium();
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const app = new BrowserApp({ ...options, dataFolder }, command, browser, await context.newPage());
      await app.page.goto(app.address);
      return app;
    } catch (error) {
      await browser?.close();
      await command[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: OpenOptions, command: Command, browser: Browser, page: Page) {
    super(options);
    this.command = command;
    this.#browser = browser;
    this.#page = page;
    this.address = /http:\S+/.exec(command.stdout)?.[0] ?? '';
    this.watch(page);
  }

  get page(): Page {
    return this.#page;
  }

  get printed(): string {
    return this.command.stderr;
  }

  async quit(): Promise<number | null> {
    this.command.interrupt();
    return (await this.command.exit(quitPatienceMs)).status;
  }

  protected async end(): Promise<void> {
    await this.#browser.close();
    await this.command[Symbol.asyncDispose]();
  }
}

/** The production bundles in Electron's stand-in, or in the Electron that `ROUNDSCOPE_ELECTRON` names. */
export class WindowApp extends OpenApp {
  override readonly isStandIn = process.env['ROUNDSCOPE_ELECTRON'] === undefined;
  readonly electron: ElectronApplication;
  readonly #page: Page;
  readonly #process: ChildProcess;
  #printed = '';

  static async open(options: OpenOptions = {}): Promise<WindowApp> {
    const { dataFolder = temporaryFolder(), idle = false, args = [] } = options;
    const electron = await _electron.launch({
      executablePath: process.env['ROUNDSCOPE_ELECTRON'] ?? standIn,
      args: [root, ...(idle ? ['--idle'] : []), ...args],
      env: appEnvironment(dataFolder),
      timeout: stepPatienceMs,
    });
    const page = await electron.firstWindow();
    const app = new WindowApp({ ...options, dataFolder }, electron, page);
    await page.waitForFunction(() => window.location.pathname === '/index.html' && document.readyState === 'complete');
    return app;
  }

  private constructor(options: OpenOptions, electron: ElectronApplication, page: Page) {
    super(options);
    this.electron = electron;
    this.#page = page;
    this.#process = electron.process();
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => void (this.#printed += text));
    this.watch(page);
  }

  get page(): Page {
    return this.#page;
  }

  get printed(): string {
    return this.#printed;
  }

  /** Its exit status, once it has ended by itself. */
  async exited(): Promise<number | null> {
    if (this.#process.exitCode === null)
      await once(this.#process, 'exit', { signal: AbortSignal.timeout(quitPatienceMs) });
    return this.#process.exitCode;
  }

  /** Closes the window, as its cross does. */
  async quit(): Promise<number | null> {
    const child = this.#process;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(quitPatienceMs) });
    // The window goes away under this call, or at once when there is nothing to say goodbye to.
    await this.electron
      .evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
      .catch(() => undefined);
    await ended;
    return child.exitCode;
  }

  protected async end(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** As a user's shell has it, without what the test runner and npm put there. */
export function appEnvironment(dataFolder: string): Record<string, string> {
  const { npm_lifecycle_event: _npm, NODE_TEST_CONTEXT: _test, NODE_OPTIONS: _options, ...outer } = process.env;
  return { ...(outer as Record<string, string>), ROUNDSCOPE_DATA: dataFolder, NO_COLOR: '1' };
}

/** Starts it once more on the same data, as a second click on its icon or a link does, and waits for its end. */
export function startAgain(
  dataFolder: string,
  words: readonly string[] = [],
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.env['ROUNDSCOPE_ELECTRON'] ?? standIn,
      [root, ...words],
      { env: appEnvironment(dataFolder), timeout: 20_000 },
      (_error, _out, stderr) => resolve({ status: child.exitCode, stderr }),
    );
  });
}

export { standIn, root };

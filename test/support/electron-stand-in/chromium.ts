import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { browserSwitches, chromiumPath } from '../page/browser-switches.ts';

const closePatienceMs = 2000;

type Params = Readonly<Record<string, unknown>>;
interface Incoming {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly sessionId?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/**
 * Chromium, spoken to over a pipe; it ends with us, since the pipe does. It also listens on a port of its own choice,
 * whose address it prints as Electron does: that is where Playwright comes in.
 */
export class Chromium {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown> & { readonly method: string }>();
  readonly #events = new EventEmitter();
  #serial = 0;
  #closing = false;

  constructor(profile: string, onGone: () => void) {
    this.#process = spawn(chromiumPath, [...switches, `--user-data-dir=${profile}`], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      // Out of reach of Ctrl+C in a terminal, which is for the app to answer.
      detached: true,
    });
    this.#process.once('exit', () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error(`${waiting.method}: Chromium is gone`));
      if (!this.#closing) onGone();
    });
    forwardAddress(this.#process.stderr as Readable);
    readMessages(this.#process.stdio[4] as Readable, (message) => this.#onMessage(message));
    // A write that fails is followed by the exit, which tells everybody who waits.
    (this.#process.stdio[3] as Writable).on('error', () => undefined);
  }

  send<T = unknown>(method: string, params: Params = {}, sessionId?: string): Promise<T> {
    const id = ++this.#serial;
    const waiting = { ...Promise.withResolvers<unknown>(), method };
    this.#waiting.set(id, waiting);
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return waiting.promise as Promise<T>;
  }

  /** Events of one session, or of the browser without one. */
  on(sessionId: string | undefined, method: string, listener: (params: Params) => void): void {
    this.#events.on(`${sessionId ?? ''}/${method}`, listener);
  }

  async close(): Promise<void> {
    if (this.#closing || this.#process.exitCode !== null) return;
    this.#closing = true;
    const gone = once(this.#process, 'exit');
    this.send('Browser.close').catch(() => undefined);
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), closePatienceMs);
    await gone;
    clearTimeout(timer);
  }

  #onMessage(message: Incoming): void {
    if (message.id === undefined) {
      this.#events.emit(`${message.sessionId ?? ''}/${message.method ?? ''}`, message.params ?? {});
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(new Error(`${waiting.method}: ${message.error.message}`));
  }
}

const switches = [
  ...browserSwitches,
  '--headless=new',
  '--disable-extensions',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--no-default-browser-check',
  '--no-startup-window',
  '--force-color-profile=srgb',
  '--password-store=basic',
  '--remote-debugging-pipe',
  '--remote-debugging-port=0',
];

/** Of all that Chromium prints only the line that Playwright waits for; the rest speaks of a desktop that is not there. */
function forwardAddress(stderr: Readable): void {
  let rest = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('DevTools listening on ')) process.stderr.write(`${line}\n`);
  });
}

function readMessages(pipe: Readable, onMessage: (message: Incoming) => void): void {
  let parts: string[] = [];
  pipe.setEncoding('utf8').on('data', (text: string) => {
    const pieces = text.split('\0');
    for (const [index, piece] of pieces.entries()) {
      parts.push(piece);
      if (index === pieces.length - 1) break;
      onMessage(JSON.parse(parts.join('')) as Incoming);
      parts = [];
    }
  });
}

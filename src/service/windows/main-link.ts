import { RoundscopeError } from '#shared/base/errors.ts';
import { lastWords } from '#shared/base/text/last-words.ts';
import { taskFailed } from '#shared/base/spawn.ts';
import type { ChildProcess, Launcher } from '#shared/contract/child-messages.ts';
import { toServiceSchema, type ToMain, type ToService } from '#shared/contract/main-messages.ts';
import type { Port } from '#shared/port/port.ts';
import type { Desktop } from './desktop.ts';

/** Electron's message ports as the service meets them: only what it uses, so that it runs on plain Node in tests. */
export interface ElectronPort {
  postMessage(message: unknown): void;
  on(
    event: 'message',
    listener: (event: { readonly data: unknown; readonly ports: readonly ElectronPort[] }) => void,
  ): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

interface LaunchedChild {
  readonly child: ChildProcess;
  exit(message: Extract<ToService, { type: 'exited' }>): void;
}

interface Launching {
  readonly name: string;
  readonly resolve: (child: ChildProcess) => void;
  readonly reject: (error: RoundscopeError) => void;
}

/** The service's side of main: launches children through it and takes renderers' ports from it. */
export class MainLink {
  readonly #parent: ElectronPort;
  readonly #launching = new Map<number, Launching>();
  readonly #children = new Map<number, LaunchedChild>();
  readonly #choosing = new Map<number, (path: string | null) => void>();
  #serial = 0;

  constructor(
    parent: ElectronPort,
    handlers: {
      readonly onStart: (start: Extract<ToService, { type: 'start' }>) => void;
      readonly onRenderer: (port: Port) => void;
      readonly onStop: (fault: string | undefined) => void;
    },
  ) {
    this.#parent = parent;
    parent.on('message', ({ data, ports }) => {
      const checked = toServiceSchema.safeParse(data);
      if (!checked.success) return taskFailed('reading what the window’s process said', checked.error);
      const message = checked.data;
      const port = ports[0];
      if (message.type === 'start') handlers.onStart(message);
      else if (message.type === 'stop') handlers.onStop(message.fault);
      else if (message.type === 'renderer' && port !== undefined) handlers.onRenderer(rendererPort(port));
      else if (message.type === 'launched' && port !== undefined) this.#onLaunched(message.id, message.pid, port);
      else if (message.type === 'exited') this.#onExited(message);
      else if (message.type === 'folder_chosen') {
        this.#choosing.get(message.id)?.(message.path);
        this.#choosing.delete(message.id);
      }
    });
  }

  post(message: ToMain): void {
    this.#parent.postMessage(message);
  }

  readonly launcher: Launcher = {
    launch: (entry, name) =>
      new Promise((resolve, reject) => {
        const id = ++this.#serial;
        this.#launching.set(id, { name, resolve, reject });
        this.post({ type: 'launch', id, entry, name });
      }),
  };

  readonly desktop: Desktop = {
    chooseFolder: (title, files) =>
      new Promise((resolve) => {
        const id = ++this.#serial;
        this.#choosing.set(id, resolve);
        this.post({ type: 'choose_folder', id, title, files });
      }),
    keepAwake: (on) => this.post({ type: 'keep_awake', on }),
  };

  #onLaunched(id: number, pid: number, port: ElectronPort): void {
    const exits: ((exit: {
      readonly code: number | null;
      readonly signal: string | null;
      readonly stderr: string;
    }) => void)[] = [];
    const child: ChildProcess = {
      pid,
      post: (message) => port.postMessage(message),
      onMessage: (listener) => {
        port.on('message', ({ data }) => listener(data));
        port.start();
      },
      onExit: (listener) => void exits.push(listener),
      end: (how) => this.post({ type: 'end', id, how }),
    };
    this.#children.set(id, {
      child,
      exit: (message) => {
        port.close();
        for (const listener of exits) listener(message);
      },
    });
    this.#launching.get(id)?.resolve(child);
    this.#launching.delete(id);
  }

  #onExited(message: Extract<ToService, { type: 'exited' }>): void {
    this.#children.get(message.id)?.exit(message);
    this.#children.delete(message.id);
    // It ended before it stood.
    this.#launching.get(message.id)?.reject(notStarted(this.#launching.get(message.id)?.name ?? '', message));
    this.#launching.delete(message.id);
  }
}

function notStarted(name: string, { code, signal, stderr }: Extract<ToService, { type: 'exited' }>): RoundscopeError {
  const words = lastWords(stderr);
  return new RoundscopeError('process_exited', {
    layer: 'service',
    message: `The ${name} process could not be started: it ended at once (${signal ?? `exit status ${code}`}).`,
    ...(words === '' ? {} : { cause: new Error(words) }),
  });
}

function rendererPort(port: ElectronPort): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.on('message', ({ data }) => listener(data));
      port.start();
    },
    onClose: (listener) => void port.on('close', () => listener('the window was closed or reloaded')),
    close: () => port.close(),
  };
}

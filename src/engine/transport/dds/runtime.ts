import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { assert } from '#shared/base/assert.ts';
import { fromErrorReport, RoundscopeError } from '#shared/base/errors.ts';
import type { SessionKeys } from '../sealed/handshake.ts';
import { loadCyclone, type Cyclone } from './worker/cyclone.ts';
import type {
  Announcement,
  Command,
  Ready,
  Report,
  SampleBody,
  SampleClass,
  Side,
  WorkerStart,
} from './worker/worker-protocol.ts';

export interface RuntimeOptions {
  /** `workerPath`. */
  readonly worker: string;
  /** Path of libddsc where it is not in its usual place. */
  readonly library: string | undefined;
}

export interface SessionHandlers {
  readonly onMatched: (all: boolean) => void;
  readonly onSamples: (from: SampleClass, samples: readonly SampleBody[], forged: number) => void;
  readonly onFailed: (reason: string) => void;
}

interface NodeHandlers {
  readonly onAnnounced: (announcement: Announcement, writer: bigint) => void;
  readonly onIncompatible: (reason: string) => void;
  readonly onFailed: (reason: string) => void;
}

interface Known {
  runtime: Promise<DdsRuntime>;
  users: number;
}

const known = new Map<string, Known>();

/** The process's one thread for Cyclone DDS, from its side of those who ask; started with its first user, ended with the last. */
export class DdsRuntime {
  readonly #cyclone: Cyclone;
  readonly #worker: Worker;
  readonly #guard: number;
  readonly #stop: Int32Array;
  readonly #key: string;
  readonly #ended = Promise.withResolvers<void>();
  readonly #nodes = new Map<
    number,
    { readonly handlers: NodeHandlers; readonly opened: PromiseWithResolvers<string | null> }
  >();
  readonly #sessions = new Map<number, SessionHandlers>();
  readonly #closing = new Map<string, PromiseWithResolvers<void>>();
  #commands: Command[] = [];
  #next = 1;
  #dead: string | null = null;
  #released = false;

  private constructor(cyclone: Cyclone, parts: { worker: Worker; guard: number; stop: Int32Array; key: string }) {
    this.#cyclone = cyclone;
    this.#worker = parts.worker;
    this.#guard = parts.guard;
    this.#stop = parts.stop;
    this.#key = parts.key;
    this.#worker.on('message', (reports: readonly Report[]) => reports.forEach((report) => this.#hear(report)));
    this.#worker.on('error', (error) => this.#die(error instanceof Error ? error.message : String(error)));
    this.#worker.on('exit', () => this.#die('it ended'));
    process.on('exit', this.#onProcessExit);
  }

  /** @throws RoundscopeError `transport_unavailable` */
  static async acquire(options: RuntimeOptions): Promise<DdsRuntime> {
    const key = `${options.worker}\n${options.library ?? ''}`;
    const entry = known.get(key) ?? { runtime: DdsRuntime.#start(options, key), users: 0 };
    known.set(key, entry);
    entry.users++;
    try {
      return await entry.runtime;
    } catch (error) {
      if (known.get(key) === entry) known.delete(key);
      throw error;
    }
  }

  static async #start(options: RuntimeOptions, key: string): Promise<DdsRuntime> {
    // Found here first: where it is absent no thread need be started to know.
    const cyclone = await loadCyclone(options.library);
    const stop = new SharedArrayBuffer(4);
    const workerData: WorkerStart = { library: cyclone.path, stop };
    const worker = new Worker(options.worker, { workerData, name: 'dds', execArgv: [] });
    const ready = await firstWord(worker);
    if (ready.type === 'absent') throw fromErrorReport(ready.error);
    return new DdsRuntime(cyclone, { worker, guard: ready.guard, stop: new Int32Array(stop), key });
  }

  /** Gives up one `acquire`; the last one ends the thread. */
  async release(): Promise<void> {
    const entry = known.get(this.#key);
    if (entry !== undefined && (await entry.runtime) === this) {
      entry.users--;
      if (entry.users > 0) return;
      known.delete(this.#key);
    }
    this.#released = true;
    this.#ask({ type: 'stop' });
    await this.#ended.promise;
  }

  /** Null: it is open; else why it is not. */
  async openNode(
    options: { readonly config: string; readonly side: Side; readonly run: string },
    handlers: NodeHandlers,
  ): Promise<{ readonly node: number; readonly error: string | null }> {
    const node = this.#next++;
    const opened = Promise.withResolvers<string | null>();
    this.#nodes.set(node, { handlers, opened });
    this.#ask({ type: 'open_node', node, ...options });
    const error = await opened.promise;
    if (error !== null) this.#nodes.delete(node);
    return { node, error };
  }

  announce(node: number, announcement: Announcement): void {
    this.#ask({ type: 'announce', node, announcement });
  }

  retract(node: number, announcement: Announcement): void {
    this.#ask({ type: 'retract', node, announcement });
  }

  openSession(
    options: {
      readonly node: number;
      readonly participant: string;
      readonly id: string;
      readonly keys: Omit<SessionKeys, 'channel'>;
    },
    handlers: SessionHandlers,
  ): number {
    const session = this.#next++;
    this.#sessions.set(session, handlers);
    this.#ask({ type: 'open_session', session, ...options });
    return session;
  }

  /** `sample.bytes` is handed over: its memory is gone here afterwards, so it must be all of its buffer. */
  send(session: number, to: SampleClass, sample: SampleBody): void {
    assert(sample.bytes.byteLength === sample.bytes.buffer.byteLength, 'bytes that are handed over fill their buffer');
    this.#ask({ type: 'send', session, to, sample });
  }

  /** Resolves once its topics are given up: when the peer has what was sent, or after `drainMs`. */
  async closeSession(session: number, drainMs: number): Promise<void> {
    if (!this.#sessions.delete(session)) return;
    await this.#closed(`session ${session}`, { type: 'close_session', session, drainMs });
  }

  async closeNode(node: number, manner: 'clean' | 'cut'): Promise<void> {
    if (!this.#nodes.delete(node)) return;
    await this.#closed(`node ${node}`, { type: 'close_node', node, manner });
  }

  async #closed(key: string, command: Command): Promise<void> {
    if (this.#dead !== null) return;
    const closed = Promise.withResolvers<void>();
    this.#closing.set(key, closed);
    this.#ask(command);
    await closed.promise;
  }

  /** Commands of one turn go together: one message and one wake-up for all. */
  #ask(command: Command): void {
    if (this.#dead !== null) {
      if (command.type === 'open_node') this.#nodes.get(command.node)?.opened.resolve(this.#dead);
      return;
    }
    this.#commands.push(command);
    if (this.#commands.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const commands = this.#commands;
    this.#commands = [];
    if (this.#dead !== null) return;
    const moved = commands.flatMap((command) =>
      command.type === 'send' && command.sample.bytes.byteLength > 0
        ? [command.sample.bytes.buffer as ArrayBuffer]
        : [],
    );
    this.#worker.postMessage(commands, moved);
    this.#cyclone.setGuard(this.#guard, true);
  }

  #hear(report: Report): void {
    switch (report.type) {
      case 'node':
        return this.#nodes.get(report.node)?.opened.resolve(report.error);
      case 'announced':
        return this.#nodes.get(report.node)?.handlers.onAnnounced(report.announcement, report.writer);
      case 'incompatible':
        return this.#nodes.get(report.node)?.handlers.onIncompatible(report.reason);
      case 'matched':
        return this.#sessions.get(report.session)?.onMatched(report.all);
      case 'samples':
        return this.#sessions.get(report.session)?.onSamples(report.from, report.samples, report.forged);
      case 'session_failed':
        return this.#sessions.get(report.session)?.onFailed(report.reason);
      case 'session_closed':
        return this.#settle(`session ${report.session}`);
      case 'node_closed':
        return this.#settle(`node ${report.node}`);
    }
  }

  #settle(key: string): void {
    this.#closing.get(key)?.resolve();
    this.#closing.delete(key);
  }

  #die(reason: string): void {
    if (this.#dead !== null) return;
    this.#dead = `the DDS thread is gone: ${reason}`;
    process.off('exit', this.#onProcessExit);
    if (!this.#released) known.delete(this.#key);
    for (const closed of this.#closing.values()) closed.resolve();
    for (const { handlers, opened } of this.#nodes.values()) {
      opened.resolve(this.#dead);
      handlers.onFailed(this.#dead);
    }
    for (const handlers of this.#sessions.values()) handlers.onFailed(this.#dead);
    this.#ended.resolve();
  }

  /** The process waits for its threads when it exits; this one sleeps in native code and has to be woken. */
  readonly #onProcessExit = (): void => {
    Atomics.store(this.#stop, 0, 1);
    this.#cyclone.setGuard(this.#guard, true);
  };
}

async function firstWord(worker: Worker): Promise<Ready> {
  const over = new AbortController();
  try {
    const failed = Promise.withResolvers<never>();
    const fail = (): void => failed.reject(new Error('the DDS thread ended before it was ready'));
    worker.once('exit', fail);
    over.signal.addEventListener('abort', () => worker.off('exit', fail), { once: true });
    const [ready] = (await Promise.race([once(worker, 'message', { signal: over.signal }), failed.promise])) as [Ready];
    return ready;
  } finally {
    over.abort();
  }
}

/** A thread that is gone, or a domain that could not be made, as a failure to connect. */
export function ddsFailed(what: string, reason: string): RoundscopeError {
  return new RoundscopeError('connect_failed', {
    layer: 'transport',
    message: `${what}: Cyclone DDS says: ${reason}`,
    retryable: true,
  });
}

import { fromErrorReport, RoundscopeError } from '#shared/base/errors.ts';
import type { Batch, FromService, PortAnswers, RequestName, RequestOf, Snapshot } from '#shared/contract/port-api.ts';
import type { ComparisonView } from '#shared/contract/comparison.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Port } from '#shared/port/port.ts';
import { applyEvent } from '#shared/run-view/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { PacketLog } from './packet-log.ts';
import type { Packets } from './packet-log.ts';
import { createStore } from './store.ts';

/** Whether the service is there. `lost` keeps what was last known on screen and says so. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready'; readonly since: number; readonly restored: boolean }
  | { readonly kind: 'lost'; readonly since: number; readonly reason: string };

export interface SessionState {
  readonly connection: Connection;
  readonly app: Snapshot['app'] | null;
  /** Null: no run yet. */
  readonly view: RunView | null;
  /** Packets of the run in the recording, as far as this screen knows. */
  readonly packetsRecorded: number;
  /** The comparison that runs or ran last. */
  readonly comparison: ComparisonView | null;
  /** Events that could not be folded: a bug, so it is counted and shown. */
  readonly faultyEvents: number;
}

export interface SessionOptions {
  readonly now?: () => number;
  /** Calls back once what was set has been painted; credit for the next batch goes out then. */
  readonly afterShown?: (callback: () => void) => void;
  readonly setTimer?: (callback: () => void, ms: number) => () => void;
}

/** Longest wait for an answer; starting a demo launches processes and is the slowest. */
const answerTimeoutMs = 30_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RoundscopeError) => void;
  readonly cancelTimer: () => void;
}

/** The window's one connection to the service, and the live state that views subscribe to. */
export class Session {
  readonly #state = createStore<SessionState>({
    connection: { kind: 'connecting' },
    app: null,
    view: null,
    packetsRecorded: 0,
    comparison: null,
    faultyEvents: 0,
  });
  readonly #packets = new PacketLog(limits.packetRowsMax);
  readonly #packetStore = createStore<Packets>(this.#packets.snapshot());
  readonly #waiting = new Map<number, Waiting>();
  readonly #options: Required<SessionOptions>;
  #port: Port | null = null;
  #nextRequest = 1;
  #everReady = false;
  /** The next snapshot is the first one of another port. */
  #restoring = false;

  constructor(options: SessionOptions = {}) {
    this.#options = { now: Date.now, afterShown: afterPaint, setTimer: browserTimer, ...options };
  }

  readonly state = (): SessionState => this.#state.get();
  readonly packets = (): Packets => this.#packetStore.get();
  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);
  readonly subscribePackets = (listener: () => void): (() => void) => this.#packetStore.subscribe(listener);

  /** Takes a port, the first or a new one after the service came back; an older one is closed. */
  attach(port: Port): void {
    const old = this.#port;
    this.#port = port;
    this.#restoring = this.#everReady;
    old?.close('replaced');
    port.onClose((reason) => {
      if (this.#port === port) this.#lost(reason);
    });
    port.onMessage((message) => {
      if (this.#port === port) this.#receive(message as FromService);
    });
  }

  close(): void {
    const port = this.#port;
    this.#port = null;
    port?.close('window closes');
    this.#failAll('service_crashed', 'The window is closing.');
  }

  request<N extends RequestName>(name: N, params: RequestOf<N>): Promise<PortAnswers[N]> {
    const port = this.#port;
    if (port === null || this.#state.get().connection.kind === 'lost') {
      return Promise.reject(serviceGone('The service of this window is not connected.'));
    }
    const id = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#options.setTimer(() => {
        this.#waiting.delete(id);
        const message = `No answer to ${name.replaceAll('_', ' ')} within ${answerTimeoutMs / 1000} s.`;
        reject(new RoundscopeError('timeout', { layer: 'service', message, retryable: true }));
      }, answerTimeoutMs);
      // The service answers a request with what its name promises; it judged what we sent.
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, cancelTimer });
      port.post({ type: 'request', id, name, params });
    });
  }

  #receive(message: FromService): void {
    switch (message.type) {
      case 'snapshot':
        return this.#takeSnapshot(message);
      case 'batch':
        return this.#takeBatch(message);
      case 'comparison':
        return this.#state.set({ ...this.#state.get(), comparison: message.view });
      case 'answer': {
        const waiting = this.#waiting.get(message.id);
        if (waiting === undefined) return;
        this.#waiting.delete(message.id);
        waiting.cancelTimer();
        if (message.ok) waiting.resolve(message.value);
        else waiting.reject(fromErrorReport(message.error));
      }
    }
  }

  #takeSnapshot(snapshot: Snapshot): void {
    this.#packets.reset(snapshot.packets, snapshot.packetsRecorded);
    const before = this.#state.get();
    const ready = before.connection.kind === 'ready' && !this.#restoring ? before.connection : null;
    this.#state.set({
      ...before,
      connection: ready ?? { kind: 'ready', since: this.#options.now(), restored: this.#restoring },
      app: snapshot.app,
      view: snapshot.view,
      packetsRecorded: snapshot.packetsRecorded,
      comparison: snapshot.comparison,
    });
    this.#everReady = true;
    this.#restoring = false;
    this.#packetStore.set(this.#packets.snapshot());
  }

  #takeBatch(batch: Batch): void {
    const state = this.#state.get();
    let { view } = state;
    let faultyEvents = state.faultyEvents;
    for (const event of batch.events) {
      try {
        view = applyEvent(view, event);
      } catch (error) {
        // One bad event must not blank the screen; the count is shown under Settings.
        faultyEvents++;
        console.error('event could not be folded', event, error);
      }
    }
    this.#packets.add(batch.packets, batch.skippedPackets);
    const recorded = state.packetsRecorded + batch.packets.length + batch.skippedPackets;
    this.#state.set(
      view === state.view && recorded === state.packetsRecorded && faultyEvents === state.faultyEvents
        ? state
        : { ...state, view, packetsRecorded: recorded, faultyEvents },
    );
    this.#packetStore.set(this.#packets.snapshot());
    const port = this.#port;
    this.#options.afterShown(() => {
      if (this.#port === port) port?.post({ type: 'credit', batch: batch.batch });
    });
  }

  #lost(reason: string): void {
    this.#port = null;
    this.#state.set({ ...this.#state.get(), connection: { kind: 'lost', since: this.#options.now(), reason } });
    this.#failAll('service_crashed', `The service went away before it answered: ${reason}.`);
  }

  #failAll(code: 'service_crashed', message: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) {
      one.cancelTimer();
      one.reject(new RoundscopeError(code, { layer: 'service', message, retryable: true }));
    }
  }
}

/** Makes a session; with a port, it is attached at once. */
export function createSession(port?: Port, options?: SessionOptions): Session {
  const session = new Session(options);
  if (port !== undefined) session.attach(port);
  return session;
}

function serviceGone(message: string): RoundscopeError {
  return new RoundscopeError('service_crashed', { layer: 'service', message, retryable: true });
}

/** Hidden windows get no animation frames; the feed must go on for them too, only slower. */
const hiddenFrameMs = 500;

function afterPaint(callback: () => void): void {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    callback();
  };
  const timer = setTimeout(once, hiddenFrameMs);
  requestAnimationFrame(once);
}

function browserTimer(callback: () => void, ms: number): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

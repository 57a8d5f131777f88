import { fromErrorReport, RoundscopeError } from '#shared/base/errors.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { ComparisonView } from '#shared/contract/run/comparison.ts';
import { limits } from '#shared/contract/limits.ts';
import type {
  Batch,
  FromService,
  PortAnswers,
  RequestName,
  RequestOf,
  Snapshot,
} from '#shared/contract/app/port-api.ts';
import { liveSource, type SourceState } from '#shared/contract/app/source.ts';
import type { Port } from '#shared/port/port.ts';
import { applyEvent } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { PacketLog } from './recordings/packet-log.ts';
import type { Packets } from './recordings/packet-log.ts';
import { FrameScheduler } from '#renderer/frames/render-scheduler.ts';
import type { RenderScheduler } from '#renderer/frames/render-scheduler.ts';
import { ServicePulse } from './service-pulse.ts';
import { createStore } from './store.ts';

/**
 * Whether the service is there. `lost` (its port is closed) and `silent` (its port is open, and nothing comes) keep what was
 * last known on screen and say so; `since` is then when something last came.
 */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready'; readonly since: number; readonly restored: boolean }
  | { readonly kind: 'silent'; readonly since: number; readonly before: Connection }
  | { readonly kind: 'lost'; readonly since: number; readonly reason: string };

/** Whether what is on screen may be of the past. */
export function isStale(connection: Connection): connection is StaleConnection {
  return connection.kind === 'lost' || connection.kind === 'silent';
}

export type StaleConnection = Extract<Connection, { kind: 'lost' | 'silent' }>;

export interface SessionState {
  readonly connection: Connection;
  readonly app: Snapshot['app'] | null;
  /** Whether all this is of now, or of a recording. */
  readonly source: SourceState;
  /** Null: no run yet. */
  readonly view: RunView | null;
  /** Packets of the run in the recording, as far as this screen knows. */
  readonly packetsRecorded: number;
  /** The comparison that runs or ran last. */
  readonly comparison: ComparisonView | null;
  /** The invitation to the run that this app coordinates; null otherwise. */
  readonly invitation: string | null;
  /** Events that could not be folded: a bug, so it is counted and shown. */
  readonly faultyEvents: number;
}

export interface SessionOptions {
  readonly now?: () => number;
  /** When subscribers may be told; credit for the next batch goes out once they have shown it. */
  readonly turns?: RenderScheduler;
  readonly setTimer?: (callback: () => void, ms: number) => () => void;
}

/** Longest wait for an answer; starting a demo launches processes and is the slowest. */
const answerTimeoutMs = 30_000;

/**
 * A service that goes on after a silence has to read what waits for it, and so have the processes that tell it what they
 * do: the picture is up to date a second after its first sign of life.
 */
const signsMin = 2;

/** Their answers are sent back later, as they came; whoever draws them shows them by `shownWithin`. */
const sentBack: ReadonlySet<RequestName> = new Set([
  'check_invitation',
  'preview_data',
  'preview_network',
  'recent_runs',
  'complete_path',
  'choose_folder',
  'own_addresses',
  'list_recordings',
  'import_recording',
]);

interface Waiting {
  readonly name: RequestName;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RoundscopeError) => void;
  readonly cancelTimer: () => void;
}

const atFirst: SessionState = {
  connection: { kind: 'connecting' },
  app: null,
  source: liveSource,
  view: null,
  packetsRecorded: 0,
  comparison: null,
  invitation: null,
  faultyEvents: 0,
};

/**
 * The window's one connection to the service, and the live state that views subscribe to. Events are folded as they
 * come; subscribers are told of all that came in one go, when the screen may change again.
 */
export class Session {
  readonly #state = createStore(atFirst);
  readonly #packets = new PacketLog(limits.packetRowsMax);
  readonly #packetStore = createStore<Packets>(this.#packets.snapshot());
  readonly #waiting = new Map<number, Waiting>();
  readonly #options: Required<SessionOptions>;
  /** Folded up to the last batch that came; `#state` is what has been told. */
  #next = atFirst;
  /** Batches whose packets wait for the turn; the feed's credit keeps them few. */
  #unshown: Batch[] = [];
  #turnTaken = false;
  /** Number of the last batch on this port. */
  #received: number | null = null;
  #port: Port | null = null;
  #nextRequest = 1;
  #everReady = false;
  /** The next snapshot is the first one of another port. */
  #restoring = false;
  readonly #pulse: ServicePulse;
  /** How often it has said that it is alive since it was silent. */
  #signs = 0;

  constructor(options: SessionOptions = {}) {
    this.#options = { now: Date.now, turns: new FrameScheduler(), setTimer: browserTimer, ...options };
    const { setTimer, now } = this.#options;
    this.#pulse = new ServicePulse({ setTimer, now, onSilent: () => this.#silent() });
  }

  readonly state = (): SessionState => this.#state.get();
  readonly packets = (): Packets => this.#packetStore.get();
  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);
  readonly subscribePackets = (listener: () => void): (() => void) => this.#packetStore.subscribe(listener);

  /** Takes a port, the first or a new one after the service came back; an older one is closed. */
  attach(port: Port): void {
    const old = this.#port;
    this.#port = port;
    this.#received = null;
    this.#unshown = [];
    this.#restoring = this.#everReady;
    this.#pulse.stop();
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
    this.#pulse.stop();
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
      // The service answers a request with what its name promises; it checked what we sent.
      this.#waiting.set(id, { name, resolve: resolve as (value: unknown) => void, reject, cancelTimer });
      port.post({ type: 'request', id, name, params });
    });
  }

  #receive(message: FromService): void {
    this.#pulse.heard();
    if (this.#isSilent && message.type === 'alive' && ++this.#signs >= signsMin) this.#goOn();
    switch (message.type) {
      case 'alive':
        return this.#pulse.expect();
      case 'snapshot':
        return this.#takeSnapshot(shownWithin(message));
      case 'batch':
        return this.#takeBatch(shownWithin(message));
      case 'comparison':
        return this.#takeComparison(shownWithin(message.view));
      case 'source':
        return this.#takeSource(shownWithin(message.source));
      case 'invitation':
        this.#next = { ...this.#next, invitation: message.invitation };
        return this.#state.set({ ...this.#state.get(), invitation: message.invitation });
      case 'answer': {
        const waiting = this.#waiting.get(message.id);
        if (waiting === undefined) return;
        this.#waiting.delete(message.id);
        waiting.cancelTimer();
        if (message.ok) waiting.resolve(sentBack.has(waiting.name) ? message.value : shownWithin(message.value));
        else waiting.reject(fromErrorReport(shownWithin(message.error)));
      }
    }
  }

  #takeComparison(comparison: ComparisonView): void {
    this.#next = { ...this.#next, comparison };
    this.#state.set({ ...this.#state.get(), comparison });
  }

  /** Its rows may wait for their turn; its present is now. */
  #takeSource(source: SourceState): void {
    this.#next = { ...this.#next, source };
    this.#state.set({ ...this.#state.get(), source });
  }

  #takeSnapshot(snapshot: Snapshot): void {
    this.#unshown = [];
    this.#packets.reset(snapshot.packets, snapshot.packetsRecorded);
    const before = this.#state.get();
    const ready = before.connection.kind === 'ready' && !this.#restoring ? before.connection : null;
    this.#tell({
      ...this.#next,
      connection: ready ?? { kind: 'ready', since: this.#options.now(), restored: this.#restoring },
      app: snapshot.app,
      source: snapshot.source,
      view: snapshot.view,
      packetsRecorded: snapshot.packetsRecorded,
      comparison: snapshot.comparison,
      invitation: snapshot.invitation,
    });
    this.#everReady = true;
    this.#restoring = false;
  }

  #takeBatch(batch: Batch): void {
    const state = this.#next;
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
    const recorded = state.packetsRecorded + batch.packets.length + batch.skippedPackets;
    if (view !== state.view || recorded !== state.packetsRecorded || faultyEvents !== state.faultyEvents)
      this.#next = { ...state, view, packetsRecorded: recorded, faultyEvents };
    this.#unshown.push(batch);
    this.#received = batch.batch;
    if (!this.#isSilent) this.#wantTurn();
  }

  #wantTurn(): void {
    if (this.#turnTaken) return;
    this.#turnTaken = true;
    let port = this.#port;
    let shown: number | null = null;
    this.#options.turns.take(
      () => {
        this.#turnTaken = false;
        // Another port may have come since the turn was taken; a snapshot stands for the batches before it.
        port = this.#port;
        shown = this.#received;
        for (const { packets, skippedPackets } of this.#unshown.splice(0)) this.#packets.add(packets, skippedPackets);
        this.#tell(this.#next);
      },
      () => {
        if (this.#port === port && shown !== null) port?.post({ type: 'credit', batch: shown });
      },
    );
  }

  #tell(state: SessionState): void {
    this.#next = state;
    this.#state.set(state);
    this.#packetStore.set(this.#packets.snapshot());
  }

  get #isSilent(): boolean {
    return this.#next.connection.kind === 'silent';
  }

  #silent(): void {
    const before = this.#next.connection;
    if (before.kind !== 'ready') return;
    this.#signs = 0;
    this.#tell({ ...this.#next, connection: { kind: 'silent', since: this.#pulse.heardAt, before } });
  }

  #goOn(): void {
    const { connection } = this.#next;
    if (connection.kind !== 'silent') return;
    this.#tell({ ...this.#next, connection: connection.before });
    if (this.#unshown.length > 0) this.#wantTurn();
  }

  #lost(reason: string): void {
    this.#port = null;
    this.#pulse.stop();
    this.#tell({ ...this.#next, connection: { kind: 'lost', since: this.#options.now(), reason } });
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

function browserTimer(callback: () => void, ms: number): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

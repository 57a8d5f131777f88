import { join } from 'node:path';
import type { Clock } from '#shared/base/clock.ts';
import { EventBus } from '#shared/base/event-bus.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { CoordinatorStart, Launcher, ParticipantStart } from '#shared/contract/child-messages.ts';
import type { ComparisonSettings, ComparisonView } from '#shared/contract/comparison.ts';
import type { EventData } from '#shared/contract/events.ts';
import { asRunId, type RunId } from '#shared/contract/ids.ts';
import type { Snapshot } from '#shared/contract/port-api.ts';
import type { DemoSettings } from '#shared/contract/settings.ts';
import type { Port } from '#shared/port/port.ts';
import { DemoFederation } from '#demo/demo-federation.ts';
import type { ChildEnd, SupervisorSink } from '#demo/supervised-child.ts';
import { Comparison } from './comparison.ts';
import type { Federation, RunningFederation } from './federation.ts';
import { PortServer, type RequestHandlers } from './port-server.ts';
import { RunHost } from './run-host.ts';
import type { RunRecording } from './run-recording.ts';
import { SingleProcess } from './single-process.ts';

export interface AppServiceOptions {
  readonly clock: Clock;
  readonly launcher: Launcher;
  readonly app: Snapshot['app'];
  /** What identities are sealed with; no part of `app`, which windows are shown. Secret. */
  readonly sealingKey?: string;
  /** Opens the recording of a run; null where nothing can be recorded, after a notice. */
  readonly openRecording: (
    run: RunId,
    path: string | undefined,
  ) => Promise<RunRecording | { readonly failed: RoundscopeError }>;
  /** What a renderer may ask; given rather than imported, since it is written in terms of this class. */
  readonly requests: (service: AppService) => RequestHandlers;
  /** Four hex bytes or so, for run ids. */
  readonly freshId: () => string;
  readonly onInternalError: (error: unknown) => void;
}

/** The app without a window: one run at a time, and any number of renderers that watch it. */
export class AppService implements AsyncDisposable {
  readonly #options: AppServiceOptions;
  readonly #servers = new Set<PortServer>();
  readonly #handlers: RequestHandlers;
  readonly #runs: EventBus<RunHost>;
  #host: RunHost | null = null;
  #federation: Federation | null = null;
  #beginning = false;
  /** Resolves when nothing is left of the latest run. */
  #ending: Promise<void> = Promise.resolve();
  #comparison: Comparison | null = null;
  /** To the run that this app coordinates. */
  #invitation: string | null = null;

  constructor(options: AppServiceOptions) {
    this.#options = options;
    this.#handlers = options.requests(this);
    this.#runs = new EventBus(options.onInternalError);
  }

  /** Told of each run before its first event. Returns what ends the subscription. */
  onRun(listener: (host: RunHost) => void): Disposable {
    return this.#runs.subscribe(listener);
  }

  get host(): RunHost | null {
    return this.#host;
  }

  get federation(): Federation | null {
    return this.#federation;
  }

  get app(): Snapshot['app'] {
    return this.#options.app;
  }

  /** Where this machine's identities lie, for those who start a participant. */
  get identityStore(): Pick<ParticipantStart, 'identityFolder' | 'sealingKey'> {
    const { app, sealingKey } = this.#options;
    return { identityFolder: app.dataFolder, ...(sealingKey === undefined ? {} : { sealingKey }) };
  }

  /** A renderer has come; it is served until its port closes. */
  connect(port: Port): void {
    const server = new PortServer(port, () => this.#snapshot(), this.#handlers);
    this.#servers.add(server);
    port.onClose(() => {
      this.#servers.delete(server);
      server[Symbol.dispose]();
    });
    server.follow(this.#host);
  }

  /** @throws RoundscopeError `already_running`, or why the federation could not start */
  async startDemo(settings: DemoSettings, recordPath?: string): Promise<RunningFederation> {
    this.#throwIfComparing();
    return await this.#startDemo(settings, recordPath);
  }

  /**
   * The same demo over several transports, one run after the other; windows and `changed` are told of every row.
   * @throws RoundscopeError `already_running`
   */
  startComparison(
    settings: ComparisonSettings,
    changed?: (view: ComparisonView) => void,
  ): { readonly done: Promise<ComparisonView> } {
    this.#throwIfComparing();
    this.#throwIfRunning();
    const comparison = new Comparison(settings, {
      start: async (demo, onHost) => {
        using _begun = this.onRun(onHost);
        return await this.#startDemo(demo);
      },
      stop: (reason) => this.#stopFederation(reason),
      changed: (view) => {
        for (const server of this.#servers) server.tell({ type: 'comparison', view });
        changed?.(view);
      },
    });
    this.#comparison = comparison;
    const done = comparison.run();
    done.catch(this.#options.onInternalError);
    return { done };
  }

  #startDemo(settings: DemoSettings, recordPath?: string): Promise<RunningFederation> {
    const run = this.#freshRun();
    return this.#begin(run, recordPath, (host, sink) => {
      const { launcher, clock } = this.#options;
      return new DemoFederation({
        run,
        settings,
        launcher,
        clock,
        sink,
        stateFolder: join(this.#options.app.dataFolder, 'demos', run),
        report: (type, data) => host.report(type, data),
      });
    });
  }

  /** `former`: the run that lies in its state folder, to go on with. */
  startCoordinator(
    settings: Omit<CoordinatorStart, 'type' | 'run'>,
    recordPath?: string,
    former?: RunId,
  ): Promise<RunningFederation> {
    const run = former ?? this.#freshRun();
    return this.#beginSingle(run, { ...settings, type: 'start_coordinator', run }, recordPath);
  }

  /** `run` is that of the invitation. */
  join(run: RunId, settings: Omit<ParticipantStart, 'type'>, recordPath?: string): Promise<RunningFederation> {
    // A participant that died and joins the same run again under the same name sends what it had computed.
    const stateFolder = settings.stateFolder ?? join(this.#options.app.dataFolder, 'runs', run, settings.name);
    return this.#beginSingle(run, { ...settings, stateFolder, type: 'start_participant' }, recordPath);
  }

  /** False when nothing ran. */
  async stop(reason: string): Promise<boolean> {
    if (this.#comparison?.view.state === 'running') {
      await this.#comparison.stop(reason);
      return true;
    }
    return await this.#stopFederation(reason);
  }

  async #stopFederation(reason: string): Promise<boolean> {
    const federation = this.#federation;
    if (federation === null) return false;
    await federation.stop(reason);
    return true;
  }

  recordingCopyPath(run: string, minutes: number): string {
    const stamp = new Date(this.#options.clock.wallMs()).toISOString().replace(/[:.]/g, '-');
    return join(this.#options.app.dataFolder, 'saved', `${run}-last-${minutes}-min-${stamp}.roundscope`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('the app was closed');
    await this.#federation?.[Symbol.asyncDispose]();
    for (const server of this.#servers) server[Symbol.dispose]();
    await this.#host?.[Symbol.asyncDispose]();
    this.#host = null;
  }

  #beginSingle(
    run: RunId,
    start: CoordinatorStart | ParticipantStart,
    recordPath: string | undefined,
  ): Promise<RunningFederation> {
    const { launcher, clock } = this.#options;
    return this.#begin(run, recordPath, (_host, sink) => new SingleProcess(start, { launcher, clock, sink }));
  }

  async #begin(
    run: RunId,
    recordPath: string | undefined,
    build: (host: RunHost, sink: SupervisorSink) => Federation,
  ): Promise<RunningFederation> {
    this.#throwIfRunning();
    this.#beginning = true;
    try {
      await this.#ending;
      return await this.#beginNext(run, recordPath, build);
    } finally {
      this.#beginning = false;
    }
  }

  async #beginNext(
    run: RunId,
    recordPath: string | undefined,
    build: (host: RunHost, sink: SupervisorSink) => Federation,
  ): Promise<RunningFederation> {
    const { clock, onInternalError } = this.#options;
    const recording = await this.#options.openRecording(run, recordPath);
    const failed = 'failed' in recording ? recording.failed : null;
    const host = new RunHost({ run, clock, recording: 'failed' in recording ? null : recording, onInternalError });
    const federation = build(host, sinkOf(host));
    this.#federation = federation;
    host.rows.subscribe((row) => {
      if ('event' in row) federation.observe(row.event);
    });
    const before = this.#host;
    this.#host = host;
    for (const server of this.#servers) server.follow(host);
    this.#runs.emit(host);
    await before?.[Symbol.asyncDispose]();
    if (failed !== null) host.report('notice', noticeOf(failed));
    try {
      await federation.start();
    } catch (error) {
      this.#federation = null;
      await federation[Symbol.asyncDispose]();
      const stopped = isAborted(error);
      if (!stopped) host.report('notice', noticeOf(error));
      host.report('run_ended', {
        status: stopped ? 'interrupted' : 'failed',
        reason: messageOf(error),
        roundsCompleted: 0,
        loss: null,
        accuracy: null,
      });
      throw error;
    }
    const ended = this.#finish(federation, host);
    this.#ending = ended.then(
      () => undefined,
      () => undefined,
    );
    return { host, invitation: federation instanceof SingleProcess ? federation.invitation : '', ended };
  }

  async #finish(federation: Federation, host: RunHost): Promise<ChildEnd> {
    const end = await federation.ended;
    if (end.error !== undefined) host.report('notice', { level: 'error', text: end.reason, error: end.error });
    // The process that should have said so may have died before it could.
    if (host.view.endedAt === null) {
      host.report('run_ended', {
        status: end.status,
        reason: end.reason,
        roundsCompleted: completedRounds(host),
        loss: null,
        accuracy: null,
      });
    }
    await host.finish();
    if (this.#federation === federation) this.#federation = null;
    return end;
  }

  /** A run that has ended is no hindrance, even while its processes are still being seen to their end: the next one waits. */
  #throwIfRunning(): void {
    const over = this.#federation === null || (this.#host !== null && this.#host.view.endedAt !== null);
    if (this.#beginning || !over) throw alreadyRunning(this.#host?.run ?? '');
  }

  #throwIfComparing(): void {
    if (this.#comparison?.view.state === 'running') throw alreadyRunning('of the comparison');
  }

  #freshRun(): RunId {
    return asRunId(`r-${this.#options.freshId()}`);
  }

  #snapshot(): Snapshot {
    const host = this.#host;
    return {
      type: 'snapshot',
      app: this.#options.app,
      view: host?.view ?? null,
      packets: host?.recentPackets() ?? [],
      packetsRecorded: host?.packetsSeen ?? 0,
      comparison: this.#comparison?.view ?? null,
      invitation: this.#invitation,
    };
  }
}

function sinkOf(host: RunHost): SupervisorSink {
  return {
    batch: (_source, batch) => host.ingest(batch),
    exited: (exit) => host.report('process_exited', exit),
    malformed: (name, what) =>
      host.report('notice', {
        level: 'warning',
        text: `The process of ${name} sent what its contract does not know: ${what}`,
      }),
  };
}

function isAborted(error: unknown): boolean {
  return error instanceof RoundscopeError && error.code === 'aborted';
}

function completedRounds(host: RunHost): number {
  return host.view.rounds.filter((round) => round.state === 'done').length;
}

function alreadyRunning(run: string): RoundscopeError {
  return new RoundscopeError('already_running', {
    layer: 'service',
    message: `Run ${run} is still going. Stop it first.`,
  });
}

function noticeOf(error: unknown): EventData<'notice'> {
  return { level: 'error', text: messageOf(error), error: toErrorReport(error) };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000);
}

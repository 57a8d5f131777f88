import { join } from 'node:path';
import { taskFailed } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import { EventBus } from '#shared/base/event-bus.ts';
import type { RoundscopeError } from '#shared/base/errors.ts';
import { requireAnnounced } from '#shared/contract/app/announced.ts';
import type { CoordinatorStart, Launcher, ParticipantStart, ToChild } from '#shared/contract/child-messages.ts';
import type { ComparisonSettings, ComparisonView } from '#shared/contract/run/comparison.ts';
import { asRunId, type RunId } from '#shared/contract/ids.ts';
import type { Snapshot } from '#shared/contract/app/port-api.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import type { Port } from '#shared/port/port.ts';
import { participantSealingKey } from '#engine/identity/participant-key.ts';
import { requireModelOut } from '#engine/durability/model-out.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import { DemoFederation } from '#demo/demo-federation.ts';
import type { ChildEnd, SupervisorSink } from '#demo/supervised-child.ts';
import { AlwaysAdmitted } from './runs/always-admitted.ts';
import { endSeenHere } from './runs/end-seen-here.ts';
import type { CheckParts } from './checks/check-invitation.ts';
import { Comparison } from './windows/comparison.ts';
import type { Desktop } from './windows/desktop.ts';
import type { Federation, RunningFederation } from './runs/federation.ts';
import { KeepAwake } from './runs/keep-awake.ts';
import type { Library } from './library/library.ts';
import { appLibrary } from './library/app-library.ts';
import { PortServer, type RequestHandlers } from './windows/port-server.ts';
import { RunHost } from './runs/run-host.ts';
import { LiveSource, type RunSource } from './windows/run-source.ts';
import { againOf, demoOpening, type Opening } from './runs/opening.ts';
import type { RunRecording } from './runs/run-recording.ts';
import { RecentRuns } from './runs/recent-runs.ts';
import { alreadyRunning, isAborted, messageOf, noticeOf, nothingToTell } from './windows/service-errors.ts';
import { sinkOf, type Begin, type StartOptions } from './runs/run-start.ts';
import { ShownRecordings, type OpenToRead } from './replay/shown-recordings.ts';
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
  readonly openToRead: OpenToRead;
  /** What of the desktop this app can use; absent in a browser. */
  readonly desktop?: Desktop;
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
  readonly #keepAwake: KeepAwake;
  readonly recents: RecentRuns;
  /** Those that windows show instead of the run that goes on. */
  readonly recordings: ShownRecordings;
  readonly library: Library;
  readonly alwaysAdmitted: AlwaysAdmitted;
  #host: RunHost | null = null;
  #federation: Federation | null = null;
  /** The run that was stopped last by its user here. */
  #stopped: RunHost | null = null;
  #beginning = false;
  /** Resolves when nothing is left of the latest run. */
  #ending: Promise<void> = Promise.resolve();
  #comparison: Comparison | null = null;
  /** To the run that this app coordinates. */
  #invitation: string | null = null;

  constructor(options: AppServiceOptions) {
    this.#options = options;
    const { dataFolder } = options.app;
    this.recents = new RecentRuns(dataFolder, (error) => this.#host?.report('notice', noticeOf(error)));
    this.library = appLibrary(options, { recents: this.recents, host: () => this.#host });
    this.#handlers = options.requests(this);
    this.#runs = new EventBus(options.onInternalError);
    this.#keepAwake = new KeepAwake((on) => options.desktop?.keepAwake(on));
    this.recordings = new ShownRecordings({ ...options, host: () => this.#host });
    this.alwaysAdmitted = new AlwaysAdmitted(dataFolder);
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

  get desktop(): Desktop | undefined {
    return this.#options.desktop;
  }

  get app(): Snapshot['app'] {
    return this.#options.app;
  }

  /** Where this participant's identity lies, and what opens it and no other, for those who start it. */
  async identityStore(participant: string): Promise<Pick<ParticipantStart, 'identityFolder' | 'sealingKey'>> {
    const { app, sealingKey } = this.#options;
    const identityFolder = app.dataFolder;
    if (sealingKey === undefined) return { identityFolder };
    return { identityFolder, sealingKey: await participantSealingKey(identityFolder, participant, sealingKey) };
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get lookingParts(): CheckParts {
    const { app, launcher } = this.#options;
    return { clock: this.clock, launcher, software: app.version };
  }

  /** A renderer has come; it is served until its port closes. */
  connect(port: Port): void {
    const server = new PortServer(port, new LiveSource(this.#host), {
      snapshot: (source) => this.#snapshot(source),
      handlers: this.#handlers,
      clock: this.#options.clock,
    });
    this.#servers.add(server);
    port.onClose(() => {
      this.#servers.delete(server);
      server[Symbol.dispose]();
    });
    server.follow(new LiveSource(this.#host));
    this.recordings.showFirstIn(server);
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
    return this.#begin(run, { opening: demoOpening, recordPath }, (host, sink) => {
      const { launcher, clock } = this.#options;
      return new DemoFederation({
        run,
        settings,
        launcher,
        clock,
        sink,
        stateFolder: join(this.#options.app.dataFolder, 'demos', run),
        modelFolder: this.#modelFolder('demo'),
        graphFolder: join(this.#options.app.dataFolder, 'graphs'),
        report: (type, data) => host.report(type, data),
      });
    });
  }

  async startCoordinator(
    settings: Omit<CoordinatorStart, 'type' | 'run'>,
    options: StartOptions & {
      /** The run that lies in its state folder, to go on with, or what a new one is to be called. */
      readonly run?: RunId | undefined;
    } = {},
  ): Promise<RunningFederation> {
    const { run = this.#freshRun(), keepAwake = true, recordPath } = options;
    const opening: Opening = { told: { chair: 'coordinator', name: settings.settings.name }, again: null, keepAwake };
    if (settings.announce !== undefined) requireAnnounced(settings.announce, settings);
    if (settings.modelOut !== undefined) requireModelOut(settings.modelOut);
    const modelFolder = settings.modelFolder ?? this.#modelFolder(`${run}-coordinator`);
    const known = await this.alwaysAdmitted.added(settings);
    const start: CoordinatorStart = { ...known, modelFolder, type: 'start_coordinator', run };
    return await this.#beginSingle(run, start, { opening, recordPath });
  }

  /**
   * `run` is that of the invitation.
   * @throws RoundscopeError `invitation_invalid`, and why the participant could not start
   */
  async join(
    run: RunId,
    settings: Omit<ParticipantStart, 'type'>,
    options: StartOptions = {},
  ): Promise<RunningFederation> {
    const { name, invitation } = settings;
    const decoded = decodeInvitation(invitation);
    if (!decoded.ok) throw decoded.error;
    // A participant that died and joins the same run again under the same name sends what it had computed.
    const stateFolder = settings.stateFolder ?? join(this.#options.app.dataFolder, 'runs', run, name);
    const opening: Opening = {
      told: { chair: 'participant', name: decoded.value.name, self: name },
      again: againOf(settings),
      keepAwake: options.keepAwake ?? true,
    };
    if (settings.modelOut !== undefined) requireModelOut(settings.modelOut);
    const modelFolder = settings.modelFolder ?? this.#modelFolder(`${run}-${name}`);
    const graphFolder = join(this.#options.app.dataFolder, 'graphs');
    const start: ParticipantStart = { ...settings, stateFolder, modelFolder, graphFolder, type: 'start_participant' };
    return await this.#beginSingle(run, start, { opening, recordPath: options.recordPath });
  }

  /**
   * A word to this app's own part of the run.
   * @throws RoundscopeError `not_running` where it has none in `chair`
   */
  tell(chair: 'coordinator' | 'participant', message: ToChild): void {
    this.requireChair(chair);
    this.#federation?.tell?.(message);
  }

  /** @throws RoundscopeError `not_running` where this app has no part in `chair` */
  requireChair(chair: 'coordinator' | 'participant'): void {
    const host = this.#host;
    const runs = host !== null && host.view.endedAt === null && host.opening.told.chair === chair;
    if (!runs || this.#federation?.tell === undefined) throw nothingToTell(chair);
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
    this.#stopped = this.#host;
    await federation.stop(reason);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('the app was closed');
    await this.#federation?.[Symbol.asyncDispose]();
    for (const server of this.#servers) server[Symbol.dispose]();
    await this.#host?.[Symbol.asyncDispose]();
    this.#host = null;
    await this.library[Symbol.asyncDispose]();
  }

  #beginSingle(run: RunId, start: CoordinatorStart | ParticipantStart, begin: Begin): Promise<RunningFederation> {
    const { launcher, clock } = this.#options;
    return this.#begin(run, begin, (_host, sink) => new SingleProcess(start, { launcher, clock, sink }));
  }

  async #begin(
    run: RunId,
    begin: Begin,
    build: (host: RunHost, sink: SupervisorSink) => Federation,
  ): Promise<RunningFederation> {
    this.#throwIfRunning();
    this.#beginning = true;
    try {
      await this.#ending;
      return await this.#beginNext(run, begin, build);
    } finally {
      this.#beginning = false;
    }
  }

  async #beginNext(
    run: RunId,
    begin: Begin,
    build: (host: RunHost, sink: SupervisorSink) => Federation,
  ): Promise<RunningFederation> {
    const { clock, onInternalError } = this.#options;
    const { opening, recordPath } = begin;
    const recording = await this.#options.openRecording(run, recordPath);
    const failed = 'failed' in recording ? recording.failed : null;
    // Who names a file wants that recording; what goes by itself into the data folder may be missing, and says so.
    if (failed !== null && recordPath !== undefined) throw failed;
    const kept = 'failed' in recording ? null : recording;
    const host = new RunHost({ run, opening, clock, recording: kept, onInternalError });
    const federation = build(host, sinkOf(host));
    this.#federation = federation;
    host.rows.subscribe((row) => {
      if ('event' in row) federation.observe(row.event);
    });
    const before = this.#host;
    this.#host = host;
    for (const server of this.#servers) server.follow(new LiveSource(host));
    this.#runs.emit(host);
    host.report('run_opened', opening.told);
    this.recents.follow(host);
    this.#keepAwake.follow(host);
    await before?.[Symbol.asyncDispose]();
    if (failed !== null) host.report('notice', noticeOf(failed));
    try {
      await federation.start();
    } catch (error) {
      this.#federation = null;
      await federation[Symbol.asyncDispose]();
      const stopped = isAborted(error);
      if (!stopped) host.report('notice', noticeOf(error));
      const status = stopped ? 'interrupted' : 'failed';
      host.report('run_ended', endSeenHere(host, { status, reason: messageOf(error) }, host === this.#stopped));
      await host.finish();
      throw error;
    }
    const invitation = federation instanceof SingleProcess ? federation.invitation : '';
    if (invitation !== '') this.invite(invitation);
    const ended = this.#finish(federation, host);
    this.#ending = ended.then(
      () => undefined,
      (error: unknown) => taskFailed('closing a run', error),
    );
    return { host, invitation, ended };
  }

  invite(invitation: string | null): void {
    this.#invitation = invitation;
    for (const server of this.#servers) server.tell({ type: 'invitation', invitation });
  }

  async #finish(federation: Federation, host: RunHost): Promise<ChildEnd> {
    const end = await federation.ended;
    if (this.#invitation !== null) this.invite(null);
    if (end.error !== undefined) host.report('notice', { level: 'error', text: end.reason, error: end.error });
    // The process that should have said so may have died before it could.
    if (host.view.endedAt === null) {
      host.report('run_ended', endSeenHere(host, end, host === this.#stopped));
    }
    await host.finish();
    if (this.#federation === federation) this.#federation = null;
    for (const server of this.#servers) server.sourceChanged();
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

  #modelFolder(name: string): string {
    return join(this.#options.app.dataFolder, 'models', name);
  }

  #freshRun(): RunId {
    return asRunId(`r-${this.#options.freshId()}`);
  }

  #snapshot(source: RunSource): Snapshot {
    return {
      type: 'snapshot',
      app: this.#options.app,
      source: source.state(),
      ...source.moment(),
      comparison: this.#comparison?.view ?? null,
      invitation: this.#invitation,
    };
  }
}

import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '#shared/base/time/clock.ts';
import { spawn } from '#shared/base/spawn.ts';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { CoordinatorStart, Launcher, ParticipantStart, ToChild } from '#shared/contract/child-messages.ts';
import type { EventData, EventType, RunEvent } from '#shared/contract/events.ts';
import { asParticipantId, coordinatorId, type ParticipantId, type RunId } from '#shared/contract/ids.ts';
import type { Endpoint } from '#shared/contract/app/invitation.ts';
import { impairs, networkOf, type NetworkSpec } from '#shared/contract/run/network.ts';
import { plannedFor } from '#shared/contract/run/transport-plan.ts';
import { lastingFaults, type DemoSettings, type FaultName, type FaultSpec } from '#shared/contract/run/settings.ts';
import { trainingMsOf } from './demo-pace.ts';
import { demoPlan } from './demo-plan.ts';
import { DemoNetwork, isNetworkFault, type NetworkFault } from './demo-network.ts';
import { EndedParticipants } from './ended-participants.ts';
import { faultNotes } from './fault-notes.ts';
import { FaultsOnCue } from './faults-on-cue.ts';
import { removeStaleFiles } from './stale-files.ts';
import { RestartLimit } from './restart-limit.ts';
import { SupervisedChild, type ChildEnd, type SupervisorSink } from './supervised-child.ts';

/** A child has this long to end by itself after the run, then it is told, then it is killed. */
const graceMs = 4000;
const termMs = 1500;

export interface DemoOptions {
  readonly run: RunId;
  readonly settings: DemoSettings;
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly sink: SupervisorSink;
  /** Where its processes keep what they need to go on after they were killed; removed with the run. */
  readonly stateFolder: string;
  /** Where its last model is kept, until that of the next demo takes its place. */
  readonly modelFolder: string;
  /** Where its participants keep the network of the run. */
  readonly graphFolder: string;
  readonly report: <T extends EventType>(type: T, data: EventData<T>) => void;
}

/** A coordinator and its participants on this machine, one process each, with faults on cue. */
export class DemoFederation implements AsyncDisposable {
  readonly participants: readonly ParticipantId[];
  readonly #options: DemoOptions;
  readonly #faults: FaultsOnCue;
  readonly #network: DemoNetwork;
  /** Ends of faults that last for a time. */
  readonly #timers = new Set<Disposable>();
  readonly #children = new Map<string, SupervisedChild>();
  readonly #ended = Promise.withResolvers<ChildEnd>();
  readonly #restarts = new RestartLimit();
  readonly #invitations = new Map<ParticipantId, string>();
  readonly #gone: EndedParticipants;
  #stopping = false;
  /** The run is over: nobody is started again. */
  #over = false;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.participants = demoParticipants(options.settings.participants);
    this.#faults = new FaultsOnCue(this.participants, {
      act: (fault, participant, round, seconds) => this.#act(fault, participant, round, seconds),
      armed: (fault, participant, round) => options.report('fault_armed', { fault, participant, round }),
    });
    this.#gone = new EndedParticipants(options.clock, (message) => this.#children.get(coordinatorId)?.post(message));
    this.#network = new DemoNetwork({
      ...options,
      participants: this.participants,
      move: (participant, invitation, reason) => {
        this.#invitations.set(participant, invitation);
        this.#children.get(participant)?.post({ type: 'move', invitation, reason });
      },
    });
  }

  /** Resolves when the coordinator has said how the run ended and every process is gone. */
  get ended(): Promise<ChildEnd> {
    return this.#ended.promise;
  }

  /**
   * Starts the processes; the participants do not wait for each other.
   * @throws RoundscopeError when the coordinator cannot serve (port taken, data missing); nothing is left running then
   */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (cause) {
      await this.#endAll(0);
      const error = this.#stopping ? stoppedWhileStarting(cause) : cause;
      // Who has asked it to stop meanwhile waits for this.
      const report = toErrorReport(error);
      this.#ended.resolve({
        type: 'ended',
        status: this.#stopping ? 'interrupted' : 'failed',
        reason: report.message,
        error: report,
      });
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { settings, stateFolder, clock } = this.#options;
    await removeStaleFiles(dirname(stateFolder), clock.wallMs());
    this.#throwIfStopped();
    this.#checkTargets(settings.faults);
    this.#checkTargets(settings.network.map((spec) => ({ name: 'a network', ...spec })));
    // Processes take most of the start-up time, so all are launched at once; the invitation follows.
    const [coordinator, ...participants] = await Promise.all([
      this.#launch('coordinator', 'coordinator'),
      ...this.participants.map((name) => this.#launch('participant', name)),
    ]);
    this.#throwIfStopped();
    coordinator.post(coordinatorStart(this.#options));
    const listening = await coordinator.listening;
    const onNetwork = settings.faults.filter(({ name }) => isNetworkFault(name));
    const targets = new Set(onNetwork.flatMap((fault) => this.#faults.targets(fault)));
    const invitationOf = await this.#network.open(listening.invitation, targets);
    this.#throwIfStopped();
    spawn('seeing a demo to its end', this.#finish(coordinator));
    // A fault of the first round must be armed before anybody can begin to train.
    for (const fault of settings.faults) this.#faults.inject({ ...fault, round: fault.round ?? 1 });
    participants.forEach((child, index) => {
      const name = asParticipantId(child.name);
      this.#invitations.set(name, invitationOf(name));
      const start = (): ParticipantStart => this.#participantStart(name, index, listening.endpoints);
      child.post(start());
      spawn('keeping a participant alive', this.#keepAlive(child, start));
    });
  }

  #throwIfStopped(): void {
    if (this.#stopping) throw stoppedWhileStarting(undefined);
  }

  #participantStart(name: ParticipantId, index: number, endpoints: readonly Endpoint[]): ParticipantStart {
    const { settings, stateFolder, graphFolder } = this.#options;
    return {
      type: 'start_participant',
      name,
      invitation: this.#invitations.get(name) ?? '',
      ...this.#transportOf(index, endpoints),
      ...(settings.selection === undefined ? {} : { selection: settings.selection }),
      data: settings.data,
      impaired: startsImpaired(settings),
      share: { index, participants: settings.participants, split: settings.split, seed: settings.seed },
      trainingMs: trainingMsOf(settings, index),
      stateFolder: join(stateFolder, name),
      graphFolder,
    };
  }

  async #launch(entry: 'coordinator' | 'participant', name: string): Promise<SupervisedChild> {
    const { launcher, sink } = this.#options;
    const child = await SupervisedChild.launch(launcher, entry, name, sink, () => this.#mayRestart(name));
    this.#children.set(name, child);
    return child;
  }

  #mayRestart(name: string): boolean {
    return !this.#over && !this.#stopping && this.#restarts.allows(name);
  }

  /** A participant that dies is started again, as a service manager would, and finds what its former self has left. */
  async #keepAlive(first: SupervisedChild, start: () => ParticipantStart): Promise<void> {
    for (let child: SupervisedChild | null = first; child !== null; child = await this.#again(child, start)) {
      await child.exited;
      await this.#tellWhyItGaveUp(child);
    }
    const last = await (this.#children.get(first.name) ?? first).ended;
    if (!this.#over && !this.#stopping) {
      const killed = last.error?.code === 'process_exited';
      this.#gone.add(asParticipantId(first.name), killed ? 'its process was killed' : last.reason);
    }
  }

  /** A participant that ends by itself before the run does has its reason, which nobody else would tell. */
  async #tellWhyItGaveUp(child: SupervisedChild): Promise<void> {
    const { status, reason, error } = await child.ended;
    if (this.#over || this.#stopping || status !== 'failed' || error === undefined) return;
    // That it was killed is told by its exit.
    if (error.code === 'process_exited') return;
    const text = `${child.name} has ended: ${reason}`.slice(0, 1000);
    this.#options.report('notice', { level: 'error', text, error, participant: asParticipantId(child.name) });
  }

  /** The process once more, when it has crashed and may be started again. */
  async #again(dead: SupervisedChild, start: () => ToChild): Promise<SupervisedChild | null> {
    const { name } = dead;
    if (!dead.crashed || !this.#mayRestart(name)) return null;
    this.#restarts.count(name);
    try {
      const child = await this.#launch(name === coordinatorId ? 'coordinator' : 'participant', name);
      if (this.#over) child.end('kill');
      child.post(start());
      if (name === coordinatorId) this.#gone.sayAgain();
      const fault = name === coordinatorId ? 'kill-coordinator' : 'crash-participant';
      const note = 'done: the process was started again';
      this.#options.report('fault_cleared', { fault, participant: asParticipantId(name), note });
      return child;
    } catch (error) {
      const report = toErrorReport(error);
      this.#options.report('notice', { level: 'error', text: report.message, error: report });
      return null;
    }
  }

  /** Every event of the run passes here too, for the faults that wait for their cue. */
  observe(event: RunEvent): void {
    this.#faults.observe(event);
  }

  inject(spec: FaultSpec): void {
    this.#checkTargets([spec]);
    this.#faults.inject(spec);
  }

  clear(spec: FaultSpec): void {
    for (const participant of this.#faults.disarm(spec)) {
      this.#options.report('fault_cleared', { fault: spec.name, participant, note: 'disarmed before it acted' });
    }
    if (!lastingFaults.has(spec.name)) return;
    for (const participant of spec.participant === undefined ? this.participants : [spec.participant])
      this.#switchOff(spec.name, participant, 'switched off');
  }

  /** Changes a network while the run goes on. */
  async setNetwork(spec: NetworkSpec): Promise<void> {
    this.#checkTargets([{ name: 'a network', ...spec }]);
    await this.#network.set(spec);
  }

  /** Asks the coordinator to end the run, which says goodbye to everybody. */
  async stop(reason: string): Promise<void> {
    this.#stopping = true;
    const coordinator = this.#children.get('coordinator');
    if (coordinator === undefined || coordinator.gone) await this.#endAll(0);
    else coordinator.post({ type: 'stop', reason });
    const patience = this.#options.clock.timer(graceMs, () => spawn('ending a demo', this.#endAll(0)));
    try {
      await this.ended;
    } finally {
      patience[Symbol.dispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endAll(0);
  }

  async #finish(first: SupervisedChild): Promise<void> {
    let end = await first.ended;
    for (let child: SupervisedChild | null = first; child !== null;) {
      child = await this.#again(child, () => coordinatorStart(this.#options));
      if (child !== null) end = await child.ended;
    }
    // A participant that never heard the end (that is what some faults are about) is told by its parent.
    for (const child of this.#children.values()) child.post({ type: 'stop', reason: `run ${end.status}` });
    await this.#endAll(graceMs);
    // Over a very slow network the coordinator's goodbyes may outlast our patience: that is no failure of a run that was stopped.
    const cutShort = this.#stopping && end.status === 'failed';
    this.#ended.resolve(cutShort ? { type: 'ended', status: 'interrupted', reason: 'stopped' } : end);
  }

  async #endChildren(patienceMs: number): Promise<void> {
    this.#over = true;
    const children = [...this.#children.values()].filter((child) => !child.gone);
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#gone[Symbol.dispose]();
    for (const child of children) child.expectExit();
    const all = Promise.all(children.map((child) => child.exited));
    if (await this.#within(all, patienceMs)) return;
    for (const child of children) child.end('terminate');
    if (await this.#within(all, termMs)) return;
    for (const child of children) child.end('kill');
    await all;
  }

  /** Last of all: what the others have to say goes through it. */
  async #endAll(patienceMs: number): Promise<void> {
    await this.#endChildren(patienceMs);
    await this.#network.close();
    await rm(this.#options.stateFolder, { recursive: true, force: true }).catch((error: unknown) => {
      const text = `The state folder of this demo could not be removed: ${String(error)}`;
      this.#options.report('notice', { level: 'warning', text: text.slice(0, 1000) });
    });
  }

  async #within(done: Promise<unknown>, ms: number): Promise<boolean> {
    if (ms === 0) return false;
    const late = Promise.withResolvers<boolean>();
    using _timer = this.#options.clock.timer(ms, () => late.resolve(false));
    return await Promise.race([done.then(() => true), late.promise]);
  }

  /** Over MQTT control the invitation itself says what carries the models. */
  #transportOf(index: number, endpoints: readonly Endpoint[]): Pick<ParticipantStart, 'transport'> {
    const { transport, control } = this.#options.settings;
    if (control === 'mqtt') return {};
    const offered = [...new Set(endpoints.map(({ protocol }) => protocol))];
    return { transport: plannedFor(transport, index, offered) };
  }

  #act(fault: FaultName, participant: ParticipantId, round: number, seconds?: number): void {
    const child = this.#children.get(participant);
    if (child === undefined || child.gone) return;
    this.#options.report('fault_injected', { fault, participant, round, note: faultNotes[fault] });
    if (fault === 'kill-participant') child.expectExit();
    if (fault === 'kill-participant' || fault === 'crash-participant' || fault === 'kill-coordinator')
      return child.end('kill');
    if (isNetworkFault(fault)) this.#onNetwork(this.#network.begin(fault, participant));
    else child.post({ type: 'fault', fault, on: true });
    if (seconds !== undefined && lastingFaults.has(fault)) this.#endLater(fault, participant, seconds);
    // Over at once; the other faults last until they are switched off.
    if (fault === 'drop-link')
      this.#options.report('fault_cleared', { fault, participant, note: 'done: the session was cut once' });
    if (fault === 'rebind')
      this.#options.report('fault_cleared', { fault, participant, note: 'done: the ports have changed once' });
  }

  #endLater(fault: FaultName, participant: ParticipantId, seconds: number): void {
    const timer = this.#options.clock.timer(seconds * 1000, () => {
      this.#timers.delete(timer);
      this.#switchOff(fault, participant, `over after ${seconds} s`);
    });
    this.#timers.add(timer);
  }

  #switchOff(fault: FaultName, participant: ParticipantId, note: string): void {
    if (isNetworkFault(fault)) this.#onNetwork(this.#network.end(fault as NetworkFault, participant));
    else this.#children.get(participant)?.post({ type: 'fault', fault, on: false });
    this.#options.report('fault_cleared', { fault, participant, note });
  }

  /** What a fault needs may take a moment; when it fails people are told, since nobody waits for it. */
  #onNetwork(done: Promise<unknown>): void {
    done.catch((error: unknown) => {
      const report = toErrorReport(error);
      this.#options.report('notice', { level: 'error', text: report.message, error: report });
    });
  }

  #checkTargets(faults: readonly { readonly name: string; readonly participant?: ParticipantId | undefined }[]): void {
    for (const fault of faults) {
      if (fault.participant === undefined || this.participants.includes(fault.participant)) continue;
      throw new RoundscopeError('settings_invalid', {
        layer: 'settings',
        message: `There is no participant ${fault.participant} to put ${fault.name} on. Take one of: ${this.participants.join(', ')}.`,
      });
    }
  }
}

/** `node-1` to `node-n`; the first one is shown as this app's own. */
export function demoParticipants(count: number): readonly ParticipantId[] {
  return Array.from({ length: count }, (_, index) => asParticipantId(`node-${index + 1}`));
}

/** Whether anybody's network will be worse than this machine's from the start, or by a fault that waits for its cue. */
function startsImpaired({ network, faults }: DemoSettings): boolean {
  const some = network.some((spec) => impairs(networkOf([spec], spec.participant ?? '')));
  return some || faults.some(({ name }) => isNetworkFault(name));
}

function coordinatorStart(options: DemoOptions): CoordinatorStart {
  const { settings, run } = options;
  return {
    type: 'start_coordinator',
    run,
    settings: demoPlan(settings),
    transport: settings.transport,
    control: settings.control,
    host: '127.0.0.1',
    port: 0,
    stateFolder: join(options.stateFolder, 'coordinator'),
    modelFolder: options.modelFolder,
    data: settings.data,
    model: settings.model,
    demo: settings,
    impaired: startsImpaired(settings),
    self: asParticipantId('node-1'),
  };
}

function stoppedWhileStarting(cause: unknown): RoundscopeError {
  return new RoundscopeError('aborted', {
    layer: 'application',
    message: 'The run was stopped while it was starting.',
    cause,
  });
}

import { toErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { Clock } from '#shared/base/time/clock.ts';
import type { Launcher, RelayStart } from '#shared/contract/child-messages.ts';
import type { EventData, EventType } from '#shared/contract/events.ts';
import type { ParticipantId, RunId } from '#shared/contract/ids.ts';
import {
  dialLimitWords,
  impairs,
  networkOf,
  networkWords,
  type NetworkConditions,
  type NetworkSpec,
} from '#shared/contract/run/network.ts';
import type { DemoSettings, FaultName } from '#shared/contract/run/settings.ts';
import { RestartLimit } from './restart-limit.ts';
import { SupervisedChild, type SupervisorSink } from './supervised-child.ts';

/** What a fault on cue adds to the network that a participant has anyway. */
const faultDelayMs = 500;
const faultLossPercent = 10;
const lossPercentMax = 90;
/** Its process among those of the run. */
const relayName = 'relay';
/** For the relay to end by itself. */
const endPatienceMs = 3000;

export const networkFaults = ['delay', 'loss', 'blackhole', 'disconnect', 'rebind'] as const;
export type NetworkFault = (typeof networkFaults)[number];

export function isNetworkFault(fault: FaultName): fault is NetworkFault {
  return networkFaults.some((name) => name === fault);
}

export interface DemoNetworkOptions {
  readonly run: RunId;
  readonly settings: Pick<DemoSettings, 'network' | 'faults' | 'seed'>;
  readonly participants: readonly ParticipantId[];
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly sink: SupervisorSink;
  readonly report: <T extends EventType>(type: T, data: EventData<T>) => void;
  /** Tells a participant that it reaches the coordinator another way from now on. */
  readonly move: (participant: ParticipantId, invitation: string, reason: string) => void;
}

interface OpenRelay {
  readonly child: SupervisedChild;
  readonly invitations: ReadonlyMap<ParticipantId, string>;
}

/**
 * The networks of a demo's participants. Who has an unimpaired one talks to the coordinator directly and pays nothing; a
 * relay process is started when the first needs it, before the run or in its midst, and who needs it then moves there with
 * its session, as a laptop does that changes its network.
 */
export class DemoNetwork {
  readonly #options: DemoNetworkOptions;
  readonly #faults = new Map<ParticipantId, Set<NetworkFault>>();
  /** Who reaches the coordinator through the relay. */
  readonly #relayed = new Set<ParticipantId>();
  #specs: readonly NetworkSpec[];
  #direct = '';
  #relay: Promise<OpenRelay> | null = null;
  #closing = false;
  readonly #restarts = new RestartLimit();

  constructor(options: DemoNetworkOptions) {
    this.#options = options;
    this.#specs = options.settings.network;
  }

  /** The coordinator listens. Resolves with the invitation of each participant. */
  async open(direct: string, targets: ReadonlySet<ParticipantId>): Promise<(participant: ParticipantId) => string> {
    this.#direct = direct;
    const { participants } = this.#options;
    const impaired = participants.filter((name) => targets.has(name) || impairs(this.#conditionsOf(name)));
    if (impaired.length === 0) return () => direct;
    const { invitations } = await this.#opened();
    for (const name of impaired) {
      this.#relayed.add(name);
      this.#warnOfLimit(name);
    }
    return (name) => (this.#relayed.has(name) ? (invitations.get(name) ?? direct) : direct);
  }

  /** Changes the network of one or, without one, of all that have none of their own. */
  async set(spec: NetworkSpec): Promise<void> {
    const before = new Map(this.#options.participants.map((name) => [name, this.#conditionsOf(name)]));
    this.#specs = [...this.#specs.filter(({ participant }) => participant !== spec.participant), spec];
    const changed = this.#options.participants.filter(
      (name) => JSON.stringify(before.get(name)) !== JSON.stringify(this.#conditionsOf(name)),
    );
    for (const name of changed) await this.#apply(name);
  }

  async begin(fault: NetworkFault, participant: ParticipantId): Promise<void> {
    if (fault !== 'rebind') {
      const faults = this.#faults.get(participant) ?? new Set();
      this.#faults.set(participant, faults.add(fault));
      return await this.#apply(participant);
    }
    const { child } = await this.#through(participant, 'a NAT is put in between');
    child.post({ type: 'rebind', participant });
  }

  /** False when it was not on. */
  async end(fault: NetworkFault, participant: ParticipantId): Promise<boolean> {
    if (this.#faults.get(participant)?.delete(fault) !== true) return false;
    await this.#apply(participant);
    return true;
  }

  /** Who speaks through the relay is cut off by this: last of all. */
  async close(): Promise<void> {
    this.#closing = true;
    const relay = this.#relay;
    if (relay === null) return;
    // Why it could not be opened has been told where it was asked for.
    const opened = await relay.catch(() => null);
    if (opened === null) return;
    await opened.child.terminate(this.#options.clock, endPatienceMs);
  }

  async #apply(participant: ParticipantId): Promise<void> {
    const conditions = this.#conditionsOf(participant);
    if (this.#relay === null && !impairs(conditions)) return;
    const { child } = await this.#opened();
    // Conditions may have changed while the relay was being started.
    const latest = this.#conditionsOf(participant);
    child.post({ type: 'set_network', participant, conditions: latest });
    this.#warnOfLimit(participant);
    if (impairs(latest)) await this.#through(participant, `its network is now ${networkWords(latest)}`);
  }

  /** A dial that arithmetic says cannot come through is told before anybody waits for it. */
  #warnOfLimit(participant: ParticipantId): void {
    const text = dialLimitWords(participant, this.#conditionsOf(participant));
    if (text !== null) this.#options.report('notice', { level: 'error', text, participant });
  }

  async #through(participant: ParticipantId, reason: string): Promise<OpenRelay> {
    const relay = await this.#opened();
    const invitation = relay.invitations.get(participant);
    if (!this.#relayed.has(participant) && invitation !== undefined) {
      this.#relayed.add(participant);
      this.#options.move(participant, invitation, reason);
    }
    return relay;
  }

  #conditionsOf(participant: ParticipantId): NetworkConditions {
    const { preset, figures } = networkOf(this.#specs, participant);
    const faults = this.#faults.get(participant);
    const loss = figures.lossPercent + (faults?.has('loss') === true ? faultLossPercent : 0);
    return {
      preset,
      figures: {
        ...figures,
        latencyMs: figures.latencyMs + (faults?.has('delay') === true ? faultDelayMs : 0),
        lossPercent: Math.min(loss, lossPercentMax),
      },
      outage:
        faults?.has('disconnect') === true ? 'disconnect' : faults?.has('blackhole') === true ? 'blackhole' : 'none',
    };
  }

  async #opened(): Promise<OpenRelay> {
    this.#relay ??= this.#open();
    try {
      return await this.#relay;
    } catch (error) {
      this.#relay = null;
      throw error;
    }
  }

  async #open(): Promise<OpenRelay> {
    const { launcher, sink } = this.#options;
    for (;;) {
      const child = await SupervisedChild.launch(launcher, 'relay', relayName, sink, () => this.#mayRestart());
      child.post(this.#start());
      try {
        const routes = await child.relaying;
        spawn(
          'replacing the relay',
          child.exited.then(() => this.#lost()),
        );
        return { child, invitations: new Map(routes.map(({ participant, invitation }) => [participant, invitation])) };
      } catch (error) {
        if (!child.crashed || !this.#mayRestart()) throw error;
        this.#restarts.count(relayName);
      }
    }
  }

  #start(): RelayStart {
    const { run, settings, participants } = this.#options;
    return {
      type: 'start_relay',
      run,
      invitation: this.#direct,
      seed: settings.seed,
      networks: participants.map((participant) => ({ participant, conditions: this.#conditionsOf(participant) })),
    };
  }

  #mayRestart(): boolean {
    return !this.#closing && this.#restarts.allows(relayName);
  }

  /** The relay is gone and with it the way of those behind it: there is another, or they go on without impairment. */
  async #lost(): Promise<void> {
    this.#relay = null;
    if (this.#closing || (this.#mayRestart() && (await this.#again()))) return;
    this.#impairNobody();
  }

  /** Another relay with the same conditions, through which those behind the former one go on. False: there is none. */
  async #again(): Promise<boolean> {
    this.#restarts.count(relayName);
    try {
      const { invitations } = await this.#opened();
      for (const participant of this.#relayed) {
        const invitation = invitations.get(participant) ?? this.#direct;
        this.#options.move(participant, invitation, 'the process that makes its network worse was started again');
      }
      return true;
    } catch (error) {
      const report = toErrorReport(error);
      this.#options.report('notice', { level: 'warning', text: report.message.slice(0, 1000), error: report });
      return false;
    }
  }

  #impairNobody(): void {
    if (this.#closing) return;
    const relayed = [...this.#relayed];
    this.#relayed.clear();
    this.#faults.clear();
    this.#specs = [];
    this.#options.report('notice', {
      level: 'error',
      text: 'The process that makes the network worse has ended; participants behind it go on over the plain network.',
    });
    for (const participant of relayed) {
      this.#options.move(participant, this.#direct, 'its network is as good as this machine again');
      const conditions = this.#conditionsOf(participant);
      this.#options.report('network_changed', { participant, ...conditions, note: networkWords(conditions) });
    }
  }
}

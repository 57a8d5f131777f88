import assert from 'node:assert/strict';
import { timing } from '#shared/contract/limits.ts';
import type { EventData, EventType, LinkState } from '#shared/contract/events.ts';
import type { Hash, ParticipantId } from '#shared/contract/ids.ts';
import type { RunOutcome } from '#engine/round/machine.ts';
import type { DoorInvariants } from './door/door-invariants.ts';
import { Invariants } from './invariants.ts';
import { Wire } from './network.ts';
import {
  keyOf,
  makeScenario,
  nameOf,
  type Crash,
  type ParticipantPlan,
  type Scenario,
  type Trouble,
} from './scenario.ts';
import { CoordinatorDisk, SimCoordinator, type Tamper } from './sim-coordinator.ts';
import { SimDoor } from './door/sim-door.ts';
import { SimParticipant, type ParticipantDisk } from './sim-participant.ts';
import { SimUser } from './door/sim-user.ts';
import { World } from './world.ts';

export interface SimulationResult {
  readonly seed: number;
  readonly outcome: RunOutcome;
  readonly endedAtMs: number;
  readonly steps: number;
  readonly calm: boolean;
  /** Crashes of the coordinator that it survived. */
  readonly crashes: number;
  readonly model: Float32Array;
  /** What came to pass at the door. */
  readonly door: DoorInvariants['seen'];
}

/** A participant's place in the simulation, with its incarnations one after another. */
interface Station {
  readonly plan: ParticipantPlan;
  participant: SimParticipant | null;
  wire: Wire | null;
  link: number;
  lastHeardMs: number;
  linkState: LinkState;
  connections: number;
  outcome: RunOutcome | null;
  /** It left or was told that it cannot take part: nobody restarts it. */
  over: boolean;
  /** Troubles that last, and when the last one ended. */
  troubles: number;
  wellSinceMs: number;
  readonly disk: ParticipantDisk;
}

/** Plays the scenario of a seed to its end and checks every step of it; throws at the first violation. */
export function simulate(seed: number): SimulationResult {
  return new Simulation(makeScenario(seed)).run();
}

export interface SimulationHooks {
  /** Breaks the coordinator's steps on purpose, to see that it is found. */
  readonly tamper?: Tamper | undefined;
  /** Is told what the coordinator reports, with the virtual time. */
  readonly onEvent?: (<T extends EventType>(type: T, data: EventData<T>, nowMs: number) => void) | undefined;
}

export function simulateScenario(scenario: Scenario, hooks: SimulationHooks = {}): SimulationResult {
  return new Simulation(scenario, hooks).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #hooks: SimulationHooks;
  readonly #world = new World();
  readonly #invariants: Invariants;
  readonly #disk = new CoordinatorDisk();
  #coordinator: SimCoordinator;
  #door: SimDoor | null = null;
  readonly #user: SimUser | null;
  #crashes = 0;
  /** Dying, or dead and not started again yet. */
  #down = false;
  readonly #stations: Station[] = [];
  readonly #byLink = new Map<number, { readonly station: Station; readonly wire: Wire }>();
  #acks: (() => void)[] = [];
  #nextLink = 1;
  #steps = 0;
  #outcome: RunOutcome | null = null;

  constructor(scenario: Scenario, hooks: SimulationHooks = {}) {
    this.#scenario = scenario;
    this.#hooks = hooks;
    this.#invariants = new Invariants(scenario);
    this.#user = this.#seatUser();
    this.#coordinator = this.#startCoordinator();
    this.#invariants.watchModel(() => this.#coordinator.model());
    for (const plan of scenario.participants) this.#plan(plan);
    for (const crash of scenario.crashes) this.#world.after(crash.atMs, () => this.#crash(crash));
    if (scenario.stopsAtMs !== null)
      this.#world.after(scenario.stopsAtMs, () => this.#coordinator.feed({ kind: 'stop', reason: 'stopped by hand' }));
    this.#tick();
  }

  #seatUser(): SimUser | null {
    const { admission: plan } = this.#scenario;
    if (plan === undefined) return null;
    return new SimUser({
      world: this.#world,
      plan,
      tell: (input) => {
        const coordinator = this.#coordinator;
        if (!coordinator.alive || this.#outcome !== null) return;
        this.#invariants.door.said({ state: coordinator.state, input });
        coordinator.feed(input);
      },
    });
  }

  #startCoordinator(): SimCoordinator {
    this.#door = this.#openDoor();
    const door = this.#door ?? undefined;
    return new SimCoordinator({
      door,
      world: this.#world,
      scenario: this.#scenario,
      disk: this.#disk,
      tamper: this.#hooks.tamper,
      send: (link, message, payload) => {
        const entry = this.#byLink.get(link);
        if (message.kind === 'update_ack' && entry !== undefined)
          this.#acks.push(() => this.#invariants.acknowledged(nameOf(entry.station.plan), message.round, message.body));
        entry?.wire.send('down', message, payload);
      },
      closeLink: (link, reason, code) => this.#closeLink(link, reason, { clean: false, code }),
      onEnd: (outcome) => {
        this.#outcome = outcome;
      },
      onEvent: (type, data) => {
        this.#invariants.event(type, data);
        this.#user?.event(type, data);
        this.#hooks.onEvent?.(type, data, this.#world.nowMs);
      },
      onStep: (state, wakeAtMs) => {
        // Effects of one step come in the order in which they are sent; what they say is compared when all are there.
        for (const check of this.#acks.splice(0)) check();
        this.#steps++;
        this.#invariants.step(state, wakeAtMs, this.#world.nowMs);
        door?.step(state);
      },
    });
  }

  #openDoor(): SimDoor | null {
    if (this.#scenario.admission?.door !== true) return null;
    const memory = this.#disk.records.length === 0 ? null : this.#disk.memory('0'.repeat(64) as Hash);
    return new SimDoor(memory, () => 1.7e12 + this.#world.nowMs);
  }

  /** It dies within moments, in the middle of what it is at; whoever dials then finds nobody until it is started again. */
  #crash({ effects, downMs }: Crash): void {
    const dying = this.#coordinator;
    if (this.#outcome !== null || this.#down) return;
    this.#down = true;
    dying.killAfter(effects);
    this.#world.after(200, () => {
      if (this.#outcome !== null) return;
      this.#crashes++;
      dying.killAfter(0);
      for (const { wire } of this.#byLink.values()) wire.cut();
      this.#byLink.clear();
      this.#acks = [];
      this.#world.after(downMs, () => this.#restart());
    });
  }

  #restart(): void {
    this.#down = false;
    this.#invariants.restarts();
    this.#coordinator = this.#startCoordinator();
    this.#invariants.restarted(this.#coordinator.state);
    for (const station of this.#stations) {
      if (station.participant?.alive !== true) continue;
      station.wellSinceMs = this.#world.nowMs;
      this.#world.after(this.#scenario.random.int(2_000), () => {
        if (station.participant?.alive !== true || this.#byLink.has(station.link) || this.#outcome !== null) return;
        this.#open(station);
        station.participant.feed({ kind: 'link_reset' });
      });
    }
  }

  run(): SimulationResult {
    const { seed, rounds, deadlineMs, registrationDeadlineMs, healsAtMs, calm } = this.#scenario;
    // Every phase of every round at its deadline, each once more for waiting until somebody is back.
    const rounded = rounds * (3 * deadlineMs + registrationDeadlineMs + 2_000);
    const restarted = this.#scenario.crashes.length * (3 * deadlineMs + registrationDeadlineMs + 5_000);
    const boundMs = healsAtMs + registrationDeadlineMs + rounded + restarted;
    this.#world.run(boundMs, () => this.#outcome !== null);
    assert.ok(this.#outcome !== null, `the run has not ended ${Math.round(boundMs / 1000)} s after its start`);
    const endedAtMs = this.#world.nowMs;
    const outcome = this.#outcome;
    this.#checkOutcome(outcome);
    // Whoever can still hear learns of the end; then nothing is left that moves by itself.
    this.#world.run(endedAtMs + healsAtMs + 60_000, () => false);
    // Who had not found its way back to a restarted coordinator, or was never let in, is told by the goodbye of its link.
    for (const station of this.#stations)
      if (this.#crashes > 0 || !this.#isIn(station))
        station.participant?.feed({ kind: 'link_closed', reason: 'the run is over' });
    for (const { participant, plan, wire } of this.#stations) {
      if (participant === null || !participant.alive || plan.connectionPerMessage || wire === null) continue;
      assert.fail(`${plan.id} was not told that the run is over`);
    }
    const failed = outcome.status === 'failed' && /^aggregation of round \d+ failed: no memory$/.test(outcome.reason);
    if (failed) this.#checkTold(outcome);
    else if (calm) assert.equal(outcome.status, 'completed', outcome.reason);
    const [steps, crashes, model] = [this.#steps, this.#crashes, this.#coordinator.model()];
    return { seed, outcome, endedAtMs, steps, calm, crashes, model, door: this.#invariants.door.seen };
  }

  /** It takes part, and not another one under its name. */
  #isIn({ plan }: Station): boolean {
    return this.#coordinator.state.participants.get(nameOf(plan) as ParticipantId)?.key === keyOf(plan);
  }

  /** Whoever was there when it ended has heard how and why. */
  #checkTold({ reason }: RunOutcome): void {
    for (const { outcome, plan } of this.#stations)
      if (outcome !== null && outcome.status === 'failed' && !/coordinator is closed/.test(outcome.reason))
        assert.ok(outcome.reason.includes(reason), `${plan.id} heard: ${outcome.reason}`);
  }

  #checkOutcome({ status, roundsCompleted, reason }: RunOutcome): void {
    // A coordinator that died in saying so says it again.
    const ends = this.#crashes > 0 ? [...new Set(this.#invariants.ends)] : this.#invariants.ends;
    assert.deepEqual(ends, [status], 'a run ends once');
    if (status === 'completed') assert.equal(roundsCompleted, this.#scenario.rounds);
    assert.ok(
      this.#invariants.aggregated >= roundsCompleted && this.#invariants.aggregated <= roundsCompleted + 1,
      'one aggregate a round',
    );
    if (status === 'stalled') this.#checkStall(reason);
    if (!this.#scenario.participants.some(({ connectionPerMessage }) => connectionPerMessage)) return;
    if (status === 'interrupted' || reason === 'no participant is left') return;
    // A connection per message stalls every run, and the last word on the wait names each of those who cannot hear.
    assert.ok(status === 'stalled', `answers never arrive, yet the run is ${status}: ${reason}`);
    const last = this.#invariants.statuses.findLast(({ waitingFor }) => waitingFor.length > 0);
    if (last === undefined) return assert.match(reason, /participants? registered within/);
    for (const id of last.waitingFor) {
      assert.ok(
        last.why.some(
          (entry) =>
            entry.participant === id &&
            /connections so far|link lost|not acknowledged|no sign of life|not back yet/.test(entry.reason),
        ),
        JSON.stringify(last.why),
      );
      assert.ok(reason.includes(id), reason);
    }
  }

  /** A run stalls only for participants that something is, or was until shortly, wrong with. */
  #checkStall(reason: string): void {
    const { state } = this.#coordinator;
    // One that had ended in a former life tells of that moment, not of this.
    if (state.round === 0 || state.ending !== null) return;
    const { delayMsMax } = this.#scenario;
    for (const station of this.#stations) {
      const { plan, troubles, wellSinceMs, participant } = station;
      if (!reason.includes(nameOf(plan)) || plan.connectionPerMessage || troubles > 0 || participant?.alive !== true)
        continue;
      if (!this.#isIn(station)) continue;
      const wellMs = this.#world.nowMs - Math.max(wellSinceMs, state.phaseSinceMs);
      const enoughMs = plan.trainMsMean * 1.5 + delayMsMax * 14 + 500;
      assert.ok(wellMs < enoughMs, `${plan.id} was well for ${Math.round(wellMs)} ms, and yet: ${reason}`);
    }
  }

  #plan(plan: ParticipantPlan): void {
    const station: Station = {
      plan,
      participant: null,
      wire: null,
      link: 0,
      lastHeardMs: 0,
      linkState: 'connecting',
      connections: 0,
      outcome: null,
      over: false,
      troubles: 0,
      wellSinceMs: 0,
      disk: { kept: null },
    };
    this.#stations.push(station);
    this.#world.after(plan.joinsAtMs, () => this.#start(station));
    for (const trouble of plan.troubles)
      this.#world.after(plan.joinsAtMs + trouble.atMs, () => this.#trouble(station, trouble));
  }

  #start(station: Station): void {
    if (station.over || station.participant?.alive === true) return;
    const { plan, disk } = station;
    const { random } = this.#scenario;
    const link = this.#open(station);
    station.participant = null;
    station.participant = new SimParticipant({
      world: this.#world,
      random,
      plan,
      disk,
      failures: !this.#scenario.calm,
      failingEvaluations: this.#scenario.failing.evaluations,
      send: (message, payload) => station.wire?.send('up', message, payload),
      onEnd: (outcome) => this.#ended(station, outcome),
      onTrained: (hash, parameters, examples) =>
        this.#invariants.trained(hash, { parameters, examples, key: keyOf(plan) }),
    });
    // The acceptor gives the old link up as soon as another process of the same name has said hello, and a door here has.
    if (random.int(2) === 0)
      for (const [number, entry] of this.#byLink)
        if (entry.station === station && number !== link)
          this.#closeLink(number, 'superseded', { clean: false, code: 'superseded' });
  }

  /** A fresh link of a participant, whose process may be older than it. */
  #open(station: Station): number {
    const { plan } = station;
    const { random, delayMsMax, duplicateShare } = this.#scenario;
    const link = this.#nextLink++;
    const wire = new Wire({
      world: this.#world,
      random,
      delayMsMax,
      duplicateShare,
      participant: nameOf(plan) as ParticipantId,
      wallMs: (direction) => this.#world.nowMs * (direction === 'up' ? plan.wallRate : 1),
      deliver: (direction, parcel) => {
        if (direction === 'down') {
          // What comes over a link of a former life of it goes nowhere.
          if (station.link === link) station.participant?.take(parcel);
          const { kind, round } = parcel.header;
          // A connection per message breaks a run that has begun: without the plan nobody would wait for it.
          if (plan.connectionPerMessage && kind === 'run_plan') wire.block('down');
          if (kind === 'global_model' || kind === 'start_training')
            this.#coordinator.feed({ kind: 'delivered', link, message: kind, round });
          return;
        }
        station.lastHeardMs = this.#world.nowMs;
        this.#coordinator.take(link, parcel);
      },
    });
    station.wire = wire;
    station.link = link;
    station.lastHeardMs = this.#world.nowMs;
    station.linkState = 'ready';
    station.connections = 1;
    if (!this.#down) this.#byLink.set(link, { station, wire });
    else wire.cut();
    const owns = this.#isLetIn(station, link);
    if (owns === null) return link;
    this.#coordinator.feed({
      kind: 'link_opened',
      link,
      participant: nameOf(plan) as ParticipantId,
      address: '127.0.0.1:1',
      protocol: 'memory',
      stack: 'memory',
      peerKey: keyOf(plan),
      terms: { generation: 0 },
      owns,
    });
    return link;
  }

  /** By the door, if there is one. Returns whether the name is its own by now; null: it was turned away, and hears so soon. */
  #isLetIn(station: Station, link: number): boolean | null {
    const { plan } = station;
    const { state } = this.#coordinator;
    // Of a run that is over nothing is asked any more.
    if (this.#door === null || this.#down || state.outcome !== null || state.ending !== null) return false;
    const knock = { link, name: nameOf(plan), key: keyOf(plan), instance: String(link) };
    const answer = this.#door.knock(knock, ({ code, reason }) => {
      // Ended by somebody else than the door, it is over already.
      if (this.#byLink.has(link)) this.#closeLink(link, reason, { clean: false, code });
    });
    if ('owns' in answer) {
      this.#invariants.door.letThrough(knock, state);
      return answer.owns;
    }
    this.#invariants.door.turnedAway({ ...knock, code: answer.code }, state);
    this.#byLink.delete(link);
    station.wire?.cut();
    this.#world.after(20, () => {
      if (station.link === link) station.participant?.feed({ kind: 'link_closed', reason: answer.reason });
    });
    return null;
  }

  /** A participant that is done closes its link, and the goodbye takes its time. */
  #ended(station: Station, outcome: RunOutcome): void {
    const { link } = station;
    station.outcome = outcome;
    station.over = true;
    this.#world.after(20, () => this.#closeLink(link, outcome.reason, { clean: true, code: 'clean' }));
  }

  #closeLink(link: number, reason: string, { clean, code }: { readonly clean: boolean; readonly code: string }): void {
    const entry = this.#byLink.get(link);
    if (entry === undefined) return;
    this.#byLink.delete(link);
    entry.wire.cut();
    // A goodbye is the participant's own.
    this.#door?.ended(link, { code, reason, local: !clean });
    this.#coordinator.feed({ kind: 'link_closed', link, reason, clean });
    if (!clean && entry.station.link === link) entry.station.participant?.feed({ kind: 'link_closed', reason });
  }

  /** Whoever has ended, of its own or by the coordinator's word, is started again by its user. */
  #return(station: Station): void {
    if (!station.over || this.#outcome !== null) return;
    station.over = false;
    station.outcome = null;
    station.wellSinceMs = this.#world.nowMs;
    this.#start(station);
  }

  #trouble(station: Station, { kind, lastsMs }: Trouble): void {
    if (kind === 'return') return this.#return(station);
    const { participant, wire } = station;
    if (participant === null || wire === null || !participant.alive || this.#outcome !== null) return;
    const lasts = kind !== 'leave' && kind !== 'poison';
    if (lasts) station.troubles++;
    const healsInMs = Math.max(0, Math.min(lastsMs, this.#scenario.healsAtMs - this.#world.nowMs));
    const healed = (): void => {
      station.troubles--;
      station.wellSinceMs = this.#world.nowMs;
    };
    switch (kind) {
      case 'partition':
      case 'deaf':
      case 'mute': {
        const directions =
          kind === 'partition' ? (['up', 'down'] as const) : kind === 'deaf' ? (['down'] as const) : (['up'] as const);
        for (const direction of directions) wire.block(direction);
        return this.#world.after(healsInMs, () => {
          healed();
          for (const direction of directions) wire.unblock(direction);
        });
      }
      case 'pause':
        participant.feed({ kind: 'pause', on: true, reason: 'by its user' });
        return this.#world.after(healsInMs, () => {
          healed();
          participant.feed({ kind: 'pause', on: false, reason: 'by its user' });
        });
      case 'freeze':
        participant.freeze();
        return this.#world.after(healsInMs, () => {
          healed();
          participant.thaw();
        });
      case 'kill':
        participant.kill();
        wire.cut();
        return this.#world.after(healsInMs, () => {
          healed();
          this.#start(station);
        });
      case 'leave':
        return participant.feed({ kind: 'stop', reason: 'left by hand' });
      case 'poison':
        return participant.poison();
    }
  }

  /** Once a second: heartbeats, and what links know of each other. */
  #tick(): void {
    for (const station of this.#stations) {
      const { wire, participant, link, plan } = station;
      if (wire === null || !this.#byLink.has(link)) continue;
      const heard = participant?.alive === true && !wire.isBlocked('up');
      if (heard) station.lastHeardMs = this.#world.nowMs;
      const silentMs = this.#world.nowMs - station.lastHeardMs;
      let state: LinkState =
        silentMs > timing.peerSilentMs || (wire.isBlocked('down') && !plan.connectionPerMessage) ? 'lost' : 'ready';
      if (plan.connectionPerMessage && heard) {
        // Opened for a message, closed after it.
        station.connections++;
        state = station.connections % 2 === 0 ? 'lost' : 'ready';
      } else if (state === 'ready' && station.linkState === 'lost') station.connections++;
      station.linkState = state;
      this.#coordinator.feed({
        kind: 'link_state',
        link,
        state,
        reason: state === 'lost' ? (plan.connectionPerMessage ? 'closed by the peer' : 'peer silent') : '',
        lastHeardMs: station.lastHeardMs,
        connections: station.connections,
        unacknowledged: wire.inFlight.down,
        protocol: 'memory',
        stack: 'memory',
      });
    }
    if (this.#outcome === null) this.#world.after(1_000, () => this.#tick());
  }
}

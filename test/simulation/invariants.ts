import assert from 'node:assert/strict';
import type { EventData, EventType } from '#shared/contract/events.ts';
import type { BodyOf } from '#shared/contract/messages.ts';
import type { CoordinatorState } from '#engine/round/coordinator/state.ts';
import { roundWait } from '#engine/round/coordinator/phases/round-wait.ts';
import { flattenParameters } from '#shared/tensor/parameter-set.ts';
import type { WeightRule } from '#shared/contract/run/weight-rule.ts';
import { admitsAnyone } from '#shared/contract/run/admission.ts';
import { averageByHand, isNear } from './by-hand.ts';
import { DoorInvariants } from './door/door-invariants.ts';
import type { Scenario } from './scenario.ts';
import { toyInitial } from './toy-model.ts';

interface Counted {
  readonly participant: string;
  readonly hash: string;
}

interface Trained {
  readonly parameters: Float32Array;
  readonly examples: number;
  /** Whose work it is. */
  readonly key: string;
}

/** What must hold at every step of every run, checked from outside: by events, and by averages of its own. */
export class Invariants {
  readonly #trained = new Map<string, Trained>();
  readonly #counted = new Map<number, Counted[]>();
  #round = 0;
  #aggregatedRound = 0;
  #modelNow: Float32Array;
  readonly ends: string[] = [];
  readonly statuses: EventData<'round_status'>[] = [];
  aggregated = 0;
  readonly door: DoorInvariants;
  #model: () => Float32Array = () => new Float32Array(0);

  #restarting = false;

  readonly #rule: WeightRule;

  constructor({ seed, rule, admission }: Pick<Scenario, 'seed' | 'rule' | 'admission'>) {
    this.#rule = rule;
    this.door = new DoorInvariants(admission?.policy ?? admitsAnyone);
    this.#modelNow = flattenParameters(toyInitial(seed));
  }

  watchModel(model: () => Float32Array): void {
    this.#model = model;
  }

  /** The coordinator is started again: until it stands, it tells what it remembers. */
  restarts(): void {
    this.#restarting = true;
  }

  /** A new model of which the report died with the process that made it is looked at now. */
  restarted(state: CoordinatorState): void {
    this.#restarting = false;
    this.door.restarted(state);
    const { phase, round, members } = state;
    if (phase !== 'evaluating' || this.#aggregatedRound === round) return;
    const contributions = [...members.values()].flatMap(({ id, contribution }) => (contribution === null ? [] : [id]));
    this.#aggregated({ round, contributions });
  }

  trained(hash: string, trained: Trained): void {
    this.#trained.set(hash, trained);
  }

  /** What a participant is told of its update must agree with what was counted. */
  acknowledged(participant: string, round: number, { accepted, contribution }: BodyOf<'update_ack'>): void {
    // A copy that comes after a newer update was counted is too old to be remembered.
    for (const [later, list] of this.#counted)
      if (later > round && list.some((one) => one.participant === participant)) return;
    const counted =
      this.#counted.get(round)?.some((one) => one.participant === participant && one.hash === contribution) === true;
    assert.equal(
      accepted,
      counted,
      `${participant} is told otherwise than what became of its update of round ${round}`,
    );
  }

  event<T extends EventType>(type: T, data: EventData<T>): void {
    const handlers: { [K in EventType]?: (data: EventData<K>) => void } = {
      update_received: (update) => this.#update(update),
      aggregated: (done) => this.#aggregated(done),
      round_started: ({ round }) => {
        // A round of which nothing is counted may begin again, when all who were selected have left.
        const again = round === this.#round && (this.#counted.get(round) ?? []).length === 0;
        assert.ok(again || round === this.#round + 1, `round ${round} starts after round ${this.#round}`);
        this.#round = round;
      },
      run_resumed: (resumed) => this.#resumed(resumed),
      admission: (asked) => this.door.admission(asked),
      participant_joined: (joined) => this.door.joined(joined),
      participant_expelled: (expelled) => this.#expelled(expelled),
      round_ended: ({ round, contributions }) => {
        assert.equal(round, this.#round, 'the round that ends is the one that runs');
        // Nobody has anything to evaluate, so that it is over before the coordinator stands again.
        if (this.#restarting && this.#aggregatedRound !== round) this.#aggregated({ round, contributions });
        assert.deepEqual(contributions, (this.#counted.get(round) ?? []).map(({ participant }) => participant).sort());
      },
      round_status: (status) => void this.statuses.push(status),
      run_ended: ({ status }) => void this.ends.push(status),
    };
    (handlers[type] as ((data: EventData<T>) => void) | undefined)?.(data);
  }

  /** Every wait has an owner and a deadline, and everybody is told of it soon. */
  step(state: CoordinatorState, wakeAtMs: number, nowMs: number): void {
    assert.ok(state.round >= this.#round, 'rounds never go back');
    if (!this.#restarting) this.door.step(state);
    if (state.outcome !== null) return assert.equal(wakeAtMs, Infinity);
    // The run was over when a former process died: nothing is waited for but those who are to hear of it.
    if (state.ending !== null) return;
    const { waitingFor, reported, selected } = roundWait(state);
    const pausing = [...state.participants.values()].some(({ paused, left }) => paused && left === null);
    const suspended = state.deadlineMs === Infinity;
    if (suspended) assert.ok(pausing, `${state.phase} has no deadline, and nobody pauses`);
    assert.ok(wakeAtMs <= state.deadlineMs, 'nobody would wake it at its deadline');
    assert.ok(state.deadlineMs > nowMs, `${state.phase} outlived its deadline`);
    if (state.phase === 'distributing' || state.phase === 'training' || state.phase === 'evaluating') {
      assert.equal(waitingFor.length === 0, suspended, `${state.phase} waits for ${waitingFor.join() || 'nobody'}`);
      for (const id of waitingFor)
        assert.ok(!reported.includes(id) && selected.includes(id), `${id} is waited for and has reported`);
    }
    assert.ok(state.phase !== 'closing', 'closing is over at once');
    assert.ok(!state.status.stale || wakeAtMs <= state.status.atMs + 200, 'a change of the wait is told within 200 ms');
    assert.ok(state.links.size <= 24 && state.participants.size <= 8 && state.members.size <= 8, 'tables are bounded');
  }

  /** Nothing that was counted is forgotten or becomes another; what was counted in the last moment is learned of now. */
  #resumed({ round, selected, updates }: EventData<'run_resumed'>): void {
    assert.ok(this.#restarting, 'only a restart resumes a run');
    assert.ok(round === this.#round || round === this.#round + 1, `round ${round} goes on after round ${this.#round}`);
    if (selected.length === 0) return;
    this.#round = round;
    const remembered = updates.map(({ participant, contribution: hash }) => ({ participant, hash }));
    for (const known of this.#counted.get(round) ?? [])
      assert.ok(
        remembered.some((one) => one.participant === known.participant && one.hash === known.hash) ||
          this.door.isSentAway(known.participant, this.#keyOf(known.hash)),
        `the update of ${known.participant} counted in round ${round}, and is forgotten`,
      );
    if (remembered.length > 0 || this.#counted.has(round)) this.#counted.set(round, remembered);
  }

  #expelled(told: EventData<'participant_expelled'>): void {
    this.door.expelled(told);
    if (told.update !== 'dropped') return;
    const list = this.#counted.get(told.round) ?? [];
    const rest = list.filter(
      ({ hash, participant }) => participant !== told.participant || this.#keyOf(hash) !== told.key,
    );
    assert.equal(rest.length, list.length - 1, `the update of ${told.participant} counted, and does not any more`);
    this.#counted.set(told.round, rest);
  }

  #keyOf(hash: string): string {
    return this.#trained.get(hash)?.key ?? '';
  }

  #update({ participant, round, contribution, counted }: EventData<'update_received'>): void {
    if (!counted) return;
    const list = this.#counted.get(round) ?? [];
    assert.ok(!list.some((one) => one.participant === participant), `${participant} counts twice in round ${round}`);
    assert.equal(round, this.#round, 'an update counts in its own round only');
    this.door.counts(participant, this.#keyOf(contribution));
    this.#counted.set(round, [...list, { participant, hash: contribution }]);
  }

  /** The weighted mean once more, written differently: by element, in a list sorted here. */
  #aggregated({ round, contributions }: Pick<EventData<'aggregated'>, 'round' | 'contributions'>): void {
    this.aggregated++;
    this.#aggregatedRound = round;
    const list = (this.#counted.get(round) ?? []).toSorted((a, b) => (a.participant < b.participant ? -1 : 1));
    assert.deepEqual(
      contributions,
      list.map(({ participant }) => participant),
    );
    const updates = list.map(({ hash }) => {
      const update = this.#trained.get(hash);
      assert.ok(update !== undefined, 'a counted update was trained by somebody');
      return update;
    });
    const { model: expected, plain } = averageByHand(this.#modelNow, updates, this.#rule);
    const model = this.#model();
    const what = `the model of round ${round} is the weighted average`;
    if (plain) assert.deepEqual(model, expected, what);
    else assert.ok(isNear(model, expected), `${what}: ${model.join()} instead of ${expected.join()}`);
    this.#modelNow = model;
  }
}

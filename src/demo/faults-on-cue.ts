import type { RunEvent } from '#shared/contract/events.ts';
import { coordinatorId, type ParticipantId } from '#shared/contract/ids.ts';
import type { FaultName, FaultSpec } from '#shared/contract/run/settings.ts';

/** What a fault is done with: the demo federation, or a recorder of calls in tests. */
export interface FaultActions {
  /** `seconds`: how long, for a fault that lasts; absent: until it is switched off. */
  act(fault: FaultName, participant: ParticipantId, round: number, seconds?: number): void;
  armed(fault: FaultName, participant: ParticipantId, round: number): void;
}

interface ArmedFault {
  readonly name: FaultName;
  readonly participant: ParticipantId;
  readonly round: number;
  readonly seconds: number | undefined;
}

/**
 * Faults that wait for their round. Each acts when its participant begins to train in that round or, if it was away, in the
 * next one. By then the participant has the model, so that only what the fault breaks goes wrong. With
 * `connection-per-message` the update still arrives, and the answer never does.
 */
export class FaultsOnCue {
  readonly #participants: readonly ParticipantId[];
  readonly #actions: FaultActions;
  #armed: ArmedFault[] = [];

  constructor(participants: readonly ParticipantId[], actions: FaultActions) {
    this.#participants = participants;
    this.#actions = actions;
  }

  /** Without a round it acts at once. */
  inject(spec: FaultSpec): void {
    for (const participant of this.targets(spec)) {
      if (spec.round === undefined) {
        this.#actions.act(spec.name, participant, 0, spec.seconds);
        continue;
      }
      this.#armed.push({ name: spec.name, participant, round: spec.round, seconds: spec.seconds });
      this.#actions.armed(spec.name, participant, spec.round);
    }
  }

  /** Disarms what has not acted yet; says for whom. */
  disarm(spec: FaultSpec): readonly ParticipantId[] {
    const targets = new Set(this.targets(spec));
    const hit = this.#armed.filter((armed) => armed.name === spec.name && targets.has(armed.participant));
    this.#armed = this.#armed.filter((armed) => !hit.includes(armed));
    return hit.map((armed) => armed.participant);
  }

  observe(event: RunEvent): void {
    if (event.type !== 'participant_phase' || event.data.phase !== 'train' || this.#armed.length === 0) return;
    const { participant, round } = event.data;
    // The coordinator's cue is whoever begins first.
    const due = this.#armed.filter(
      (armed) => (armed.participant === participant || armed.participant === coordinatorId) && armed.round <= round,
    );
    this.#armed = this.#armed.filter((armed) => !due.includes(armed));
    for (const armed of due) this.#actions.act(armed.name, armed.participant, round, armed.seconds);
  }

  /** Whom a fault acts on. */
  targets(spec: FaultSpec): readonly ParticipantId[] {
    if (spec.name === 'kill-coordinator') return [coordinatorId];
    if (spec.participant !== undefined)
      return this.#participants.filter((participant) => participant === spec.participant);
    // A bug in the client affects all participants; killing, freezing or dropping all of them would show nothing.
    return spec.name === 'connection-per-message' ? this.#participants : this.#participants.slice(0, 1);
  }
}

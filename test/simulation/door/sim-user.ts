import type { EventData, EventType } from '#shared/contract/events.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { AdmissionInput } from '#engine/round/coordinator/state.ts';
import type { AdmissionPlan } from './admission-plan.ts';
import type { World } from '../world.ts';

export interface SimUserOptions {
  readonly world: World;
  readonly plan: AdmissionPlan;
  /** To the coordinator of that moment; where that is dead, the answer is lost. */
  readonly tell: (input: AdmissionInput) => void;
}

/** Whoever coordinates: answers what is asked at the door, and sends participants away, as its plan says. */
export class SimUser {
  readonly #options: SimUserOptions;

  constructor(options: SimUserOptions) {
    this.#options = options;
    for (const { atMs, name, key } of options.plan.expulsions)
      options.world.after(atMs, () =>
        options.tell({
          kind: 'expel',
          participant: name as ParticipantId,
          ...(key === null ? {} : { key }),
          reason: 'by hand',
        }),
      );
  }

  event<T extends EventType>(type: T, data: EventData<T>): void {
    if (type === 'admission') this.#asked(data as EventData<'admission'>);
  }

  #asked({ participant, key, state }: EventData<'admission'>): void {
    const { plan, world, tell } = this.#options;
    const answer = plan.answers.get(key);
    if (state !== 'waiting' || answer === undefined) return;
    const who = { participant, ...(answer.byName ? {} : { key }) };
    const { say, afterMs, again } = answer;
    if (say !== 'nothing') world.after(afterMs, () => tell({ kind: say, ...who }));
    if (again !== null) world.after(afterMs + again.afterMs, () => tell({ kind: again.say, ...who }));
  }
}

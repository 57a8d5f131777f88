import type { ParticipantId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import type { Departures } from '#engine/round/link-source.ts';

/** What the parent process tells of participants that it supervises, kept for whoever asks for it later. */
export class DepartedParticipants implements Departures {
  readonly #gone = new Map<ParticipantId, string>();
  #listener: ((participant: ParticipantId, reason: string) => void) | null = null;

  add(participant: ParticipantId, reason: string): void {
    if (this.#gone.size >= limits.participantsMax) return;
    this.#gone.set(participant, reason);
    this.#listener?.(participant, reason);
  }

  onGone(listener: (participant: ParticipantId, reason: string) => void): Disposable {
    this.#listener = listener;
    for (const [participant, reason] of this.#gone) listener(participant, reason);
    return { [Symbol.dispose]: () => void (this.#listener = null) };
  }
}

import type { Clock } from '#shared/base/time/clock.ts';
import type { ToChild } from '#shared/contract/child-messages.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';

/** What a participant sent last may still be on its way when its process has ended. */
const lastWordsMs = 500;

/** Participants whose processes have ended and are not started again; the coordinator is told, so that it waits for none of them in vain. */
export class EndedParticipants implements Disposable {
  readonly #clock: Clock;
  readonly #tell: (message: ToChild) => void;
  readonly #ended = new Map<ParticipantId, string>();
  readonly #timers = new Set<Disposable>();

  constructor(clock: Clock, tell: (message: ToChild) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(participant: ParticipantId, reason: string): void {
    this.#ended.set(participant, reason.slice(0, 300));
    const timer = this.#clock.timer(lastWordsMs, () => {
      this.#timers.delete(timer);
      this.#say(participant);
    });
    this.#timers.add(timer);
  }

  /** To a coordinator that was started again and knows none of it. */
  sayAgain(): void {
    for (const participant of this.#ended.keys()) this.#say(participant);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
  }

  #say(participant: ParticipantId): void {
    this.#tell({ type: 'participant_gone', participant, reason: this.#ended.get(participant) ?? '' });
  }
}

import type { Clock } from '#shared/base/time/clock.ts';
import { RateBucket } from '#shared/base/rate-bucket.ts';
import { limits } from '#shared/contract/limits.ts';
import { TurnBudget } from '../shared/turn-budget.ts';
import { Gatekeeper, type GatekeeperParts, type Granted } from './gatekeeper.ts';
import type { Answer, Request } from './handshake.ts';

/** Who asks for which session. */
interface Asker {
  readonly participant: string;
  readonly session: string;
}

/** It is granted or refused, once; nothing of this is called after the door has closed. */
export interface Outcome {
  readonly granted: (granted: Granted) => void;
  readonly refused: (reason: string) => void;
  /** What who was refused is told, then or later; not called: nothing. Who means well asks again. */
  readonly answered: (answer: Answer) => void;
}

/**
 * Where requests for sessions come in over what somebody else carries: there anybody may send any number of them, and a
 * coordinator that signs an answer to each does nothing else. What costs little is looked at at once. Answers to those without
 * the invitation have a rate, beyond which they wait, the newest of each source, so that one source leaves the others theirs.
 * Those with an invitation are served a few in each turn of the event loop. Decision 0098.
 */
export class Door implements Disposable {
  readonly #gatekeeper: Gatekeeper;
  readonly #clock: Clock;
  readonly #refusals: RateBucket;
  readonly #turns: TurnBudget;
  /** Answers that wait, by whose they are, the longest first. */
  readonly #unanswered = new Map<string, () => void>();
  #next: Disposable | null = null;

  constructor({ clock, ...parts }: GatekeeperParts & { readonly clock: Clock }) {
    this.#gatekeeper = new Gatekeeper(parts);
    this.#clock = clock;
    const { signedRefusalsPerSecondMax: perSecond, signedRefusalsBurstMax: burst } = limits;
    this.#refusals = new RateBucket({ perSecond, burst, nowMs: clock.monotonicMs() });
    const { sessionsGrantedPerTurnMax: perTurn, sessionRequestsWaitingMax: waitingMax } = limits;
    this.#turns = new TurnBudget({ clock, perTurn, waitingMax });
  }

  /** @param source what tells senders apart better than the name that they give, where there is something */
  ask(who: Asker, request: Request, { granted, refused, answered }: Outcome, source: string = who.participant): void {
    const refuse = (why: string): void => {
      refused(why);
      this.#answer(source, () => answered(this.#gatekeeper.refuse(who, request, why)));
    };
    const doubt = this.#gatekeeper.doubt(who, request);
    if (doubt !== null) return refuse(doubt);
    const served = this.#turns.do(() => {
      const checked = this.#gatekeeper.check(who, request);
      if (typeof checked === 'string') refuse(checked);
      else granted(checked);
    });
    if (!served) refused('more ask for sessions than this coordinator opens at once');
  }

  [Symbol.dispose](): void {
    this.#turns[Symbol.dispose]();
    this.#next?.[Symbol.dispose]();
    this.#unanswered.clear();
  }

  #answer(source: string, answer: () => void): void {
    if (this.#unanswered.size === 0 && this.#refusals.take(this.#clock.monotonicMs())) return answer();
    this.#unanswered.delete(source);
    const [longest] = this.#unanswered.keys();
    if (longest !== undefined && this.#unanswered.size >= limits.refusalsWaitingMax) this.#unanswered.delete(longest);
    this.#unanswered.set(source, answer);
    this.#awaitNext();
  }

  #awaitNext(): void {
    this.#next ??= this.#clock.timer(1000 / limits.signedRefusalsPerSecondMax, () => {
      this.#next = null;
      const [next] = this.#unanswered;
      if (next === undefined) return;
      if (this.#refusals.take(this.#clock.monotonicMs())) {
        const [source, answer] = next;
        this.#unanswered.delete(source);
        answer();
      }
      if (this.#unanswered.size > 0) this.#awaitNext();
    });
  }
}

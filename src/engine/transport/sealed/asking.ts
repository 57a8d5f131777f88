import type { Clock } from '#shared/base/time/clock.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { timing } from '#shared/contract/limits.ts';
import { isAnswer, requestProof, sealedVersion, sessionKeys, type Answer } from './handshake.ts';
import type { Claim, Request, SessionKeys } from './handshake.ts';
import { freshKeyShare } from './key-share.ts';

export interface AskingParts {
  readonly claim: Claim;
  readonly token: string;
  /** Peer id that the invitation names; who answers must sign as this one. */
  readonly coordinator: string;
  /** Where it is asked, for people, without secrets. */
  readonly where: string;
  readonly clock: Clock;
}

/**
 * A request for a session, from the participant's side, until the coordinator's own answer is there. Others may answer too,
 * and say what they like of the coordinator, where the way belongs to somebody else: that decides nothing while the
 * coordinator answers, and gives the reason when it does not. Decision 0073.
 */
export class Asking implements Disposable {
  readonly request: Request;
  /** Rejects with why there will be no session. */
  readonly granted: Promise<SessionKeys>;
  /** Answers that were not the coordinator's. */
  foreign = 0;
  readonly #parts: AskingParts;
  readonly #own = freshKeyShare();
  readonly #outcome = Promise.withResolvers<SessionKeys>();
  #doubt: Disposable | null = null;
  #settled = false;

  constructor(parts: AskingParts) {
    this.#parts = parts;
    const { claim, token, coordinator } = parts;
    const said = { version: sealedVersion, key: this.#own.offered, coordinator };
    this.request = { ...said, proof: requestProof(token, claim, said) };
    this.granted = this.#outcome.promise;
    // It may fail before anybody waits for it; who does is told then.
    this.granted.catch(() => undefined);
  }

  /** The keys, once the coordinator has granted the session; null: this was no such answer. */
  hear(answer: Answer | null): SessionKeys | null {
    if (this.#settled) return null;
    const { claim, where } = this.#parts;
    if (answer === null || !isAnswer(answer, claim, this.request)) {
      this.foreign++;
      const said = answer?.type === 'refuse' ? ` (it says: ${answer.reason.slice(0, 200)})` : '';
      this.#doubtOf(anotherIdentity(where, said));
      return null;
    }
    if (answer.type === 'refuse') {
      this.fail(notAccepted(where, answer.reason));
      return null;
    }
    const keys = this.#keysWith(answer.key);
    if (keys === null) {
      this.fail(anotherIdentity(where, ' (its half of the key is none)'));
      return null;
    }
    this[Symbol.dispose]();
    this.#outcome.resolve(keys);
    return keys;
  }

  /** Why nobody will answer, says somebody who has not proved to be the coordinator. */
  hint(error: RoundscopeError): void {
    if (!this.#settled) this.#doubtOf(error);
  }

  fail(error: unknown): void {
    this[Symbol.dispose]();
    this.#outcome.reject(error);
  }

  [Symbol.dispose](): void {
    this.#settled = true;
    this.#doubt?.[Symbol.dispose]();
  }

  #keysWith(offered: string): SessionKeys | null {
    const { claim, token, coordinator } = this.#parts;
    return sessionKeys('up', { own: this.#own, offered, token, claim, coordinator });
  }

  #doubtOf(error: RoundscopeError): void {
    this.#doubt ??= this.#parts.clock.timer(timing.doubtMs, () => this.fail(error));
  }
}

function notAccepted(where: string, reason: string): RoundscopeError {
  return new RoundscopeError('link_rejected', {
    layer: 'transport',
    message: `the coordinator behind ${where} did not accept us: ${reason}`,
  });
}

function anotherIdentity(where: string, said: string): RoundscopeError {
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `whoever answers for this run behind ${where} has another key than the invitation names${said}: ask the coordinator for a new invitation; if this one is new, somebody stands in for it`,
  });
}

/** Nobody is asked unseen. */
export function namesNobody(where: string): RoundscopeError {
  return new RoundscopeError('identity_mismatch', {
    layer: 'transport',
    message: `the invitation does not say which identity the coordinator behind ${where} must prove: ask for a new one`,
  });
}

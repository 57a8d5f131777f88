import type { FromChild, ToChild } from '#shared/contract/child-messages.ts';
import type { AdmissionInput } from '#engine/round/coordinator/state.ts';
import type { Listeners } from './listeners.ts';

interface Parts {
  readonly door: Listeners;
  readonly post: (message: FromChild) => void;
}

/** What this run's user says about who takes part, passed on to the run; nobody can have come before it is there. */
export class AdmissionControl {
  #parts: Parts | null = null;
  #tell: ((input: AdmissionInput) => void) | null = null;

  open(parts: Parts): Disposable {
    this.#parts = parts;
    return {
      [Symbol.dispose]: () => {
        this.#parts = null;
        this.#tell = null;
      },
    };
  }

  serve(tell: (input: AdmissionInput) => void): void {
    this.#tell = tell;
  }

  /** Messages that are about something else are left alone. */
  take(message: ToChild): void {
    switch (message.type) {
      case 'admission': {
        const { participant, key, decision: kind } = message;
        return this.#tell?.({ kind, participant, key });
      }
      case 'expel':
        return this.#tell?.({
          kind: 'expel',
          participant: message.participant,
          key: message.key,
          reason: message.reason,
        });
      case 'renew_invitation': {
        const { door, post } = this.#parts ?? {};
        if (door === undefined) return;
        // On disk and at the door once this returns: who holds the new one finds it good.
        this.#tell?.({ kind: 'renewed', generation: door.invitations.generation + 1 });
        return post?.({ type: 'invitation', ask: message.ask, invitation: door.invitations.current });
      }
      case 'invite': {
        const { ask, name, until, broker } = message;
        const terms = {
          name,
          ...(until === undefined ? {} : { until }),
          ...(broker === undefined ? {} : { broker }),
        };
        const invitation = this.#parts?.door.invitations.for(terms);
        if (invitation !== undefined) this.#parts?.post({ type: 'invitation', ask, invitation });
        return;
      }
      default:
    }
  }
}

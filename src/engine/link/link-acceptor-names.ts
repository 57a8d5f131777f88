import type { Clock } from '#shared/base/clock.ts';
import { durationText } from '#shared/base/duration.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import { hostOf, type Knocking, type Standing } from '#engine/transport/waiting-room.ts';
import type { LinkEnd } from './link.ts';
import type { LinkCore } from './link-core.ts';
import { statusOfCloseCode } from './run-over.ts';

/** A participant's link and the life of that participant to which it belongs. */
export interface Accepted {
  readonly core: LinkCore;
  readonly instance: string;
  readonly lineage: string | undefined;
  /** Of this link's memory: whoever resumes with another one begins anew. */
  readonly epoch: string;
  /** Peer id that a transport has proved for it; null while none has: not every one can. */
  identity: string | null;
}

/** What is remembered of a link that has ended, for its owner, who may come back and not have heard. */
export interface EndedLink {
  readonly instance: string;
  readonly identity: string | null;
  readonly end: LinkEnd;
  readonly unheard: boolean;
}

/** Its owner was away for longer than its place was kept. */
export const expiredCode = 'expired';

interface Held extends Accepted {
  host: string;
  sessions: number;
  /** Runs while there is no session. */
  window: Disposable | null;
}

/**
 * Which link each name has. A link without a session is let go after its resume window; of those that have ended a line
 * each is kept, of the newest. So what is held is bounded by who is here, and not by who has ever been.
 */
export class AcceptedNames {
  readonly #clock: Clock;
  readonly #resumeMs: number;
  readonly #held = new Map<string, Held>();
  /** The oldest end first. */
  readonly #ended = new Map<string, EndedLink>();

  constructor({ clock, resumeMs }: { readonly clock: Clock; readonly resumeMs: number }) {
    this.#clock = clock;
    this.#resumeMs = resumeMs;
  }

  /** Names whose links have not ended. */
  get size(): number {
    return this.#held.size;
  }

  /** For tests: what is kept of links that have ended. */
  get remembered(): number {
    return this.#ended.size;
  }

  cores(): readonly LinkCore[] {
    return [...this.#held.values()].map(({ core }) => core);
  }

  /** The link of that name that has not ended. */
  of(name: string): Accepted | undefined {
    const held = this.#held.get(name);
    if (held === undefined || held.core.ended === null) return held;
    this.#end(name, held, held.core.ended);
    return undefined;
  }

  endOf(name: string): EndedLink | undefined {
    return this.of(name) === undefined ? this.#ended.get(name) : undefined;
  }

  add(name: string, accepted: Accepted, address: string): void {
    const held: Held = { ...accepted, host: hostOf(address), sessions: 0, window: null };
    this.#ended.delete(name);
    this.#held.set(name, held);
    this.#watch(held);
    spawn(
      'letting go of a link',
      held.core.closed.then((end) => this.#end(name, held, end)),
    );
  }

  /** A session of that name begins; to be disposed of when it is over. */
  session(name: string, address: string): Disposable {
    const held = this.#held.get(name);
    if (held === undefined) return { [Symbol.dispose]: () => undefined };
    held.sessions++;
    held.host = hostOf(address);
    this.#unwatch(held);
    return {
      [Symbol.dispose]: () => {
        if (--held.sessions === 0) this.#watch(held);
      },
    };
  }

  /** What is known of somebody who knocks. */
  standing({ address, identity }: Knocking): Standing {
    const host = hostOf(address);
    let standing: Standing = 'stranger';
    for (const held of this.#held.values()) {
      if (identity !== null && held.identity === identity) return 'participant';
      if (held.host === host) standing = 'neighbor';
    }
    return standing;
  }

  /** Names whose links the end of the run has closed while they were down. */
  unheard(): readonly string[] {
    for (const name of this.#held.keys()) this.of(name);
    return [...this.#ended].flatMap(([name, { end, unheard }]) =>
      unheard && statusOfCloseCode(end.code) !== undefined ? [name] : [],
    );
  }

  #watch(held: Held): void {
    const { core } = held;
    if (core.ended !== null) return;
    this.#unwatch(held);
    const reason = `not heard of for ${durationText(this.#resumeMs)}: its place is free`;
    held.window = this.#clock.timer(this.#resumeMs, () => core.finish({ code: expiredCode, reason, local: true }));
  }

  #unwatch(held: Held): void {
    held.window?.[Symbol.dispose]();
    held.window = null;
  }

  #end(name: string, held: Held, end: LinkEnd): void {
    this.#unwatch(held);
    // The name may have another link by now.
    if (this.#held.get(name) !== held) return;
    this.#held.delete(name);
    const { instance, identity, core } = held;
    this.#ended.set(name, { instance, identity, end, unheard: core.unheard });
    if (this.#ended.size <= limits.participantsMax) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}

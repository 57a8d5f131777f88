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
  /** Of this link's memory: whoever resumes with another one begins anew. */
  readonly epoch: string;
  /** SHA-256 of the public key that has signed each hello of it. */
  readonly key: string;
  /** The same key as peer id. */
  readonly peer: string;
}

/** Whose a name is for the run. */
export interface OwnedName {
  readonly name: string;
  /** SHA-256 of its owner's public key. */
  readonly key: string;
}

interface Owner {
  readonly key: string;
  /** It has said goodbye: somebody else may take the name. */
  left: boolean;
  /** Instances that a later process of the same key has taken the place of, the latest last. */
  readonly superseded: string[];
}

/** What is remembered of a link that has ended, for its owner, who may come back and not have heard. */
export interface EndedLink {
  readonly instance: string;
  readonly key: string;
  readonly end: LinkEnd;
  readonly unheard: boolean;
}

/** Of one name; more processes of one key at once than these mean no good. */
const supersededMax = 8;

/** Who was not let in has no name to keep. */
const freeingCodes: ReadonlySet<string> = new Set(['admission_refused', 'expelled']);

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
 *
 * A name belongs to the key that took it for as long as the run lasts, or until its owner says goodbye: neither silence nor
 * the end of the window gives it to somebody else.
 */
export class AcceptedNames {
  readonly #clock: Clock;
  readonly #resumeMs: number;
  readonly #held = new Map<string, Held>();
  /** The oldest end first. */
  readonly #ended = new Map<string, EndedLink>();

  /** The one that left longest ago first among those who left. */
  readonly #owners = new Map<string, Owner>();

  constructor({
    clock,
    resumeMs,
    owners = [],
  }: {
    readonly clock: Clock;
    readonly resumeMs: number;
    readonly owners?: readonly OwnedName[];
  }) {
    this.#clock = clock;
    this.#resumeMs = resumeMs;
    for (const { name, key } of owners) this.#owners.set(name, { key, left: false, superseded: [] });
  }

  ownerOf(name: string): { readonly key: string; readonly left: boolean } | undefined {
    // Its goodbye may have been heard just now.
    this.of(name);
    return this.#owners.get(name);
  }

  /** The name that this key has; null: none that it has not left. */
  nameOf(key: string): string | null {
    for (const [name, owner] of this.#owners)
      if (owner.key === key && !owner.left && this.ownerOf(name)?.left === false) return name;
    return null;
  }

  wasSuperseded(name: string, instance: string): boolean {
    return this.#owners.get(name)?.superseded.includes(instance) === true;
  }

  /** Whether another participant can be taken, and its name remembered. */
  hasRoomFor(name: string): boolean {
    if (this.#held.size >= limits.participantsMax) return false;
    if (this.#owners.has(name) || this.#owners.size < limits.ownedNamesMax) return true;
    return [...this.#owners.values()].some(({ left }) => left);
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
    this.#own(name, accepted);
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
      if (identity !== null && held.peer === identity) return 'participant';
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

  #own(name: string, { key, instance }: Accepted): void {
    const before = this.#owners.get(name);
    if (before?.key === key) {
      before.left = false;
      const former = this.#held.get(name) ?? this.#ended.get(name);
      if (former === undefined || former.instance === instance) return;
      before.superseded.push(former.instance);
      if (before.superseded.length > supersededMax) before.superseded.shift();
      return;
    }
    if (before === undefined && this.#owners.size >= limits.ownedNamesMax) this.#forgetOneWhoLeft();
    this.#owners.set(name, { key, left: false, superseded: [] });
  }

  #left(name: string): void {
    const owner = this.#owners.get(name);
    if (owner === undefined) return;
    owner.left = true;
    this.#owners.delete(name);
    this.#owners.set(name, owner);
  }

  #forgetOneWhoLeft(): void {
    for (const [name, { left }] of this.#owners) if (left) return void this.#owners.delete(name);
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
    const { instance, key, core } = held;
    if (!end.local || freeingCodes.has(end.code)) this.#left(name);
    this.#ended.set(name, { instance, key, end, unheard: core.unheard });
    if (this.#ended.size <= limits.participantsMax) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}

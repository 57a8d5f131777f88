import type { Clock } from '#shared/base/time/clock.ts';
import { durationText } from '#shared/base/text/duration.ts';
import { spawn } from '#shared/base/spawn.ts';
import { limits } from '#shared/contract/limits.ts';
import { hostOf, isNetwork, type Knocking, type Standing } from '#engine/transport/waiting-room.ts';
import type { Refusal } from './acceptor-hello.ts';
import type { LinkEnd } from '../link.ts';
import type { LinkCore } from '../link-core.ts';
import { statusOfCloseCode } from '../run-over.ts';

/** A participant's link and the life of that participant to which it belongs. */
export interface Accepted {
  readonly name: string;
  readonly core: LinkCore;
  readonly instance: string;
  /** Of this link's memory: whoever resumes with another one begins again. */
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
}

/** What is remembered of a link that has ended, for its owner, who may come back and not have heard. */
export interface EndedLink {
  readonly name: string;
  readonly instance: string;
  readonly end: LinkEnd;
  readonly unheard: boolean;
  readonly superseded: readonly string[];
}

/** Of one key; more processes of one key at once than these mean no good. */
const supersededMax = 8;

/** Who was sent away has no name to keep. */
const freeingCodes: ReadonlySet<string> = new Set(['admission_refused', 'expelled']);

const crowdedWords = 'too many who have not registered yet come from this address, and others wait; try again';

/** Its owner was away for longer than its place was kept. */
export const expiredCode = 'expired';

interface Held extends Accepted {
  /** It takes part in the run: its name is its own, and its place is one of a participant. */
  admitted: boolean;
  /** Others needed its place; it is about to end. */
  givesWay: boolean;
  /** Instances that a later process of the same key has taken the place of, the latest last. */
  readonly superseded: readonly string[];
  host: string;
  sessions: number;
  /** Runs while there is no session. */
  window: Disposable | null;
}

/**
 * Which link each key has, and whose the names are. A link without a session is let go after its resume window; of those
 * that have ended a line each is kept, of the newest. So what is held is bounded by who is here, and not by who has ever been.
 *
 * A name belongs to the key that was let into the run under it, for as long as the run lasts or until its owner says
 * goodbye: neither silence nor the end of the window gives it to somebody else. Before that nobody has it: several keys may
 * ask for one name, and those who are not in yet have few places, of which the busiest host gives way.
 */
export class AcceptedNames {
  readonly #clock: Clock;
  readonly #resumeMs: number;
  /** By key, since one key has one name; the latest last. */
  readonly #held = new Map<string, Held>();
  /** By key, the oldest end first. */
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
    for (const { name, key } of owners) this.#owners.set(name, { key, left: false });
  }

  ownerOf(name: string): { readonly key: string; readonly left: boolean } | undefined {
    const owner = this.#owners.get(name);
    // Its goodbye may have been heard just now.
    if (owner !== undefined) this.of(owner.key);
    return this.#owners.get(name);
  }

  /** The name that this key has; null: none that it has not left. */
  nameOf(key: string): string | null {
    for (const [name, owner] of this.#owners)
      if (owner.key === key && !owner.left && this.ownerOf(name)?.left === false) return name;
    return null;
  }

  /** Whether it was let in under that name and has not left. */
  owns(key: string, name: string): boolean {
    const owner = this.ownerOf(name);
    return owner !== undefined && owner.key === key && !owner.left;
  }

  /** Why that key may not come under that name; null: nothing speaks against it. */
  conflict(key: string, name: string): Refusal | null {
    const owner = this.ownerOf(name);
    if (owner !== undefined && owner.key !== key && !owner.left)
      return {
        code: 'participant_name_taken',
        reason: `the name ${name} belongs to another key in this run, whether its owner is here or away; choose another name`,
      };
    const other = this.owns(key, name) ? null : this.nameOf(key);
    if (other !== null)
      return {
        code: 'key_has_name',
        reason: `this key takes part as ${other} already, and one key has one name in a run`,
      };
    return null;
  }

  wasSuperseded(key: string, instance: string): boolean {
    return (this.of(key) ?? this.#ended.get(key))?.superseded.includes(instance) === true;
  }

  /** Whether another participant can be taken, and its name remembered. */
  hasRoomFor(name: string): boolean {
    let admitted = 0;
    for (const held of this.#held.values()) if (held.admitted) admitted++;
    if (admitted >= limits.participantsMax) return false;
    if (this.#owners.has(name) || this.#owners.size < limits.ownedNamesMax) return true;
    return [...this.#owners.values()].some(({ left }) => left);
  }

  /**
   * Makes room for one more of whom nobody knows yet whether it takes part: the host that has most of them loses its latest.
   * @returns whether there is room; none where that host is the newcomer's own
   */
  makeRoomFor(address: string): boolean {
    const waiting = [...this.#held.values()].filter((held) => !held.admitted && !held.givesWay);
    if (waiting.length < limits.unregisteredLinksMax) return true;
    const byHost = Map.groupBy(waiting, ({ host }) => host);
    const most = [...byHost.values()].reduce((busiest, all) => (all.length > busiest.length ? all : busiest));
    // Whoever takes a place must leave its host with fewer than that one: or newcomers would put each other out.
    if ((byHost.get(hostOf(address))?.length ?? 0) + 1 >= most.length) return false;
    const last = most.at(-1);
    if (last === undefined) return false;
    last.givesWay = true;
    spawn('closing a link', last.core.close('participant_limit', crowdedWords));
    return true;
  }

  /** The run has let it in: from now on the name is its own. Returns whose it was before, if somebody else's who has left. */
  admit(key: string, name: string): string | null {
    const held = this.of(key);
    if (held !== undefined) held.admitted = true;
    const before = this.#owners.get(name);
    if (before === undefined && this.#owners.size >= limits.ownedNamesMax) this.#forgetOneWhoLeft();
    this.#owners.set(name, { key, left: false });
    const ended = held === undefined ? this.#ended.get(key) : undefined;
    if (ended?.name === name && givesUpName(ended.end)) this.#left(name, key);
    return before === undefined || before.key === key ? null : before.key;
  }

  /** For tests: what is kept of links that have ended. */
  get remembered(): number {
    return this.#ended.size;
  }

  cores(): readonly LinkCore[] {
    return [...this.#held.values()].map(({ core }) => core);
  }

  /** The link of that key that has not ended. */
  of(key: string): Held | undefined {
    const held = this.#held.get(key);
    if (held === undefined || held.core.ended === null) return held;
    this.#end(held, held.core.ended);
    return undefined;
  }

  endOf(key: string): EndedLink | undefined {
    return this.of(key) === undefined ? this.#ended.get(key) : undefined;
  }

  add(accepted: Accepted, address: string): void {
    const { key, name, instance } = accepted;
    const owner = this.ownerOf(name);
    const former = this.#held.get(key) ?? this.#ended.get(key);
    const superseded = former === undefined ? [] : [...former.superseded];
    if (former !== undefined && former.instance !== instance) superseded.push(former.instance);
    const held: Held = {
      ...accepted,
      admitted: owner?.key === key && !owner.left,
      givesWay: false,
      superseded: superseded.slice(-supersededMax),
      host: hostOf(address),
      sessions: 0,
      window: null,
    };
    this.#ended.delete(key);
    this.#held.delete(key);
    this.#held.set(key, held);
    this.#watch(held);
    spawn(
      'letting go of a link',
      held.core.closed.then((end) => this.#end(held, end)),
    );
  }

  /** A session of that key begins; to be disposed of when it is over. */
  session(key: string, address: string): Disposable {
    const held = this.#held.get(key);
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
    let known = false;
    for (const held of this.#held.values()) {
      if (!held.admitted) continue;
      if (identity !== null && held.peer === identity) return 'participant';
      known ||= held.host === host;
    }
    if (!known) return 'stranger';
    return isNetwork(host) ? 'neighbor' : 'namesake';
  }

  /** Names whose links the end of the run has closed while they were down. */
  unheard(): readonly string[] {
    for (const key of this.#held.keys()) this.of(key);
    return [...this.#ended].flatMap(([key, { name, end, unheard }]) =>
      unheard && this.#owners.get(name)?.key === key && statusOfCloseCode(end.code) !== undefined ? [name] : [],
    );
  }

  #left(name: string, key: string): void {
    const owner = this.#owners.get(name);
    if (owner?.key !== key) return;
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

  #end(held: Held, end: LinkEnd): void {
    this.#unwatch(held);
    const { name, instance, key, core, superseded } = held;
    // The key may have another link by now.
    if (this.#held.get(key) !== held) return;
    this.#held.delete(key);
    if (givesUpName(end)) this.#left(name, key);
    this.#ended.set(key, { name, instance, end, unheard: core.unheard, superseded });
    if (this.#ended.size <= limits.participantsMax) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }
}

/** It said goodbye, or was sent away. */
function givesUpName({ local, code }: LinkEnd): boolean {
  return !local || freeingCodes.has(code);
}

import assert from 'node:assert/strict';
import type { Clock } from '#shared/base/time/clock.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { Refusal } from '#engine/link/accept/acceptor-hello.ts';
import type { LinkEnd } from '#engine/link/link.ts';
import { AcceptedNames } from '#engine/link/accept/link-acceptor-names.ts';
import type { LinkCore } from '#engine/link/link-core.ts';
import { noDecisions, type Admission } from '#engine/round/admission.ts';
import type { CoordinatorState } from '#engine/round/coordinator/state.ts';
import { checkNewcomer } from '#engine/round/coordinator/entry/check-newcomer.ts';
import type { JournaledRun } from '#engine/round/coordinator/run-journal.ts';

/** Whoever says hello. */
export interface Knock {
  readonly link: number;
  readonly name: string;
  readonly key: string;
  /** Its process. */
  readonly instance: string;
}

/** What is asked of a link that nothing is sent over. */
class DoorLink implements Pick<LinkCore, 'ended' | 'closed' | 'unheard'> {
  ended: LinkEnd | null = null;
  readonly closed = new Promise<LinkEnd>(() => undefined);
  readonly unheard = false;
  readonly #onEnd: (end: LinkEnd) => void;

  constructor(onEnd: (end: LinkEnd) => void) {
    this.#onEnd = onEnd;
  }

  finish(end: LinkEnd): void {
    if (this.ended !== null) return;
    this.ended = end;
    this.#onEnd(end);
  }

  async close(code: string, reason: string): Promise<void> {
    this.finish({ code, reason, local: true });
  }
}

/** A link here has its session for as long as it is there: what becomes of one without is tried in `owned-names.test.ts`. */
const untimed = { timer: () => ({ [Symbol.dispose]: () => undefined }) } as unknown as Clock;

/**
 * The link's own door, as a coordinator has it in front of its machine: the real names and the real check of newcomers,
 * of one life of the coordinator. Decision 0100.
 */
export class SimDoor {
  readonly #names: AcceptedNames;
  readonly #wallMs: () => number;
  readonly #links = new Map<number, { readonly core: DoorLink; readonly name: string; readonly key: string }>();
  #admission: Admission;

  constructor(memory: JournaledRun | null, wallMs: () => number) {
    const owners = memory?.owners.map(({ id, key }) => ({ name: id, key })) ?? [];
    this.#names = new AcceptedNames({ clock: untimed, resumeMs: 1, owners });
    this.#admission = memory?.admission ?? noDecisions;
    this.#wallMs = wallMs;
  }

  follow(admission: Admission): void {
    this.#admission = admission;
  }

  /** `onEnd`: the door itself ends the link, since a later process of the same key has come. */
  knock({ link, name, key, instance }: Knock, onEnd: (end: LinkEnd) => void): Refusal | { readonly owns: boolean } {
    const owns = this.#names.owns(key, name);
    const newcomer = { name: name as ParticipantId, key, terms: { generation: 0 }, known: owns };
    const refusal = checkNewcomer(newcomer, this.#admission, this.#wallMs()) ?? this.#names.conflict(key, name);
    if (refusal !== null) return refusal;
    this.#names.of(key)?.core.finish({
      code: 'superseded',
      reason: 'another process with the same key has taken its place',
      local: true,
    });
    const core = new DoorLink(onEnd);
    const accepted = { name, core: core as unknown as LinkCore, instance, epoch: String(link), key, peer: key };
    this.#names.add(accepted, '127.0.0.1:1');
    this.#links.set(link, { core, name, key });
    return { owns };
  }

  admitted(link: number): void {
    const known = this.#links.get(link);
    if (known !== undefined) this.#names.admit(known.key, known.name);
  }

  ended(link: number, end: LinkEnd): void {
    this.#links.get(link)?.core.finish(end);
    this.#links.delete(link);
  }

  /** Whoever takes part has its name at the door too, so that nobody else can come under it; once a run is over nobody comes. */
  step({ participants, ending, outcome }: CoordinatorState): void {
    if (ending !== null || outcome !== null) return;
    for (const { id, key, left } of participants.values())
      if (left === null)
        assert.ok(this.#names.owns(key, id), `${id} (${key}) takes part, and anybody could have its name`);
  }
}

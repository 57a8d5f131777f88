import assert from 'node:assert/strict';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { EventData } from '#shared/contract/events.ts';
import type { AdmissionInput, CoordinatorState } from '#engine/round/coordinator/state.ts';
import { isExpected, type AdmissionPolicy } from '#shared/contract/run/admission.ts';

interface Comer {
  readonly name: string;
  readonly key: string;
}

/**
 * What must hold at the door of every run, by what its user said and what was told, not by the coordinator's own lists: who
 * takes part was let in, one key has one name and a name one key, and nothing of who was sent away counts afterwards.
 */
export class DoorInvariants {
  readonly #policy: AdmissionPolicy;
  /** Keys of which the user has said so, and not otherwise since. */
  readonly #letIn = new Set<string>();
  readonly #refused = new Set<string>();
  /** Keys of which the user has ever said no: the word may have been kept by a process that died before it told of it. */
  readonly #toRefuse = new Set<string>();
  /** Keys by the names under which they take part. */
  readonly #joined = new Map<string, string>();
  readonly #expelled = new Set<string>();
  /** Names under which somebody was sent away, which were nobody else's then: they stay closed. */
  readonly #closedNames = new Set<string>();
  /** Names and keys that were to be sent away: the word may have been heard by a process that died before it told of it. */
  readonly #toExpel = new Set<string>();
  /** Whether anything of this was seen, in a run. */
  readonly seen = { waited: 0, letIn: 0, refused: 0, expelled: 0, dropped: 0, returned: 0, turnedAway: 0 };

  constructor(policy: AdmissionPolicy) {
    this.#policy = policy;
  }

  /** Before the coordinator hears it. */
  said({ state, input }: { readonly state: CoordinatorState; readonly input: AdmissionInput }): void {
    if (input.kind === 'renewed') return;
    const { participant: name, key } = input;
    if (input.kind === 'expel') return void this.#toExpel.add(key ?? name);
    const meant = [...state.asking].find(
      ([one, { link }]) => state.links.get(link)?.participant === name && (key ?? one) === one,
    );
    if (input.kind === 'refuse') {
      const refused = key ?? meant?.[0];
      if (refused !== undefined) this.#toRefuse.add(refused);
      return;
    }
    const before = state.admission.refused.findLast((one) => one.id === name && (key ?? one.key) === one.key);
    const letIn = meant?.[0] ?? before?.key;
    if (letIn === undefined) return;
    this.#letIn.add(letIn);
    this.#refused.delete(letIn);
  }

  admission({ key, state, reason }: EventData<'admission'>): void {
    if (state === 'waiting') {
      this.seen.waited++;
      assert.ok(!this.#refused.has(key), `${key} was refused, and is asked about again`);
    }
    if (state === 'admitted') this.seen.letIn++;
    if (state !== 'refused') return;
    this.seen.refused++;
    this.#letIn.delete(key);
    // Else it did not fit, which is nobody's word on it.
    if (reason.startsWith('not let in')) this.#refused.add(key);
  }

  /** Who came in or was sent away in the last moment of a former life is learned of now. */
  restarted({ participants, admission }: CoordinatorState): void {
    for (const { id, key, nameStays } of admission.expelled) {
      assert.ok(this.isSentAway(id, key), `${id} was sent away, and nobody has said so`);
      this.#expelled.add(key);
      if (nameStays !== true) this.#closedNames.add(id);
    }
    for (const { id, key, left } of participants.values())
      if (left === null && this.#joined.get(id) !== key) this.joined({ participant: id, key });
  }

  joined({ participant, key }: Pick<EventData<'participant_joined'>, 'participant' | 'key'>): void {
    assert.ok(!this.#expelled.has(key), `${participant} was sent away, and is in`);
    const { rule } = this.#policy;
    const expected = rule === 'anyone' || isExpected(this.#policy, { id: participant, key });
    assert.ok(expected || this.#letIn.has(key), `${participant} (${key}) is in, and nobody has let it in`);
    if (this.#joined.get(participant) === key) this.seen.returned++;
    this.#joined.set(participant, key);
  }

  /** By the link's own door, before the machine hears of it. */
  letThrough({ name, key }: Comer, { participants }: CoordinatorState): void {
    assert.ok(!this.#expelled.has(key), `${name} (${key}) was sent away, and the door lets it through`);
    for (const { id, key: owner, left } of participants.values()) {
      if (left !== null) continue;
      assert.ok(id !== name || owner === key, `${key} comes through the door as ${name}, who takes part`);
      assert.ok(owner !== key || id === name, `${id} (${key}) takes part, and comes through the door as ${name}`);
    }
  }

  /** By the link's own door, with a reason that must be one. */
  turnedAway({ name, key, code }: Comer & { readonly code: string }, { participants }: CoordinatorState): void {
    this.seen.turnedAway++;
    if (code === 'expelled') {
      const isClosed = this.#closedNames.has(name) || this.isSentAway(name, key);
      assert.ok(isClosed, `${name} (${key}) is kept out, and nobody sent it away`);
    }
    if (code === 'participant_name_taken')
      assert.ok(
        this.#joined.has(name) && this.#joined.get(name) !== key,
        `${name} (${key}) hears that its name is another key's, and nobody else came in under it`,
      );
    const holder = participants.get(name as ParticipantId);
    if (code === 'participant_name_taken')
      assert.ok(
        holder !== undefined && holder.left?.clean !== true,
        `${name} has said goodbye, and ${key} is kept out of its name`,
      );
    if (code === 'key_has_name')
      assert.ok(
        [...this.#joined].some(([other, one]) => one === key && other !== name),
        `${key} hears that it has another name, and never had one`,
      );
    if (code === 'admission_refused')
      assert.ok(this.#refused.has(key) || this.#toRefuse.has(key), `${key} was never refused, and is kept out`);
  }

  expelled({ participant, key, update, nameStays }: EventData<'participant_expelled'>): void {
    this.seen.expelled++;
    if (nameStays !== true) this.#closedNames.add(participant);
    if (update === 'dropped') this.seen.dropped++;
    this.#expelled.add(key);
  }

  /** An update counts under the name of the key that made it. */
  counts(participant: string, key: string): void {
    assert.equal(key, this.#joined.get(participant), `an update of ${key} counts as that of ${participant}`);
    assert.ok(!this.#expelled.has(key), `an update of ${participant} counts, who was sent away`);
  }

  /** Whether that what counted of it is forgotten is what the user wanted. */
  isSentAway(participant: string, key: string): boolean {
    return this.#expelled.has(key) || this.#toExpel.has(key) || this.#toExpel.has(participant);
  }

  step({ participants }: CoordinatorState): void {
    const keys = new Set<string>();
    for (const { id, key, left } of participants.values()) {
      if (left !== null) continue;
      assert.ok(!keys.has(key), `${key} has two names`);
      keys.add(key);
      assert.ok(!this.#expelled.has(key), `${id} was sent away, and takes part`);
      assert.equal(this.#joined.get(id), key, `${id} takes part with another key than it came with`);
    }
  }
}

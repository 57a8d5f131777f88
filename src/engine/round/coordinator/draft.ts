import { assert } from '#shared/base/assert.ts';
import { isOpen, type EventData, type EventType } from '#shared/contract/events.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { RoundPhase } from '#shared/contract/messages.ts';
import {
  awayMs,
  type CoordinatorEffect,
  type CoordinatorState,
  type LinkRecord,
  type Member,
  type ParticipantRecord,
} from './state.ts';
import type { JournalRecord } from './run-journal.ts';
import { report, type Instant, type MachineMessage } from '../machine.ts';

type Fields = { -readonly [K in keyof CoordinatorState]: CoordinatorState[K] };

/** The next state while one input is worked on. Maps are copied on their first change, so the former state stays as it was. */
export class CoordinatorDraft {
  readonly now: Instant;
  readonly effects: CoordinatorEffect[] = [];
  readonly s: Fields;
  readonly #owned = new Set<'links' | 'participants' | 'members'>();

  constructor(state: CoordinatorState, now: Instant) {
    this.s = { ...state };
    this.now = now;
  }

  /** 0 for what has no time. */
  wallOf(monotonicMs: number): number {
    if (monotonicMs === Infinity) return 0;
    return Math.round(this.now.wallMs + monotonicMs - this.now.monotonicMs);
  }

  report<T extends EventType>(type: T, data: EventData<T>): void {
    this.effects.push(report(type, data));
  }

  /** Comes before what it makes known: a process that dies in between has promised nothing. */
  journal(record: JournalRecord): void {
    this.effects.push({ kind: 'journal', record });
  }

  send(link: number, message: MachineMessage): void {
    this.effects.push({ kind: 'send', link, message });
  }

  /** To everybody in the run who can hear it; who is away is told where things stand when it is back. */
  sendAll(message: MachineMessage): void {
    for (const participant of this.s.participants.values()) {
      if (this.hears(participant)) this.send(participant.link, message);
    }
  }

  linkOf(participant: ParticipantRecord): LinkRecord | undefined {
    return this.s.links.get(participant.link);
  }

  isHere(participant: ParticipantRecord): boolean {
    if (participant.left !== null) return false;
    const link = this.linkOf(participant);
    // Its process was started again: the new link has taken the old one's place and is about to register.
    if (link === undefined) return [...this.s.links.values()].some(({ peerKey }) => peerKey === participant.key);
    return isOpen(link.state) || this.now.monotonicMs - link.sinceMs <= awayMs;
  }

  /** Registered over a link that is there still: what is sent now reaches it. Who is only about to register is told then. */
  hears(participant: ParticipantRecord): boolean {
    return this.linkOf(participant) !== undefined && this.isHere(participant);
  }

  /** Those who have not left, here or away. */
  remaining(): ParticipantRecord[] {
    return [...this.s.participants.values()].filter(({ left }) => left === null);
  }

  enterPhase(phase: RoundPhase, lastsMs: number): void {
    const { s, now } = this;
    s.phase = phase;
    s.phaseSinceMs = now.monotonicMs;
    s.deadlineMs = now.monotonicMs + lastsMs;
    this.waitingSetChanged();
    this.report('round_phase', { round: s.round, phase, deadlineAt: this.wallOf(s.deadlineMs) });
  }

  waitingSetChanged(): void {
    if (!this.s.status.stale) this.s.status = { ...this.s.status, stale: true };
  }

  setLink(link: LinkRecord): void {
    this.#own('links').set(link.link, link);
  }

  removeLink(link: number): void {
    this.#own('links').delete(link);
  }

  setParticipant(participant: ParticipantRecord): void {
    const known = this.s.participants.has(participant.id);
    this.#own('participants').set(participant.id, participant);
    if (!known) this.s.participants = new Map([...this.s.participants].sort(([a], [b]) => compareIds(a, b)));
  }

  patchParticipant(id: ParticipantId, change: Partial<ParticipantRecord>): void {
    const participant = this.s.participants.get(id);
    assert(participant !== undefined, `no participant ${id}`);
    this.#own('participants').set(id, { ...participant, ...change });
  }

  removeParticipant(id: ParticipantId): void {
    this.#own('participants').delete(id);
  }

  /** Ids come in order, since they are taken from the ordered participants. */
  setMembers(members: readonly Member[]): void {
    this.s.members = new Map(members.map((member) => [member.id, member]));
    this.#owned.add('members');
  }

  /** Keeps the order of ids. */
  addMember(member: Member): void {
    this.setMembers([...this.s.members.values(), member].sort((a, b) => compareIds(a.id, b.id)));
  }

  patchMember(id: ParticipantId, change: Partial<Member>): void {
    const member = this.s.members.get(id);
    assert(member !== undefined, `${id} is not in round ${this.s.round}`);
    this.#own('members').set(id, { ...member, ...change });
  }

  #own<K extends 'links' | 'participants' | 'members'>(name: K): OwnedMaps[K] {
    if (!this.#owned.has(name)) {
      this.#owned.add(name);
      // One branch per map would say the same three times.
      Object.assign(this.s, { [name]: new Map(this.s[name] as ReadonlyMap<unknown, unknown>) });
    }
    return this.s[name] as unknown as OwnedMaps[K];
  }
}

interface OwnedMaps {
  readonly links: Map<number, LinkRecord>;
  readonly participants: Map<ParticipantId, ParticipantRecord>;
  readonly members: Map<ParticipantId, Member>;
}

/** Code unit order: the same on every machine, whatever its locale. It fixes the order of every sum. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

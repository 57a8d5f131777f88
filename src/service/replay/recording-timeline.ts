import type { EventType, RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import {
  beginningOf,
  setBackMsMin,
  stateAfter,
  type FoldedState,
  type SetBack,
} from '#engine/recorder/folded-state.ts';
import type { KeptStateQuery } from '#engine/recorder/reading/reader.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { Checkpoints } from './checkpoints.ts';

const pageEvents = 1000;
/** Packets that one step tells, and that a moment begins with; the others are asked for. */
export const timelinePacketsMax = 2000;

/** What nobody would want to stop at one by one. */
const stepTypes: readonly EventType[] = [
  'run_opened',
  'run_started',
  'run_ended',
  'run_resumed',
  'round_started',
  'round_phase',
  'round_ended',
  'aggregated',
  'participant_joined',
  'participant_left',
  'participant_paused',
  'participant_phase',
  'participant_refused',
  'training_done',
  'update_received',
  'evaluation_received',
  'link_state',
  'fault_injected',
  'fault_cleared',
  'network_changed',
  'verdict_raised',
  'verdict_cleared',
  'process_exited',
  'rows_lost',
  'notice',
];

/** Run time that is folded sooner than a kept state is read. */
const nearMs = 1000;

/** Packets up to a moment. */
export interface PacketPlace {
  readonly packetId: number;
  /** Of the oldest packet; 0: there is none. */
  readonly firstPacketId: number;
}

/** A recording by its times: what was known at a moment, and what came between two. */
export class RecordingTimeline {
  readonly #recording: OpenedRecording;
  readonly #checkpoints = new Checkpoints();
  readonly beginning: FoldedState;
  #malformedUpTo = 0;
  #malformed = 0;
  #setBack: SetBack | null = null;
  #setBackPacket: Promise<number | null> | null = null;

  constructor(recording: OpenedRecording, from: number) {
    this.#recording = recording;
    this.beginning = beginningOf(recording.brief.run, from);
  }

  /** Events that could not be read, of those that were come across. */
  get malformed(): number {
    return this.#malformed;
  }

  /** The first time that a clock was set back, as far as the recording has been read; null: none was. */
  get setBack(): SetBack | null {
    return this.#setBack;
  }

  /** The state at a moment, from `here` or a nearer one; null: it is overruled. */
  async stateAt(at: number, here: FoldedState, isOverruled: () => boolean): Promise<FoldedState | null> {
    const kept = this.#checkpoints.before(at) ?? this.beginning;
    const near = here.dueAt <= at && kept.eventId <= here.eventId ? here : kept;
    const start = at - near.dueAt < nearMs ? near : await this.#filed({ at }, near);
    return await this.#fold(start, { at, eventId: Number.POSITIVE_INFINITY }, isOverruled);
  }

  /** The state just after an event, from `here` where that is before it; null: it is overruled. */
  async stateAfter(
    { id, at }: Pick<RecordedEvent, 'id' | 'at'>,
    here: FoldedState | null,
    isOverruled: () => boolean,
  ): Promise<FoldedState | null> {
    const kept = this.#checkpoints.before(at);
    const near = here ?? (kept !== undefined && kept.eventId <= id ? kept : this.beginning);
    const start = at - near.dueAt < nearMs ? near : await this.#filed({ eventId: id }, near);
    return await this.#fold(start, { at: Number.POSITIVE_INFINITY, eventId: id }, isOverruled);
  }

  /** The next event that people would stop at; null: there is none. */
  async eventBeside(eventId: number, forward: boolean): Promise<RecordedEvent | null> {
    const query = forward ? { afterId: eventId } : { afterId: 0, beforeId: eventId };
    const { events } = await this.#recording.events({ ...query, limit: 1, types: stepTypes });
    return events[0] ?? null;
  }

  /** What came from a state until a moment, and the state then. */
  async eventsUntil(
    at: number,
    start: FoldedState,
  ): Promise<{ readonly events: readonly RecordedEvent[]; readonly state: FoldedState }> {
    const events: RecordedEvent[] = [];
    let state: FoldedState = start;
    for (;;) {
      const page = await this.#eventsAfter(state.eventId);
      for (const event of page.events) {
        const next = this.#after(state, event);
        if (next.dueAt > at) return { events, state: bare(state) };
        state = next;
        events.push(event);
      }
      if (!page.more || page.events.length === 0) return { events, state: bare(state) };
    }
  }

  /** The newest packets of the time before a moment, oldest first. */
  async packetsBefore(
    at: number,
  ): Promise<{ readonly first: number; readonly last: number; readonly rows: readonly PacketRow[] }> {
    const until = await this.#packetIds(at);
    if (until === null) return { first: 0, last: 0, rows: [] };
    const query = { filter: '', beforeId: until.last + 1, limit: timelinePacketsMax };
    const { rows } = await this.#recording.queryPackets(query);
    return { ...until, rows: rows.toReversed() };
  }

  /** Packets from a place until a moment: the newest, and how many before them. */
  async packetsUntil(
    at: number,
    before: PacketPlace,
  ): Promise<PacketPlace & { readonly rows: readonly PacketRow[]; readonly skipped: number }> {
    const until = await this.#packetIds(at);
    if (until === null || until.last <= before.packetId)
      return { packetId: before.packetId, firstPacketId: before.firstPacketId, rows: [], skipped: 0 };
    const told = Math.max(before.packetId, until.first - 1);
    const afterId = Math.max(told, until.last - timelinePacketsMax);
    const { rows } = await this.#recording.queryPackets({
      filter: '',
      beforeId: until.last + 1,
      afterId,
      limit: timelinePacketsMax,
    });
    return { packetId: until.last, firstPacketId: until.first, rows, skipped: afterId - told };
  }

  /** Where a clock was set back, times alone do not tell what came before: those after it are of no moment before it. */
  async #packetIds(at: number): ReturnType<OpenedRecording['packetsUntil']> {
    if (this.#setBack === null || at >= this.#setBack.at) return await this.#recording.packetsUntil(at);
    this.#setBackPacket ??= this.#recording.packetSetBack(setBackMsMin);
    return await this.#recording.packetsUntil(at, (await this.#setBackPacket) ?? undefined);
  }

  /** A state that lies in the recording itself, where it is further on than this one. */
  async #filed(until: KeptStateQuery, near: FoldedState): Promise<FoldedState> {
    const filed = await this.#recording.keptState(until);
    if (filed === null || filed.eventId <= near.eventId) return near;
    this.#setBack ??= filed.setBack;
    this.#checkpoints.offer(filed);
    return filed;
  }

  async #fold(
    start: FoldedState,
    until: { readonly at: number; readonly eventId: number },
    isOverruled: () => boolean,
  ): Promise<FoldedState | null> {
    let state = start;
    for (;;) {
      const page = await this.#eventsAfter(state.eventId);
      for (const event of page.events) {
        if (event.id > until.eventId) return state;
        const next = this.#after(state, event);
        if (next.dueAt > until.at) return state;
        state = next;
      }
      if (!page.more || page.events.length === 0) return state;
      if (isOverruled()) return null;
    }
  }

  #after(state: FoldedState, event: RecordedEvent): FoldedState {
    const next = stateAfter(state, event);
    this.#setBack ??= next.setBack;
    this.#checkpoints.offer(next);
    return next;
  }

  async #eventsAfter(afterId: number): ReturnType<OpenedRecording['events']> {
    const page = await this.#recording.events({ afterId, limit: pageEvents });
    const last = page.events.at(-1)?.id ?? afterId;
    // Counted once, however often it is played.
    if (last > this.#malformedUpTo) {
      this.#malformedUpTo = last;
      this.#malformed += page.malformed;
    }
    return page;
  }
}

/** Of a state that has more, such as a place among packets, only itself. */
function bare({ eventId, dueAt, view, setBack }: FoldedState): FoldedState {
  return { eventId, dueAt, view, setBack };
}

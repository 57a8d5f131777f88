import { isOpen, type EventData, type EventOf } from '#shared/contract/events.ts';
import { coordinatorId } from '#shared/contract/ids.ts';
import { limits } from '#shared/contract/limits.ts';
import { append, patch, type Handlers } from '../fold.ts';
import { isOwnSeat } from '../seat.ts';
import type { LinkView, ParticipantView, RunView, SegmentView } from '../run-view.ts';

/** Ticks under a lane: more than this many connections are a blur. */
const openedMax = 200;

/** Events about one participant, from itself or from the coordinator. */
export const applyParticipant = {
  participant_joined: (view, event) =>
    upsert(view, event.data.participant, event.at, (participant) => ({
      key: event.data.key,
      keyProved: event.data.keyProved ?? false,
      address: event.data.address,
      protocol: event.data.protocol,
      stack: event.data.stack,
      data: event.data.data,
      trainer: event.data.trainer,
      fromRound: event.data.fromRound,
      // After a restart of the coordinator, what counted before is known from its memory alone.
      ...(event.data.counted === undefined ? {} : { counted: Math.max(participant.counted ?? 0, event.data.counted) }),
      joinedAt: participant.joinedAt === 0 ? event.at : participant.joinedAt,
      left: null,
      exited: null,
    })),
  participant_paused: (view, event) =>
    upsert(view, event.data.participant, event.at, ({ paused, pauses }) => ({
      paused: event.data.paused ? (paused ?? { at: event.at, reason: event.data.reason }) : null,
      pauses:
        paused === null || event.data.paused
          ? pauses
          : append(pauses, { from: paused.at, to: event.at }, limits.viewPausesPerParticipantMax).items,
    })),
  participant_left: (view, event) => ({
    ...view,
    participants: patch(view.participants, event.data.participant, (participant) => ({
      left: { at: event.at, reason: event.data.reason, clean: event.data.clean },
      segments: closeLast(participant.segments, event.at),
      selected: false,
    })),
  }),
  participant_phase: (view, event) =>
    upsert(view, event.data.participant, event.at, (participant) =>
      isLastWord(participant, event)
        ? {}
        : {
            ...enterPhase(participant, event.data.phase, event.data.round, event.at),
            ...processClock(event),
            lastProgressAt: event.at,
          },
    ),
  training_progress: (view, event) =>
    upsert(view, event.data.participant, event.at, (participant) =>
      isLastWord(participant, event)
        ? {}
        : { progress: { ...event.data, at: event.at }, lastProgressAt: event.at, ...processClock(event) },
    ),
  training_done: (view, event) =>
    upsert(view, event.data.participant, event.at, (participant) => ({
      // Told again by a process that goes on with what a former one computed.
      trainings: participant.trainings.some(
        ({ round, modelHash }) => round === event.data.round && modelHash === event.data.modelHash,
      )
        ? participant.trainings
        : append(participant.trainings, { ...event.data, at: event.at }, limits.viewRoundsMax).items,
      lastProgressAt: event.at,
    })),
  transfer_progress: (view, event) =>
    upsert(view, event.data.participant, event.at, () => ({
      transfer: { ...event.data, at: event.at },
      lastProgressAt: event.at,
      lastLinkAt: event.at,
    })),
  transport_chosen: (view, event) => {
    const { participant: id, ...choice } = event.data;
    return upsert(view, id, event.at, (participant) => {
      const kept = append(participant.choices, { ...choice, at: event.at }, limits.viewChoicesPerParticipantMax);
      return { choices: kept.items, choicesDropped: participant.choicesDropped + kept.dropped };
    });
  },
} satisfies Handlers;

/** The last words of a process may come after its end was noticed. */
function isLastWord({ exited }: ParticipantView, event: EventOf<'participant_phase' | 'training_progress'>): boolean {
  return exited !== null && event.at <= exited.at;
}

/** What the coordinator tells of others' work says nothing about the clock of their processes. */
function processClock({ source, at }: EventOf<'participant_phase' | 'training_progress'>): Partial<ParticipantView> {
  return source === coordinatorId ? {} : { lastProcessAt: at };
}

/** Ends the segment that grows and begins another, unless the participant is in that phase of that round already. */
export function enterPhase(
  participant: ParticipantView,
  phase: ParticipantView['phase'],
  round: number,
  at: number,
): Partial<ParticipantView> {
  const last = participant.segments.at(-1);
  if (last !== undefined && last.endedAt === null && last.phase === phase && last.round === round) return {};
  const closed = closeLast(participant.segments, at);
  const segment: SegmentView = { round, phase, startedAt: at, endedAt: null };
  return {
    phase,
    phaseRound: round,
    phaseSince: at,
    // A pause gives nothing up: the work goes on from there.
    progress: phase === 'train' || (phase === 'idle' && participant.paused !== null) ? participant.progress : null,
    transfer: null,
    segments: phase === 'idle' ? closed : append(closed, segment, limits.viewSegmentsPerParticipantMax).items,
  };
}

/**
 * Both ends report the state of a link. The coordinator's word counts for what the run can rely on; the participant's own
 * is taken while the coordinator has said nothing yet, and for counting the connections that it dialed. From a
 * participant's own chair there is no other word than its own.
 */
export function applyLinkState(view: RunView, event: EventOf<'link_state'>): RunView {
  const { data, at } = event;
  return upsert(view, data.participant, at, (participant) => {
    const known = participant.link;
    const opened = data.connections > known.connections;
    const authoritative = data.side === 'coordinator' || known.connections === 0 || isOwnSeat(view, data.participant);
    // A state that is told again, with another reason or another word on the way, lasts since it began.
    const begins = opened || data.state !== known.state;
    const link: LinkView = {
      ...known,
      ...(authoritative ? { state: data.state, reason: data.reason } : {}),
      ...(authoritative && begins ? { since: at } : {}),
      ...(data.side === 'participant' ? asDialed(known, data, at, begins) : {}),
      connections: Math.max(known.connections, data.connections),
      reconnects: Math.max(known.reconnects, data.reconnects),
      openedAt: opened ? append(known.openedAt, at, openedMax).items : known.openedAt,
    };
    return {
      link,
      protocol: data.protocol,
      stack: data.stack,
      lastLinkAt: isOpen(data.state) ? at : participant.lastLinkAt,
    };
  });
}

/** What only the end that dialed knows; what it says of one session is not said of the next. */
function asDialed(known: LinkView, data: EventData<'link_state'>, at: number, begins: boolean): Partial<LinkView> {
  const fallback = data.fallback ?? '';
  if (data.state === 'resuming' && isOpen(known.state)) return { fallback, attempts: [] };
  if (data.state !== 'ready' || !begins) return { fallback };
  // Attempts over several ways overlap: a later one may have been given up for it.
  const last = known.attempts.findLast(({ result }) => result === 'connected');
  const isReturn = !isOpen(known.state) && last !== undefined && last.lastHeardAt > 0;
  return { fallback, heardAt: at, returned: isReturn ? { at, silentMs: at - last.lastHeardAt } : known.returned };
}

/**
 * An attempt is told when it begins and again when it has ended; the list begins again with the first attempt of a silence,
 * and is empty once a link that is open takes another way on purpose.
 */
export function applyLinkAttempt(view: RunView, event: EventOf<'link_attempt'>): RunView {
  const attempt = { ...event.data, at: event.at };
  return upsert(view, event.data.participant, event.at, ({ link }) => {
    const before = attempt.number === 1 && attempt.result === 'trying' ? [] : link.attempts;
    const begun = before.findIndex(({ number }) => number === attempt.number);
    const attempts =
      begun < 0
        ? append(before, attempt, limits.linkAttemptsMax).items
        : before.with(begun, { ...attempt, at: before[begun]?.at ?? attempt.at });
    return {
      link: { ...link, attempts, heardAt: Math.max(link.heardAt, attempt.lastHeardAt) },
      // Before the first session there is no other word on what it is to run on.
      ...(link.connections === 0 ? { protocol: attempt.protocol, stack: attempt.stack } : {}),
    };
  });
}

/** Bytes and round trips of a link. Of two reporting ends the participant's figures are shown, or the only ones there are. */
export function applyLinkStats(view: RunView, event: EventOf<'link_stats'>): RunView {
  const { data, at } = event;
  const known = view.participants.find((participant) => participant.id === data.participant);
  const selfReports = known !== undefined && known.statsSide === 'participant';
  if (data.side === 'coordinator' && selfReports) return view;
  return upsert(view, data.participant, at, (participant) => {
    const before = participant.link;
    const elapsedS = Math.max(0.2, (at - (participant.statsAt === 0 ? at - 1000 : participant.statsAt)) / 1000);
    const heard = data.receivedBytes > before.receivedBytes;
    const grown = data.sentBytes + data.receivedBytes - before.sentBytes - before.receivedBytes;
    return {
      statsSide: data.side,
      statsAt: at,
      link: {
        ...before,
        rttMs: data.rttMs,
        sentBytes: data.sentBytes,
        receivedBytes: data.receivedBytes,
        payloadSentBytes: data.payloadSentBytes,
        payloadReceivedBytes: data.payloadReceivedBytes,
        rateBytesPerS: Math.max(0, grown) / elapsedS,
        unacknowledged: data.unacknowledged,
        counters: data.counters,
        heardAt: data.side === 'participant' && heard ? at : before.heardAt,
      },
      // What this end has sent into silence is no sign of life.
      lastLinkAt: heard ? at : participant.lastLinkAt,
      rtt:
        data.rttMs === null
          ? participant.rtt
          : append(participant.rtt, { at, ms: data.rttMs }, limits.chartPointsMax * 6).items,
    };
  });
}

export function closeLast(segments: readonly SegmentView[], at: number): readonly SegmentView[] {
  const last = segments.at(-1);
  // A clock that was set back meanwhile makes no stretch that ends before it begins.
  return last === undefined || last.endedAt !== null
    ? segments
    : segments.with(-1, { ...last, endedAt: Math.max(last.startedAt, at) });
}

/** Changes a participant, or adds one that is heard of for the first time; the list stays in order of id. */
function upsert(
  view: RunView,
  id: string,
  at: number,
  change: (participant: ParticipantView) => Partial<ParticipantView>,
): RunView {
  if (view.participants.some((participant) => participant.id === id)) {
    return { ...view, participants: patch(view.participants, id, change) };
  }
  const fresh = newParticipant(id, at);
  return withParticipant(view, { ...fresh, ...change(fresh) });
}

/**
 * Adds one that is heard of for the first time; the list stays in order of id, and within its limit: who left longest ago
 * goes for the newcomer.
 */
export function withParticipant(view: RunView, participant: ParticipantView): RunView {
  const { participants } = view;
  const after = participants.findIndex(({ id }) => collator.compare(id, participant.id) > 0);
  const index = after < 0 ? participants.length : after;
  if (participants.length < limits.participantsMax)
    return { ...view, participants: participants.toSpliced(index, 0, participant) };
  const gone = longestGone(participants);
  const dropped = view.dropped + 1;
  if (gone === null) return { ...view, dropped };
  const rest = participants.toSpliced(index, 0, participant).filter(({ id }) => id !== gone);
  return { ...view, participants: rest, dropped };
}

/** Null: all of them are here. */
function longestGone(participants: readonly ParticipantView[]): string | null {
  let gone: { readonly id: string; readonly at: number } | null = null;
  for (const { id, left, link, joinedAt } of participants) {
    const at = left?.at ?? (joinedAt === 0 && link.state === 'closed' ? link.since : Infinity);
    if (at < (gone?.at ?? Infinity)) gone = { id, at };
  }
  return gone?.id ?? null;
}

/** So that node-10 stands after node-9. */
const collator = new Intl.Collator('en', { numeric: true });

export function newParticipant(id: string, at: number): ParticipantView {
  return {
    id,
    key: '',
    keyProved: false,
    address: '',
    protocol: 'memory',
    stack: 'memory',
    data: null,
    trainer: '',
    joinedAt: 0,
    fromRound: 0,
    paused: null,
    pauses: [],
    exited: null,
    restarted: null,
    left: null,
    expelled: null,
    phase: 'idle',
    phaseRound: 0,
    phaseSince: at,
    progress: null,
    transfer: null,
    segments: [],
    link: {
      state: 'connecting',
      reason: '',
      fallback: '',
      since: at,
      heardAt: 0,
      connections: 0,
      reconnects: 0,
      rttMs: null,
      sentBytes: 0,
      receivedBytes: 0,
      payloadSentBytes: 0,
      payloadReceivedBytes: 0,
      rateBytesPerS: 0,
      unacknowledged: 0,
      counters: [],
      openedAt: [],
      attempts: [],
      returned: null,
    },
    statsSide: 'coordinator',
    statsAt: 0,
    lastLinkAt: 0,
    lastProcessAt: 0,
    lastProgressAt: 0,
    counted: 0,
    trainings: [],
    rtt: [],
    selected: false,
    waitReason: '',
    faults: [],
    choices: [],
    choicesDropped: 0,
  };
}
